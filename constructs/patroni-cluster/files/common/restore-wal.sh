#!/bin/bash
# restore_command: restore-wal.sh %f %p, in the data directory
# At the end of a recovery PostgreSQL takes 1 as "that was the last segment", and promotes. So 1 is said only of a
# segment that is surely not in the archive; after anything else the recovery has to stop: 126.
# A standby is the opposite. It never promotes by itself, and while it is promoted PostgreSQL asks for timeline
# histories, of which it has its own copies. 126 would end it there, and waiting would delay it: no failover would work
# while the storage is away. By then PostgreSQL has removed standby.signal, so it is recovery.signal that tells.
walg=$(dirname "$0")/walg.sh
failed=${TMPDIR:-/tmp}/restore-wal.failed

fetch=("$walg" wal-fetch "$1" "$2")
if [ -e recovery.signal ] && [ ! -e standby.signal ]; then
  otherwise=126
  seconds=60
else
  otherwise=1
  seconds=10
  if [ -n "$(find "$failed" -newermt '-30 seconds' 2>/dev/null)" ]; then
    exit 1
  fi
  export WALG_S3_MAX_RETRIES=2
  fetch=(timeout "$seconds" "${fetch[@]}")
fi

output=$("${fetch[@]}" 2>&1)
code=$?
if [ "$code" -eq 0 ]; then
  exit 0
fi
# 3.0 ends with 74 where a segment is absent, 1.1 with 1 whatever it is, and says it.
if [ "$code" -eq 74 ] || [[ $output == *"Archive '$1' does not exist"* ]]; then
  # 3.0 says the same of a bucket that doesn't exist. Without --detail the list fails when it cannot be made.
  if listed=$(timeout "$seconds" "$walg" backup-list 2>&1); then
    exit 1
  fi
  output+=$'\n'$listed
fi
if [ "$otherwise" -eq 1 ]; then
  touch "$failed"
fi
echo "restore-wal.sh: $1 could not be fetched, wal-g ended with $code, this with $otherwise: $output" >&2
exit "$otherwise"
