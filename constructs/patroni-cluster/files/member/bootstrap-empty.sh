#!/bin/bash
# Patroni's custom bootstrap of a cluster that begins empty: initdb, but only beside an empty archive. Volumes that are
# lost under a configuration that stayed as it was would else begin anew in the archive that holds the data.
# bootstrap-empty.sh --datadir=DIRECTORY --programs=DIRECTORY [--provider=builtin]; Patroni adds --scope=.
set -eu

data='' programs='' provider=libc
for argument in "$@"; do
  case $argument in
    --datadir=*) data=${argument#*=} ;;
    --programs=*) programs=${argument#*=} ;;
    --provider=*) provider=${argument#*=} ;;
  esac
done
if [ -z "$data" ] || [ -z "$programs" ]; then
  echo 'bootstrap-empty.sh: --datadir=DIRECTORY and --programs=DIRECTORY are needed' >&2
  exit 2
fi

if [ -n "${WALG_S3_PREFIX:-}" ]; then
  if ! listed=$("$(dirname "$0")/walg.sh" backup-list 2>&1); then
    echo "bootstrap-empty.sh: whether $WALG_S3_PREFIX is empty can't be known; trying again. $listed" >&2
    exit 1
  fi
  if grep -q '^base_' <<<"$listed"; then
    echo "bootstrap-empty.sh: $WALG_S3_PREFIX has backups, and this cluster would begin empty and write beside them." >&2
    echo 'bootstrap-empty.sh: to get the data back: npm run recover -- pg --to latest (docs/runbooks/postgres-recovery.md)' >&2
    exit 1
  fi
fi

exec "$programs/initdb" --pgdata="$data" --username=postgres --data-checksums --encoding=UTF8 \
  --locale-provider="$provider" --locale=C.UTF-8 --auth-local=peer --auth-host=reject
