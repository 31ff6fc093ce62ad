# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # the files of a pod see each other's functions and variables
# What the main process of a pod does for its server, which it starts anew whenever that ends. Sourced.

server='' ending=''
stop() {
  ending=yes
  if [ -n "$server" ]; then kill -TERM "$server" 2>/dev/null; fi
}
trap stop TERM INT

# until_ended: until `server` has, and this process with it where it was told to. A signal ends wait, and its handler lets it
# go on.
until_ended() {
  local code=0
  while kill -0 "$server" 2>/dev/null; do wait "$server" && code=0 || code=$?; done
  server=
  [ -z "$ending" ] || exit "$code"
  say "the server ended with $code"
}
