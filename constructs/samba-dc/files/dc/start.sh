#!/bin/bash
# The main process of a domain controller: sees that the volume holds the domain that is configured, or begins it where there
# is none; serves it, keeps its certificate and its accounts as they should be. start.sh
set -Eeuo pipefail
here=$(dirname "$0")
# shellcheck source-path=SCRIPTDIR source=certificate.sh
. "$here/certificate.sh"

server='' helper=''
# shellcheck disable=SC2329 # by the trap
stop() {
  if [ -n "$helper" ]; then kill -TERM "$helper" 2>/dev/null || true; fi
  if [ -n "$server" ]; then kill -TERM "$server" 2>/dev/null || true; else exit 143; fi
}
trap stop TERM INT

python3 -B "$here/domain.py"
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
