#!/bin/bash
# shellcheck disable=SC1091,SC2034,SC2154 # the files of a pod see each other's functions and variables
# Makes the first log of a life that begins with a backup of another one: restore.sh, into DATA/restore. In one line, why
# not, is in RUN/refused.
set -u -o pipefail
umask 077
here=$(dirname "$0")
work=${DATA:-/data}/restore
configuration=${CONFIGURATION:-/etc/redis}
. "$here/ask.sh"
. "$here/dump.sh"
. "$here/bucket.sh"
. "$here/load.sh"
trap end_loader EXIT
trap 'exit 143' TERM INT

refuse() {
  printf '%s\n' "$*" >"$run/refused"
  exit 1
}

rm -rf "$work" "$run/refused"
mkdir -p "$work/rclone"
open_bucket "$work/rclone"
list_backups "$FOLDER" || refuse "$problem"
# Its volumes were lost after it had begun. What it has backed up since is newer than what it began with.
if [ "${#backups[@]}" -gt 0 ]; then
  refuse "$(place "$FOLDER") has backups of this life, up to ${backups[-1]}: npm run recover -- redis --at latest begins with those"
fi
list_backups "$RESTORE_FOLDER" || refuse "$problem"
choose "$RESTORE_AT" || refuse "$(place "$RESTORE_FOLDER") holds no backup of $RESTORE_AT or before: there are ${#backups[@]}, the oldest ${backups[0]:-is none}"
say "fetches $chosen from $(place "$RESTORE_FOLDER")"
fetch "$RESTORE_FOLDER" "$chosen" "$work/dump.rdb" || refuse "$problem"
load "$work" dump.rdb || refuse "$problem"
rm "$work/dump.rdb"
say "$chosen is restored: $loaded of $keys keys, of which $expiring have an end"
