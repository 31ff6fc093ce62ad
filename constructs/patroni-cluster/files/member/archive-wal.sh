#!/bin/bash
# archive_command: archive-wal.sh %p, in the data directory. PostgreSQL keeps the segment, and tries again, until this
# ends with 0. The history of its timeline is the first thing that a new primary archives.
set -eu
here=$(dirname "$0")

if [[ $1 == *.history ]]; then
  python3 "$here/unarchived.py" --walg "$here/walg.sh" "$1"
fi
exec "$here/walg.sh" wal-push "$1"
