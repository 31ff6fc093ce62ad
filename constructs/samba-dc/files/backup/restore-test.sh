#!/bin/bash
# shellcheck disable=SC1091,SC2034,SC2154 # the files of a pod see each other's functions and variables
# Restores the newest backup as the server would, looks through its database, and starts a server on it that nobody else can
# reach. restore-test.sh
set -u -o pipefail
umask 077
here=$(dirname "$0")
work=${SCRATCH:-/scratch}/restore
unpacked=$work/unpacked
. "$here/directory.sh"
. "$here/bucket.sh"

server=''
# shellcheck disable=SC2329 # by the trap
stop() {
  if [ -n "$server" ]; then kill -TERM "$server" 2>/dev/null && wait "$server"; fi
}
trap stop EXIT
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
fetch "$FOLDER" "$chosen" "$work/backup.tar.bz2" || fail "$problem"

# The server's own configuration, on the volume that was unpacked.
sed "s#/data/lib#$unpacked/lib#; s#tls enabled = yes#tls enabled = no#" "$SETTINGS/smb.conf" >"$work/smb.conf"
export SMB_CONF_PATH=$work/smb.conf
if ! timeout -s KILL 3600 samba-tool dbcheck --cross-ncs --quiet >"$work/checked" 2>&1; then
  fail "its database has errors: $(grep -m 1 '^ERROR' "$work/checked" || tail -n 1 "$work/checked")"
fi
samba --foreground --no-process-group --debug-stdout >"$work/log" 2>&1 &
server=$!
for _ in $(seq 120); do
  if "$here/probe.sh" live 2>/dev/null; then
    say "$chosen: restored and served, $held"
    exit 0
  fi
  if ! kill -0 "$server" 2>/dev/null; then
    server=''
    fail "the server ended: $(grep -v '^[[:space:]]*$' "$work/log" | tail -n 1)"
  fi
  sleep 1
done
fail "a server on it answered nothing within 120 s: $(tail -n 1 "$work/log")"
