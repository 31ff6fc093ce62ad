#!/bin/bash
# Patroni's create_replica_methods: fetches the newest backup into --datadir=. Where there is none this fails, and
# Patroni goes on with its next method, a copy of the primary.
set -eu

data=''
for argument in "$@"; do
  case $argument in
    --datadir=*) data=${argument#*=} ;;
  esac
done
if [ -z "$data" ]; then
  echo 'create-replica.sh: --datadir=DIRECTORY is needed' >&2
  exit 2
fi

here=$(dirname "$0")
if ! python3 "$here/fetch_backup.py" --walg "$here/walg.sh" "$data" LATEST; then
  echo 'create-replica.sh: no backup was fetched; the next method of create_replica_methods is tried' >&2
  exit 1
fi
