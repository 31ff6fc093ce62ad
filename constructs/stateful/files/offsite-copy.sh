#!/bin/sh
# Adds what is new in folders of a bucket to another provider's. Never deletes: `copy`, not `sync`.
# Runs in rclone's image, which has no bash.
set -eu

export RCLONE_CONFIG=/tmp/rclone.conf HOME=/tmp

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

# A backup of WAL-G counts once its sentinel is there, so sentinels go last: a copy that is cut off has no half backup.
# What a retention took from the source meanwhile is no difference: one way, from what is there now.
copy() {
  from="source:$SOURCE_BUCKET/$1"
  to="target:$TARGET_BUCKET/$1"
  common="--checksum $in_parts --transfers 4 --retries 3 --stats 60s --stats-one-line --log-level INFO"
  # shellcheck disable=SC2086 # the options are words
  rclone copy $common --exclude '*_backup_stop_sentinel.json' "$from" "$to" &&
    rclone copy $common --include '*_backup_stop_sentinel.json' "$from" "$to" &&
    rclone check --one-way --checkers 4 "$from" "$to"
}

# One folder that can't be copied keeps no other from being copied.
failed=
for folder in $FOLDERS; do
  copy "$folder" || failed="$failed $folder"
done
[ -z "$failed" ] || {
  echo "not copied:$failed" >&2
  exit 1
}
