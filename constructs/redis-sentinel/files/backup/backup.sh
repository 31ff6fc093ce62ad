#!/bin/bash
# shellcheck disable=SC1091,SC2153,SC2154 # the files of a pod see each other's functions and variables
# Copies what a member holds into object storage, reads it back, and drops what is older than KEEP_DAYS. backup.sh
set -u -o pipefail
umask 077
here=$(dirname "$0")
work=${WORK:-/work}
export ASK_AS=backup
. "$here/ask.sh"
. "$here/dump.sh"
. "$here/bucket.sh"
. "$here/store.sh"

# whom: a replica that is in step, so that the primary need not make a copy of its memory; else the primary.
whom() {
  local host info primary=''
  for host in $MEMBERS; do
    info=$(ask "$host" "$PORT" info) && [ "$(field loading <<<"$info")" = 0 ] || continue
    case $(field role <<<"$info")/$(field master_link_status <<<"$info") in
      slave/up) echo "$host" && return ;;
      master/*) primary=$host ;;
    esac
  done
  [ -n "$primary" ] && echo "$primary"
}

dump() {
  REDISCLI_AUTH=$(<"$BACKUP_PASSWORD_FILE") timeout -s KILL "${DUMP_SECONDS:-900}" \
    redis-cli -h "$1" -p "$PORT" --user backup --no-auth-warning "${tls[@]}" --rdb "$work/dump.rdb" >"$work/dumped" 2>&1
}

mkdir -p "$work/rclone"
open_bucket "$work/rclone"
# Before a member has work with it.
list_backups "$FOLDER" || fail "$problem"
host=$(whom) || fail "no member answers as the primary, or as a replica in step: $MEMBERS"
say "copies what $host holds"
dump "$host" || fail "$host sent no copy: $(tail -n 1 "$work/dumped")"
check_backup "$work/dump.rdb" || fail "the copy of $host is damaged: $problem"
store "$work/dump.rdb" "$keys keys"
