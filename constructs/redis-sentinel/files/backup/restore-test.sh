#!/bin/bash
# shellcheck disable=SC1091,SC2034,SC2154 # the files of a pod see each other's functions and variables
# Restores the newest backup as a member would, and starts a server on what came of it. restore-test.sh
set -u -o pipefail
umask 077
here=$(dirname "$0")
work=${SCRATCH:-/scratch}/restore
configuration=${CONFIGURATION:-/etc/redis}
. "$here/ask.sh"
. "$here/dump.sh"
. "$here/bucket.sh"
. "$here/load.sh"
trap end_loader EXIT
trap 'exit 143' TERM INT

fail() {
  say "${chosen:-no backup}: $*"
  exit 1
}

rm -rf "$work"
mkdir -p "$work/rclone"
open_bucket "$work/rclone"
list_backups "$FOLDER" || fail "$problem"
choose latest || fail "$(place "$FOLDER") holds no backup"
fetch "$FOLDER" "$chosen" "$work/dump.rdb" || fail "$problem"
load "$work" dump.rdb || fail "$problem"
# What has expired since is not loaded.
if [ "$loaded" -gt "$keys" ] || [ "$loaded" -lt $((keys - expiring)) ]; then
  fail "$loaded keys were loaded, of $keys in the backup, of which $expiring have an end"
fi
begin_loader "$work" 'appendonly yes' || fail "$problem"
again=$(keys_loaded)
if [ "$again" -gt "$loaded" ] || [ "$again" -lt $((loaded - expiring)) ]; then
  fail "$again keys are in the log that was made of $loaded"
fi
end_loader
say "$chosen: restored and read, $again of $keys keys, of which $expiring have an end"
