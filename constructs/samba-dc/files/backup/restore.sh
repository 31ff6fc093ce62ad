#!/bin/bash
# shellcheck disable=SC1091,SC2034,SC2154 # the files of a pod see each other's functions and variables
# What an empty volume begins with: restore.sh. With RESTORE_FOLDER it is a backup of another life, or else nothing, if there is
# none of this one. While it can't be told, or the backup can't be had, it waits, and says why.
set -u -o pipefail
umask 077
here=$(dirname "$0")
work=$VOLUME/restore
unpacked=$work/unpacked
. "$here/directory.sh"
. "$here/bucket.sh"

# begin: 1 where it has to wait, because of `problem`.
begin() {
  list_backups "$FOLDER" || return
  if [ "${#backups[@]}" -gt 0 ]; then
    problem="the volume is empty, and $(place "$FOLDER") has ${#backups[@]} backups of this domain, up to ${backups[-1]}: npm run recover -- ad --at latest begins with those"
    return 1
  fi
  if [ -z "${RESTORE_FOLDER:-}" ]; then return 0; fi
  list_backups "$RESTORE_FOLDER" || return
  if ! choose "$RESTORE_AT"; then
    problem="$(place "$RESTORE_FOLDER") holds no backup of $RESTORE_AT or before: there are ${#backups[@]}, the oldest ${backups[0]:-is none}"
    return 1
  fi
  if [ "$chosen" != "$fetching" ]; then say "fetches $chosen from $(place "$RESTORE_FOLDER")"; fi
  fetching=$chosen
  fetch "$RESTORE_FOLDER" "$chosen" "$work/backup.tar.bz2" || return
  if ! python3 -B "$here/unpack.py" --new-numbers "$unpacked" >"$scratch/numbered" 2>&1; then
    problem="$chosen: $(tail -n 1 "$scratch/numbered")"
    return 1
  fi
  sync
  # From here on it is whole, and put in its place however often that is interrupted: take_restored.
  mv "$unpacked" "$VOLUME/restored"
  say "$chosen is restored: $held"
}

said='' fetching=''
rm -rf "$work"
mkdir -p "$work/rclone"
open_bucket "$work/rclone"
until begin; do
  if [ "$problem" != "$said" ]; then say "waits: $problem: docs/runbooks/directory-recovery.md"; fi
  said=$problem
  sleep "${RETRY_SECONDS:-10}" &
  wait $!
done
rm -rf "$work"
