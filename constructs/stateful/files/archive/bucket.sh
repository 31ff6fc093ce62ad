# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # the files of a pod see each other's functions and variables
# Backups in object storage, by rclone. Sourced, after `say`, and what knows the kind of store: `suffix`, the end of the names,
# and `check_backup FILE`, which sets `problem`. Each is one object, whose name is the moment at which it was complete and
# the checksum of what is in it: 20261129T140503Z-SHA256.rdb. It is there as a whole or not at all, and proves itself.

name_pattern='[0-9]{8}T[0-9]{6}Z-[0-9a-f]{64}\.'${suffix//./\\.}
problem=''

# open_bucket DIRECTORY: by variables, so that no key stands in an argument; DIRECTORY is for what is small.
open_bucket() {
  scratch=$1
  : >"$scratch/rclone.conf"
  export HOME=$scratch RCLONE_CONFIG=$scratch/rclone.conf
  if [ -s "$tools/ca-certificates.crt" ]; then export SSL_CERT_FILE=$tools/ca-certificates.crt; fi
  export RCLONE_CONFIG_STORE_TYPE=s3 RCLONE_CONFIG_STORE_PROVIDER=Other RCLONE_CONFIG_STORE_FORCE_PATH_STYLE=true
  export RCLONE_CONFIG_STORE_ENDPOINT=$STORE_ENDPOINT RCLONE_CONFIG_STORE_REGION=$STORE_REGION
  export RCLONE_CONFIG_STORE_NO_CHECK_BUCKET=true
  RCLONE_CONFIG_STORE_ACCESS_KEY_ID=$(<"$ACCESS_KEY_ID_FILE")
  RCLONE_CONFIG_STORE_SECRET_ACCESS_KEY=$(<"$SECRET_ACCESS_KEY_FILE")
  export RCLONE_CONFIG_STORE_ACCESS_KEY_ID RCLONE_CONFIG_STORE_SECRET_ACCESS_KEY
  export RCLONE_CONFIG_BACKUPS_REMOTE=store:$STORE_BUCKET RCLONE_CONFIG_BACKUPS_TYPE=alias
  if [ -n "${ENCRYPTION_KEY_FILE:-}" ]; then
    export RCLONE_CONFIG_BACKUPS_TYPE=crypt RCLONE_CONFIG_BACKUPS_FILENAME_ENCRYPTION=off
    export RCLONE_CONFIG_BACKUPS_DIRECTORY_NAME_ENCRYPTION=false RCLONE_CONFIG_BACKUPS_SUFFIX=none
    RCLONE_CONFIG_BACKUPS_PASSWORD=$("$tools/rclone" obscure - <"$ENCRYPTION_KEY_FILE")
    export RCLONE_CONFIG_BACKUPS_PASSWORD
  fi
}

tools=${TOOLS:-/opt/rclone}

# carry COMMAND...: rclone, for minutes at most where nobody answers.
carry() {
  "$tools/rclone" --contimeout 15s --timeout 60s --retries 2 --low-level-retries 3 --log-level ERROR "$@" \
    2>"$scratch/said"
}

# place FOLDER: as people know it.
place() {
  echo "s3://$STORE_BUCKET/$1 at $STORE_ENDPOINT"
}

# because WHAT: sets the problem, with rclone's last word on it.
because() {
  local said
  said=$(tail -n 1 "$scratch/said" | sed -E 's/^[0-9/]+ [0-9:]+ //; s/^(ERROR|CRITICAL|NOTICE) *: *//; s/, RequestID: [^,]*, HostID: [^,]*//')
  case $said in
    *'directory not found'* | *NoSuchBucket*) said="there is no bucket $STORE_BUCKET" ;;
    *AccessDenied* | *Forbidden* | *SignatureDoesNotMatch* | *InvalidAccessKeyId*) said="the keys are refused: $said" ;;
  esac
  problem="$1: ${said:-rclone says nothing}"
}

# list_backups FOLDER: sets `backups`, the oldest first.
list_backups() {
  backups=()
  if ! carry lsf --files-only "backups:$1" >"$scratch/listed"; then
    because "$(place "$1") can't be listed"
    return 1
  fi
  mapfile -t backups < <(grep -xE "$name_pattern" "$scratch/listed" | LC_ALL=C sort)
}

# sum_of: of standard input.
sum_of() {
  local sum
  sum=$(sha256sum)
  echo "${sum%% *}"
}

# is_named_so NAME SUM: whether that is the checksum in the name.
is_named_so() {
  [ "${1#*-}" = "$2.$suffix" ]
}

# choose MOMENT: of `backups`, the newest that was complete by then; MOMENT is such as `2026-11-22 10:00:00+00`, or `latest`,
# which is now: who made one that is dated later had a clock that was ahead, and newer ones may have earlier names.
choose() {
  local each until
  if [ "$1" = latest ]; then
    until=$(date -u -d '5 minutes' +%Y%m%dT%H%M%SZ)
    if [ "${#backups[@]}" -gt 0 ] && [[ ${backups[-1]%%-*} > $until ]]; then
      say "${backups[-1]} is dated later than now, and left out: a clock was ahead when it was made, or this one is behind"
    fi
  else
    until=${1%+00}
    until=${until%.*}
    until=${until//[-:]/}
    until=${until/ /T}Z
  fi
  chosen=''
  for each in "${backups[@]}"; do
    if [[ ${each%%-*} > $until ]]; then break; fi
    chosen=$each
  done
  [ -n "$chosen" ]
}

# fetch FOLDER NAME FILE: what was backed up, or nothing.
fetch() {
  local sum
  if ! carry cat "backups:$1/$2" >"$3"; then
    because "$2 in $(place "$1") can't be read"
    # rclone asks whether the password is bad, also of an object that was cut short.
    if grep -qE 'failed to authenticate decrypted block|bad magic|truncated block|too short to be encrypted' "$scratch/said"; then
      problem="$2 in $(place "$1") is not what was backed up, or was encrypted with another key"
    fi
    return 1
  fi
  sum=$(sum_of <"$3")
  if ! is_named_so "$2" "$sum"; then
    problem="$2 in $(place "$1") is not what was backed up: it has $(stat -c %s "$3") bytes with the checksum $sum"
    return 1
  fi
  check_backup "$3" || {
    problem="$2 in $(place "$1"): $problem"
    return 1
  }
}
