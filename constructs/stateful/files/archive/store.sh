# shellcheck shell=bash
# shellcheck disable=SC2153,SC2154 # the files of a pod see each other's functions and variables
# How a backup gets into object storage, and old ones out of it. Sourced, after bucket.sh.

# However old, so many stay: a clock that is wrong for once, or a pause of weeks, takes no more than the rest.
fewest=3

fail() {
  say "$*"
  exit 1
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

# store FILE WHAT: sends it, reads it back, and drops what is too old; in words, WHAT it holds.
store() {
  name=$(date -u +%Y%m%dT%H%M%SZ)-$(sum_of <"$1").$suffix
  carry copyto "$1" "backups:$FOLDER/$name" || {
    because "$name could not be sent to $(place "$FOLDER")"
    fail "$problem"
  }
  read_back "$name" || fail "$problem"
  say "$name: $2, $(stat -c %s "$1") bytes, read back from $(place "$FOLDER")"
  retain || fail "the backup is there, but old ones are not dropped: $problem"
  say "$(place "$FOLDER") holds ${#backups[@]} backups, from ${backups[0]%%-*} to ${backups[-1]%%-*}; $dropped were older than $KEEP_DAYS days, and are gone"
}
