#!/bin/bash
# shellcheck disable=SC1091,SC2034,SC2154 # the files of a pod see each other's functions and variables
# redis-cli for people in a pod: of this server, with all rights. redis.sh COMMAND...
here=$(dirname "$0")
. "$here/ask.sh"
REDISCLI_AUTH=$(<"$run/admin-password") exec redis-cli -s "$run/server.sock" --user admin --no-auth-warning "$@"
