#!/bin/bash
# The main process of a domain controller: sees that the volume holds the domain that is configured, or begins it where there
# is none, with a backup if there is to be one; serves it, keeps its certificate and its accounts as they should be. start.sh
set -Eeuo pipefail
here=$(dirname "$0")
# shellcheck source-path=SCRIPTDIR source=certificate.sh
. "$here/certificate.sh"

server='' helper='' patience=''
# shellcheck disable=SC2329 # by the trap
stop() {
  local each
  for each in "$helper" "$patience"; do
    if [ -n "$each" ]; then kill -TERM "$each" 2>/dev/null || true; fi
  done
  if [ -n "$server" ]; then kill -TERM "$server" 2>/dev/null || true; else exit 143; fi
}
trap stop TERM INT

# take_restored: puts what was restored as a whole in its place; the database last.
take_restored() {
  local folder
  for folder in etc domain lib; do
    if [ ! -e "$VOLUME/restored/$folder" ]; then continue; fi
    # A folder that is empty is nothing; onto anything else it is refused.
    if [ -d "$VOLUME/$folder" ]; then find "$VOLUME/$folder" -depth -type d -empty -delete; fi
    mv -T "$VOLUME/restored/$folder" "$VOLUME/$folder"
  done
  rmdir "$VOLUME/restored"
}

# wait_patiently: says so to probe.sh. However large a backup is, and however long a domain takes to be begun, who is in the
# middle of it is not ended.
wait_patiently() {
  while true; do
    touch "$RUN/waiting"
    sleep 1
  done
}

if [ -n "${FOLDER:-}" ] && [ ! -e "$VOLUME/restored" ] && python3 -B "$here/domain.py" --empty; then
  wait_patiently >/dev/null 2>&1 &
  patience=$!
  "$here/restore.sh" &
  helper=$!
  wait "$helper"
  helper=''
fi
if [ -e "$VOLUME/restored" ]; then take_restored; fi
python3 -B "$here/domain.py"
if [ -n "$patience" ]; then kill "$patience"; fi
patience=''
take_certificate || exit 1
samba --foreground --no-process-group --debug-stdout &
server=$!
"$here/keep.sh" &
helper=$!
code=0
# A signal ends wait, and its handler lets it go on.
while kill -0 "$server" 2>/dev/null; do wait "$server" && code=0 || code=$?; done
kill -TERM "$helper" 2>/dev/null || true
exit "$code"
