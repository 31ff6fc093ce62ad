#!/bin/bash
# Damages the log of a Redis member whose server is down, as a disk or a loss of power does. damage.sh KIND [FOLDER]
set -Eeuo pipefail
shopt -s nullglob
folder=${2:-/data/appendonlydir}
bases=("$folder"/*.base.rdb) logs=("$folder"/*.incr.aof)
base=${bases[0]:?there is no first part in $folder} log=${logs[-1]:?there is no log in $folder}

case ${1:-} in
  truncated) truncate --size=-3 "$log" ;;
  zeros) head -c 4096 /dev/zero >>"$log" ;;
  flipped)
    # Where the twentieth command begins.
    offset=$(LC_ALL=C grep --text --byte-offset --only-matching '^\*[0-9]' "$log" | sed -n '20s/:.*//p')
    printf '+' | dd of="$log" bs=1 seek="${offset:?the log is too short}" conv=notrunc status=none
    ;;
  emptied) : >"$base" ;;
  *)
    echo 'damage.sh truncated, zeros, flipped or emptied' >&2
    exit 2
    ;;
esac
sync "$base" "$log"
