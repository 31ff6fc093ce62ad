#!/bin/sh
# Adds what is new in folders of a bucket to another provider's. Never deletes: `copy`, not `sync`.
# Runs in rclone's image, which has no bash.
set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export "RCLONE_CONFIG=$work/rclone.conf" "HOME=$work"

# remote NAME ENDPOINT REGION KEY_FILE SECRET_FILE: a remote by variables, so that no key stands in an argument.
remote() {
  export "RCLONE_CONFIG_$1_TYPE=s3" "RCLONE_CONFIG_$1_PROVIDER=Other" "RCLONE_CONFIG_$1_FORCE_PATH_STYLE=true"
  export "RCLONE_CONFIG_$1_ENDPOINT=$2" "RCLONE_CONFIG_$1_REGION=$3" "RCLONE_CONFIG_$1_NO_CHECK_BUCKET=true"
  export "RCLONE_CONFIG_$1_ACCESS_KEY_ID=$(cat "$4")" "RCLONE_CONFIG_$1_SECRET_ACCESS_KEY=$(cat "$5")"
}
remote SOURCE "$SOURCE_ENDPOINT" "$SOURCE_REGION" "$SOURCE_ACCESS_KEY_ID_FILE" "$SOURCE_SECRET_ACCESS_KEY_FILE"
remote TARGET "$TARGET_ENDPOINT" "$TARGET_REGION" "$TARGET_ACCESS_KEY_ID_FILE" "$TARGET_SECRET_ACCESS_KEY_FILE"
: >"$RCLONE_CONFIG"

# What a writer uploaded in parts has no MD5 in S3, and a bucket with object lock refuses what is put without one. In parts
# again, each has its own; nothing below 5 MiB, the smallest part there is, was written in parts.
# See https://github.com/rclone/rclone/issues/5765 (1.76)
in_parts="--s3-upload-cutoff 5Mi"

# listed ADDRESS: what is there, a line a file with time, size and path, sorted. Times are the store's own, which it lists;
# any other would be asked for file by file.
listed() {
  rclone lsf --recursive --files-only --use-server-modtime --time-format RFC3339Nano --format tsp --separator ' ' "$1" \
    >"$work/unsorted" && LC_ALL=C sort "$work/unsorted"
}

# is_yet_to_begin FOLDER COPIES: whether an empty folder is no loss: its first file may come later, and none was ever copied.
is_yet_to_begin() {
  case " $EMPTY_AT_FIRST " in
    *" $1 "*) listed "$2" >"$work/copies" && [ ! -s "$work/copies" ] ;;
    *) false ;;
  esac
}

# Writers and retentions go on while it copies, so everything is held against what was there before it began. A backup of
# WAL-G counts once its sentinel is there: sentinels go last, and only those from before, whose backup was there as a whole.
copy() {
  from="source:$SOURCE_BUCKET/$1"
  to="target:$TARGET_BUCKET/$1"
  common="--checksum $in_parts --transfers 4 --retries 3 --stats 60s --stats-one-line --log-level INFO"
  listed "$from" >"$work/before" || return
  [ -s "$work/before" ] || {
    is_yet_to_begin "$1" "$to" || {
      echo "$from holds nothing" >&2
      return 1
    }
    echo "$from holds nothing so far"
    return 0
  }
  grep '_backup_stop_sentinel\.json$' "$work/before" | cut -d ' ' -f 3- >"$work/sentinels" || :
  # shellcheck disable=SC2086 # the options are words
  rclone copy $common --exclude '*_backup_stop_sentinel.json' "$from" "$to" &&
    rclone copy $common --files-from-raw "$work/sentinels" "$from" "$to" &&
    compare "$from" "$to" &&
    goes_on "$1" "$from"
}

# goes_on FOLDER ADDRESS: whether whoever writes into a folder that nobody else watches still does.
goes_on() {
  case " $EMPTY_AT_FIRST " in
    *" $1 "*) [ -n "$NEWEST_WITHIN" ] || return 0 ;;
    *) return 0 ;;
  esac
  rclone lsf --recursive --files-only --use-server-modtime --max-age "$NEWEST_WITHIN" "$2" >"$work/new" || return
  [ -s "$work/new" ] || {
    echo "$2 got nothing within $NEWEST_WITHIN" >&2
    return 1
  }
}

# compare FROM TO: whether all that was there before, and is there unchanged, is the same at the target. What came, went or
# was written anew meanwhile is no difference, but it is one to rclone, which therefore reports each file and doesn't judge.
compare() {
  rclone check --one-way --checkers 4 --combined "$work/report" "$1" "$2" 2>"$work/said" || :
  listed "$1" >"$work/now" &&
    LC_ALL=C comm -12 "$work/before" "$work/now" | cut -d ' ' -f 3- | LC_ALL=C sort >"$work/stood" &&
    sed -n 's/^= //p' "$work/report" | LC_ALL=C sort >"$work/same" &&
    LC_ALL=C comm -23 "$work/stood" "$work/same" >"$work/differing" || return
  [ -s "$work/differing" ] || {
    echo "$(wc -l <"$work/stood") files are the same at the target"
    return 0
  }
  tail -n 20 "$work/said" >&2
  echo "$(wc -l <"$work/differing") of $(wc -l <"$work/stood") files are not the same at the target:" >&2
  head -n 20 "$work/differing" >&2
  return 1
}

# One folder that can't be copied keeps no other from being copied.
failed=
for folder in $FOLDERS $EMPTY_AT_FIRST; do
  copy "$folder" || failed="$failed $folder"
done
[ -z "$failed" ] || {
  echo "not copied:$failed" >&2
  exit 1
}
