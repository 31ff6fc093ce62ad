#!/bin/bash
# shellcheck disable=SC1091,SC2034,SC2154 # the files of a pod see each other's functions and variables
# Copies the running directory into object storage, reads it back, and drops what is older than KEEP_DAYS. Beside the server,
# on its volume: its databases are locked for a moment, and copied as of one. backup.sh
set -u -o pipefail
umask 077
here=$(dirname "$0")
work=${WORK:-/work}
unpacked=$work/unpacked
. "$here/directory.sh"
. "$here/bucket.sh"
. "$here/store.sh"

rm -rf "$work/made"
mkdir -p "$work/rclone" "$work/made"
open_bucket "$work/rclone"
# Before the server waits for it.
list_backups "$FOLDER" || fail "$problem"
if [ ! -s "$VOLUME/domain/domain.json" ]; then fail "$VOLUME holds no domain that was begun: docs/runbooks/directory-refuses.md"; fi
if ! timeout -s KILL "${COPY_SECONDS:-1200}" samba-tool domain backup offline --targetdir="$work/made" >"$work/said" 2>&1; then
  fail "Samba made no copy: $(grep -v '^[[:space:]]*$' "$work/said" | grep -v '^ ' | tail -n 1)"
fi
made=("$work/made"/samba-backup-*.tar.bz2)
check_backup "${made[0]}" || fail "the copy is damaged: $problem"
store "${made[0]}" "$held"
