# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # the files of a pod see each other's functions and variables
# What a backup of the directory is: what `samba-tool domain backup offline` makes. Sourced, before bucket.sh.

suffix=tar.bz2

say() {
  printf 'directory: %s\n' "$*"
}

# check_backup FILE: unpacks it into `unpacked`, as the volume that it would be, and sets `held`, what that holds.
check_backup() {
  rm -rf "$unpacked"
  if ! held=$(python3 -B "$here/unpack.py" "$1" "$unpacked" 2>"$scratch/complained"); then
    problem=${held:-"it can't be unpacked: $(tail -n 1 "$scratch/complained")"}
    return 1
  fi
}
