#!/bin/bash
# shellcheck disable=SC1091,SC2153,SC2154 # the files of a pod see each other's functions and variables
# Copies what a member holds into object storage, reads it back, and drops what is older than KEEP_DAYS. backup.sh
set -u -o pipefail
umask 077
here=$(dirname "$0")
work=${WORK:-/work}
export ASK_AS=backup
. "$here/ask.sh"
. "$here/bucket.sh"

# However old, so many stay: a clock that is wrong for once, or a pause of weeks, takes no more than the rest.
fewest=3

fail() {
  say "$*"
  exit 1
}

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

# Whether what is there now is what was sent, read from there.
read_back() {
  local sum
  sum=$(carry cat "backups:$FOLDER/$1" | sum_of) || {
    because "$1 can't be read back from $(place "$FOLDER")"
    return 1
  }
  is_named_so "$1" "$sum" || {
    if carry deletefile "backups:$FOLDER/$1"; then
      problem="$1 in $(place "$FOLDER") is not what was sent, and is removed again"
    else
      because "$1 in $(place "$FOLDER") is not what was sent, and can't be removed"
    fi
    return 1
  }
}

# drop FOLDER NAMES: those from before `cutoff`.
drop() {
  local folder=$1 each
  shift
  for each in "$@"; do
    if [[ ${each%%-*} < $cutoff ]]; then
      carry deletefile "backups:$folder/$each" || {
        because "$each in $(place "$folder") is older than $KEEP_DAYS days, and can't be removed"
        return 1
      }
      dropped=$((dropped + 1))
    fi
  done
}

# retain: only after a backup was read back. Those of lives before this one go when this one alone covers all days.
retain() {
  local older folder oldest
  cutoff=$(date -u -d "$KEEP_DAYS days ago" +%Y%m%dT%H%M%SZ)
  dropped=0
  list_backups "$FOLDER" || return
  if [[ " ${backups[*]} " != *" $name "* ]]; then
    problem="$(place "$FOLDER") does not list $name, which was read back from there"
    return 1
  fi
  oldest=${backups[0]%%-*}
  older=$((${#backups[@]} - fewest))
  if [ "$older" -gt 0 ]; then drop "$FOLDER" "${backups[@]:0:older}" || return; fi
  if [[ $oldest < $cutoff ]]; then
    for folder in ${EARLIER_FOLDERS:-}; do
      list_backups "$folder" && drop "$folder" "${backups[@]}" || return
    done
  fi
  list_backups "$FOLDER"
}

mkdir -p "$work/rclone"
open_bucket "$work/rclone"
# Before a member has work with it.
list_backups "$FOLDER" || fail "$problem"
host=$(whom) || fail "no member answers as the primary, or as a replica in step: $MEMBERS"
say "copies what $host holds"
dump "$host" || fail "$host sent no copy: $(tail -n 1 "$work/dumped")"
check_dump "$work/dump.rdb" || fail "the copy of $host is damaged: $problem"
name=$(date -u +%Y%m%dT%H%M%SZ)-$(sum_of <"$work/dump.rdb").rdb
carry copyto "$work/dump.rdb" "backups:$FOLDER/$name" || {
  because "$name could not be sent to $(place "$FOLDER")"
  fail "$problem"
}
read_back "$name" || fail "$problem"
say "$name: $keys keys, $(stat -c %s "$work/dump.rdb") bytes, read back from $(place "$FOLDER")"
retain || fail "the backup is there, but old ones are not dropped: $problem"
say "$(place "$FOLDER") holds ${#backups[@]} backups, from ${backups[0]%%-*} to ${backups[-1]%%-*}; $dropped were older than $KEEP_DAYS days, and are gone"
