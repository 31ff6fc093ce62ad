#!/bin/bash
# Patroni's custom bootstrap of a cluster that begins empty: initdb, but only beside an empty archive.
# bootstrap-empty.sh --datadir=DIRECTORY --programs=DIRECTORY [--provider=builtin] [--set=NAME=VALUE]; Patroni adds
# --scope=. What is set holds for initdb itself too, which reads no other configuration.
set -eu

data='' programs='' provider=libc parameters=()
for argument in "$@"; do
  case $argument in
    --datadir=*) data=${argument#*=} ;;
    --programs=*) programs=${argument#*=} ;;
    --provider=*) provider=${argument#*=} ;;
    --set=*) parameters+=("$argument") ;;
  esac
done
if [ -z "$data" ] || [ -z "$programs" ]; then
  echo 'bootstrap-empty.sh: --datadir=DIRECTORY and --programs=DIRECTORY are needed' >&2
  exit 2
fi

"$(dirname "$0")/unused-archive.sh"
exec "$programs/initdb" --pgdata="$data" --username=postgres --data-checksums --encoding=UTF8 \
  --locale-provider="$provider" --locale=C.UTF-8 --auth-local=peer --auth-host=reject \
  "${parameters[@]}"
