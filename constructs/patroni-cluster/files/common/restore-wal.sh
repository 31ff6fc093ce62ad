#!/bin/bash
# restore_command: restore-wal.sh %f %p
# At the end of a recovery PostgreSQL takes 1 as "that was the last segment", and promotes. So 1 is said only of a
# segment that is surely not in the archive, and after which the archive has no more; after anything else the recovery
# has to stop: 126.
# A standby is the opposite. It never promotes by itself, and while it is promoted PostgreSQL asks for timeline
# histories, of which it has its own copies. 126 would end it there, and waiting would delay it: no failover would work
# while the storage is away. By then PostgreSQL has removed standby.signal, so it is recovery.signal that tells.
# pg_rewind names the target by its whole path, and reads the data directory meanwhile.
here=$(dirname "$0")
walg=$here/walg.sh
failed=${TMPDIR:-/tmp}/restore-wal.failed

otherwise=1
seconds=60
# WAL-G waits for an answer for ever.
fetch=(timeout --kill-after=10 300 "$walg" wal-fetch "$1" "$2")
if [[ $2 == /* ]]; then
  # With more, WAL-G would write what comes next into the data directory.
  export WALG_DOWNLOAD_CONCURRENCY=1
elif [ -e recovery.signal ] && [ ! -e standby.signal ]; then
  otherwise=126
else
  seconds=10
  if [ -n "$(find "$failed" -newermt '-30 seconds' 2>/dev/null)" ]; then
    exit 1
  fi
  export WALG_S3_MAX_RETRIES=2
  fetch=(timeout "$seconds" "$walg" wal-fetch "$1" "$2")
fi

# What is being archived right now may come in another order: a gap has to last.
for pause in 20 20 20 0; do
  output=$("${fetch[@]}" 2>&1)
  code=$?
  if [ "$code" -eq 0 ]; then
    exit 0
  fi
  # What hung may come at the next attempt; a standby has other ways.
  if [ "$code" -eq 124 ] && [ "$seconds" -eq 60 ]; then
    output='it did not answer'
    continue
  fi
  # 3.0 ends with 74 where a segment is absent, 1.1 with 1 whatever it is, and says it.
  if [ "$code" -ne 74 ] && [[ $output != *"Archive '$1' does not exist"* ]]; then
    break
  fi
  # 3.0 says the same of a bucket that doesn't exist, of which nothing can be listed.
  if [ "$otherwise" -ne 126 ] || [[ ! $1 =~ ^[0-9A-F]{24}$ ]]; then
    # Without --detail the list fails when it cannot be made.
    listed=$(timeout "$seconds" "$walg" backup-list 2>&1) && exit 1
    output+=$'\n'$listed
    break
  fi
  if ! output=$(python3 "$here/wal_gap.py" --walg "$walg" "$1" 2>&1); then
    break
  fi
  if [ -z "$output" ]; then
    exit 1
  fi
  output+=' (docs/runbooks/postgres-archive-incomplete.md says what can be recovered)'
  sleep "$pause"
done
if [ "$otherwise" -eq 1 ] && [[ $2 != /* ]]; then
  touch "$failed"
fi
echo "restore-wal.sh: $1 could not be fetched, wal-g ended with $code, this with $otherwise: $output" >&2
exit "$otherwise"
