#!/bin/bash
# Patroni's custom bootstrap: fetches the newest full backup that was finished before --target (empty: the newest) from
# the archive --prefix, which this cluster only reads; its own has to be empty. Patroni adds --scope= and --datadir=.
set -eu
here=$(dirname "$0")

data='' target='' prefix=''
for argument in "$@"; do
  case $argument in
    --datadir=*) data=${argument#*=} ;;
    --target=*) target=${argument#*=} ;;
    --prefix=*) prefix=${argument#*=} ;;
  esac
done
if [ -z "$data" ] || [ -z "$prefix" ]; then
  echo 'bootstrap.sh: --datadir=DIRECTORY and --prefix=s3://BUCKET/PATH are needed' >&2
  exit 2
fi

"$here/unused-archive.sh"
export WALG_S3_PREFIX=$prefix
backup=$(python3 "$here/choose_backup.py" --walg "$here/walg.sh" --target "$target")
echo "bootstrap.sh: fetching $backup from $prefix"
exec python3 "$here/fetch_backup.py" --walg "$here/walg.sh" "$data" "$backup"
