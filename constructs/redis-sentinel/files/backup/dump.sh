# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # the files of a pod see each other's functions and variables
# What a backup of a server is. Sourced, before bucket.sh.

suffix=rdb

# check_backup FILE: sets `keys` and `expiring`, what it holds.
check_backup() {
  if ! redis-check-rdb "$1" >"$scratch/checked" 2>&1; then
    problem="redis-check-rdb says: $(tail -n 1 "$scratch/checked")"
    return 1
  fi
  keys=$(sed -n 's/^\[info\] \([0-9]*\) keys read$/\1/p' "$scratch/checked")
  expiring=$(sed -n 's/^\[info\] \([0-9]*\) expires$/\1/p' "$scratch/checked")
  if [ -z "$keys" ] || [ -z "$expiring" ]; then
    problem="redis-check-rdb does not say how many keys there are"
    return 1
  fi
}
