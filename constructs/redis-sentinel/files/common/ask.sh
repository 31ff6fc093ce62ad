# shellcheck shell=bash
# shellcheck disable=SC1091,SC2034,SC2154 # the files of a pod see each other's functions and variables
# How scripts of this folder ask others, sourced by them. MEMBERS and SENTINELS are hosts, in the order of their numbers;
# PORT and SENTINEL_PORT are theirs. Passwords are in files: REPLICATION_PASSWORD_FILE and so on.

run=${RUN:-/run/redis}
tls=()
if [ "${TLS:-yes}" = yes ]; then tls=(--tls --cacert "${CA_FILE:-${TLS_DIRECTORY:-/run/tls}/ca.crt}"); fi

say() {
  printf '%s %s: %s\n' "$(date -u '+%FT%TZ')" "${0##*/}" "$*" >&2
}

# ask HOST PORT COMMAND...: what it answers to ASK_AS, the user `replication`, within a second; fails where nobody does.
ask() {
  local host port=$2 user=${ASK_AS:-replication} file
  host=$(address "$1" "${ASK_SECONDS:-1}") || return 1
  shift 2
  file=${user^^}_PASSWORD_FILE
  REDISCLI_AUTH=$(<"${!file}") timeout -s KILL "${ASK_SECONDS:-1}" \
    redis-cli -h "$host" -p "$port" --user "$user" --no-auth-warning "${tls[@]}" "$@" 2>/dev/null
}

# address HOST SECONDS: the address that a name has, or that it is. Those of Services stay for as long as the Service is there;
# so each is asked for once in the life of a main process: a node that is lost may be the one that answers for names.
address() {
  local found kept=$run/address-$1
  if [ -s "$kept" ]; then
    cat "$kept"
    return
  fi
  found=$(timeout "${2:-5}" getent ahostsv4 "$1") || return 1
  { printf '%s\n' "${found%% *}" >"$kept.$BASHPID" && mv "$kept.$BASHPID" "$kept"; } 2>/dev/null
  printf '%s\n' "${found%% *}"
}

# field NAME: its value in what INFO answers, or in pairs of lines, on standard input.
field() {
  local line
  while IFS= read -r line; do
    line=${line%$'\r'}
    case $line in
      "$1:"*) printf '%s\n' "${line#*:}" && return ;;
      "$1") IFS= read -r line && printf '%s\n' "${line%$'\r'}" && return ;;
    esac
  done
  return 1
}

# ask_sentinels: a line for each, in their order: `silent`, `unconfigured`, or the address that it names, with `down` where
# it takes that one for down or replaces it. Asked at the same time: a lost node answers nothing for a second. In a shell of
# its own: it waits for all that was started.
ask_sentinels() {
  local host number=0 folder
  folder=$(mktemp -d "$run/asked.XXXXXX")
  for host in $SENTINELS; do
    ask_sentinel "$host" >"$folder/$number" &
    number=$((number + 1))
  done
  wait
  cat "$folder"/*
  rm -r "$folder"
}

ask_sentinel() {
  local answer ip flags
  if ! answer=$(ask "$1" "$SENTINEL_PORT" sentinel master "$PRIMARY_NAME") || [ -z "$answer" ]; then
    echo silent
    return
  fi
  if ! ip=$(field ip <<<"$answer"); then
    # Whatever else it says, it watches nobody.
    echo unconfigured
    return
  fi
  flags=$(field flags <<<"$answer") || flags=
  case $flags in
    *_down* | *failover_in_progress*) echo "$ip down" ;;
    *) echo "$ip" ;;
  esac
}

# majority: of lines of ask_sentinels, the address that more than half of all Sentinels name; `unconfigured` where so many
# watch nobody; else `none`.
majority() {
  local all=() line first count
  mapfile -t all
  for first in "${all[@]%% *}"; do
    count=0
    for line in "${all[@]%% *}"; do [ "$line" != "$first" ] || count=$((count + 1)); done
    if [ "$first" != silent ] && [ "$count" -gt $((${#all[@]} / 2)) ]; then
      echo "$first"
      return
    fi
  done
  echo none
}

# admin COMMAND...: of the server of this pod, by its socket, with all rights.
admin() {
  REDISCLI_AUTH=$(<"$run/admin-password") timeout -s KILL "${ADMIN_SECONDS:-3}" \
    redis-cli -s "$run/server.sock" --user admin --no-auth-warning "$@" 2>/dev/null
}

# known_as_replica ADDRESS: whether a Sentinel has that replica, or too few of them answer to say so. They forget one that was
# out of step for longer than a minute.
known_as_replica() {
  local host answer hosts=0 answers=0
  for host in $SENTINELS; do
    hosts=$((hosts + 1))
    answer=$(ask "$host" "$SENTINEL_PORT" sentinel replicas "$PRIMARY_NAME") || continue
    answers=$((answers + 1))
    if grep -qxF "$1" <<<"${answer//$'\r'/}"; then return 0; fi
  done
  [ "$answers" -le $((hosts / 2)) ]
}
