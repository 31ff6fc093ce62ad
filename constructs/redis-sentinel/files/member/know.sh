# shellcheck shell=bash
# shellcheck disable=SC1091,SC2034,SC2154 # the files of a pod see each other's functions and variables
# What a member knows of itself and of the others, as the words that decide.sh takes. Sourced.

# Of the volume: what this member last was, and on which boot of its node. Its time is when it last answered.
state=$data/state

# Its data is somebody's: it was a primary, or in step with one. Any other is what a server begins with, or half a copy.
whole() {
  [ -s "$state" ] && { compgen -G "$data/appendonlydir/*.manifest" || compgen -G "$data/dump.rdb"; } >/dev/null
}

# It began to copy a primary, and the copy is not in its log yet: keep_state of watch.sh leaves an empty file.
half_copied() {
  [ -e "$state" ] && [ ! -s "$state" ]
}

boot_id() {
  cat "${BOOT_ID:-/proc/sys/kernel/random/boot_id}"
}

# remember ROLE: also that it still answers.
remember() {
  if [ "$(cat "$state" 2>/dev/null)" = "$1 $(boot_id)" ]; then
    touch "$state"
  else
    printf '%s %s\n' "$1" "$(boot_id)" >"$state.new"
    sync "$state.new"
    mv "$state.new" "$state"
  fi
}

# Seconds since it last answered; many where it never did.
away() {
  local last
  last=$(stat -c %Y "$state" 2>/dev/null) || last=0
  echo $(($(date +%s) - last))
}

know_self() {
  local last=- on=-
  own=empty was=- boot=other
  if whole; then own=whole; fi
  if [ -s "$state" ]; then read -r last on <"$state"; fi
  case $last in primary | replica) was=$last ;; esac
  if [ "$on" = "$(boot_id)" ]; then boot=same; fi
}

know_peer() {
  local info up
  peer=silent lived=no
  info=$(ask "$peer_host" "$PORT" info) || return 0
  case $(field role <<<"$info") in
    master) peer=primary ;;
    slave)
      peer=follows
      if [ "$(field slave_priority <<<"$info")" = 0 ]; then
        peer=nothing
        if grep -q '^db[0-9]*:keys=' <<<"$info"; then peer=old; fi
      fi
      ;;
    *) return 0 ;;
  esac
  up=$(field uptime_in_seconds <<<"$info") || up=0
  if [ "$up" -gt "$1" ]; then lived=yes; fi
}

# party ADDRESS: whose it is.
party() {
  case $1 in
    "$own_address") echo self ;;
    "$peer_address") echo peer ;;
    unconfigured) echo unconfigured ;;
    *) echo none ;;
  esac
}

know_sentinels() {
  local answers line
  answers=$(ask_sentinels)
  named=$(party "$(majority <<<"$answers")")
  some=none down=no
  while IFS= read -r line; do
    case $(party "${line% down}")/$some in
      self/none | self/self) some=self ;;
      peer/none | peer/peer) some=peer ;;
      self/* | peer/*) some=both ;;
    esac
    case $line in *' down') down=yes ;; esac
  done <<<"$answers"
}

# know SECONDS: all of it; SECONDS is how long this member has been away.
know() {
  know_self
  know_peer "$1"
  know_sentinels
}
