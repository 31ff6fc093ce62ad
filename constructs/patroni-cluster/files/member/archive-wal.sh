#!/bin/bash
# archive_command: archive-wal.sh %p [MEBIBYTES], in the data directory. PostgreSQL keeps the segment, and tries again,
# until this ends with 0. The history of its timeline is the first thing that a new primary archives.
# With less than MEBIBYTES free, what the storage doesn't take is given up: the archive has a hole then, and the primary
# goes on. It would stop on a full volume, and could not start before somebody makes room.
set -eu
here=$(dirname "$0")
folder=$(dirname "$1")
failed=${TMPDIR:-/tmp}/archive-wal.failed
# Histories that were given up. What is beside the data directory no copy takes.
owed=$folder/../../given-up-histories

# What can't be known is no reason to give anything up.
free=$(df --output=avail --block-size=1M "$folder" | grep -o '[0-9]*$') || free=
if [ -z "$free" ] || [ "$free" -ge "${2:-0}" ]; then
  if [[ $1 == *.history ]]; then
    python3 "$here/unarchived.py" --walg "$here/walg.sh" "$1"
  elif [ -s "$owed" ]; then
    # Without them nobody who recovers finds the timeline.
    while read -r history; do
      if [ -e "$folder/$history" ]; then
        bash "$0" "$folder/$history" </dev/null
      fi
    done <"$owed"
    rm "$owed"
  fi
  # WAL-G waits for an answer for ever, and so would the archiver, that looks at what is free only in between.
  exec timeout --kill-after=10 120 "$here/walg.sh" wal-push "$1"
fi

# While the storage is away there is no time to ask it for each segment.
if [ -z "$(find "$failed" -newermt '-30 seconds' 2>/dev/null)" ]; then
  timeout 20 bash "$0" "$1" && exit 0
  touch "$failed"
fi
if [[ $1 == *.history ]]; then
  echo "${1##*/}" >>"$owed"
fi
# The agent looks at when it was written.
echo "$(date -u '+%F %T') ${1##*/}" >>"$folder/../../given-up-wal" || true
echo "archive-wal.sh: $1 was given up: the archive doesn't take it, and only $free MiB of the volume are free" >&2
