#!/bin/sh
# Tells people whether the platform works, by a file in a public bucket that stays when all of this is gone. What it asks
# Prometheus for is what wakes people: it judges nothing itself. Runs in rclone's image, which has no bash.
set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 143' TERM
export "RCLONE_CONFIG=$work/rclone.conf" "HOME=$work"
: >"$RCLONE_CONFIG"

# By variables, so that no key stands in an argument.
export RCLONE_CONFIG_STORE_TYPE=s3 RCLONE_CONFIG_STORE_PROVIDER=Other RCLONE_CONFIG_STORE_FORCE_PATH_STYLE=true
export "RCLONE_CONFIG_STORE_ENDPOINT=$STORE_ENDPOINT" "RCLONE_CONFIG_STORE_REGION=$STORE_REGION"
export RCLONE_CONFIG_STORE_NO_CHECK_BUCKET=true RCLONE_CONFIG_STORE_NO_HEAD=true
RCLONE_CONFIG_STORE_ACCESS_KEY_ID=$(cat "$ACCESS_KEY_ID_FILE")
RCLONE_CONFIG_STORE_SECRET_ACCESS_KEY=$(cat "$SECRET_ACCESS_KEY_FILE")
export RCLONE_CONFIG_STORE_ACCESS_KEY_ID RCLONE_CONFIG_STORE_SECRET_ACCESS_KEY

say() {
  echo "$*" >&2
}

# carry COMMAND...: rclone, for seconds at most where nobody answers.
carry() {
  rclone --contimeout 5s --timeout 10s --retries 1 --low-level-retries 2 --log-level ERROR "$@"
}

# put FILE SECONDS TYPE: into the bucket by its own name; browsers keep it for so long.
put() {
  carry rcat --header-upload "Cache-Control: max-age=$2" --header-upload "Content-Type: $3" \
    "store:$STORE_BUCKET/${1##*/}" <"$1"
}

# put_page: what the browser makes of it.
# shellcheck disable=SC2153 # the folder that it is mounted in
put_page() {
  put "$PAGE/style.css" 300 'text/css; charset=utf-8' &&
    put "$PAGE/status.js" 300 'text/javascript; charset=utf-8' &&
    put "$PAGE/index.html" 300 'text/html; charset=utf-8'
}

# state_of MEMBERS: of labels such as sloth_id="edge-availability", by what Prometheus told: one of whom people are woken is
# enough for impaired, and it works where all are measured.
state_of() {
  state=works
  for member in $1; do
    if grep -F 'ALERTS{' "$work/numbers" | grep -qF "$member"; then
      echo impaired
      return
    fi
    grep -v '^ALERTS{' "$work/numbers" | grep -qF "$member" || state=unknown
  done
  echo "$state"
}

# status: what is known now, as JSON. Names of lines hold nothing that means something there.
status() {
  tab=$(printf '\t')
  printf '{"written":"%s","platform":"%s","lines":[' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$PLATFORM"
  comma=
  while IFS=$tab read -r name members; do
    printf '%s\n{"name":"%s","state":"%s"}' "$comma" "$name" "$(state_of "$members")"
    comma=,
  done <"$LINES_FILE"
  printf '\n]}\n'
}

# look: asks Prometheus and tells the world. What it doesn't know, it says it doesn't know.
look() {
  carry copyurl --stdout "$NUMBERS" >"$work/numbers" || {
    say 'Prometheus does not answer: the state is not known'
    : >"$work/numbers"
  }
  status >"$work/status.json"
  put "$work/status.json" 15 application/json
}

page=missing
while true; do
  # Again until it is there: the bucket may be made later.
  if [ "$page" = missing ] && put_page; then page=there; fi
  look || say "status.json could not be written to $STORE_BUCKET at $STORE_ENDPOINT"
  # For the kubelet: whether that took is asked from outside, and is no reason to start anew.
  : >"$LOOKED"
  sleep "$EVERY_SECONDS" &
  wait "$!"
done
