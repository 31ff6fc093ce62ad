#!/bin/bash
# shellcheck disable=SC1091,SC2034,SC2154 # the files of a pod see each other's functions and variables
# The main process of a member: decides what it is to be before anything answers at its address, starts the server as that,
# and begins anew when the server ends. Kubernetes' own restarts would pause ever longer.
set -u
umask 077
here=$(dirname "$0")
data=${DATA:-/data}
. "$here/ask.sh"
. "$here/decide.sh"
. "$here/know.sh"
. "$here/configure.sh"
. "$here/serve.sh"
. "$here/damage.sh"
. "$here/spin.sh"
. "$here/watch.sh"

number=${POD_NAME##*-}
read -r -a hosts <<<"$MEMBERS"
own_host=${hosts[$number]}
peer_host=${hosts[$((1 - number))]}
first=$([ "$number" = 0 ] && echo yes || echo no)

watcher='' problem='' refused='' unreadable='' copied='' listen=''

# Waiting counts as living, to the probes: what it waits for no restart brings.
wait_for() {
  if [ "$1" != "$problem" ]; then say "waits: $1"; fi
  problem=$1
  printf '%s\n' "$1" >"$run/waiting"
  sleep 1 &
  wait $!
}

# Names are those of Services, which have addresses before they have pods.
find_addresses() {
  until own_address=$(address "$own_host") && peer_address=$(address "$peer_host"); do
    [ -z "$ending" ] || exit 0
    wait_for "the names $own_host and $peer_host lead nowhere"
  done
}

# settle: sets `role`, after as long as it takes.
settle() {
  local since verdict
  since=$(date +%s)
  gone=$(away)
  while [ -z "$ending" ]; do
    know "$gone"
    waited=$(($(date +%s) - since))
    verdict=$(decide)
    case $verdict in
      primary | replica)
        if [ -n "$refused" ] && ! repaired; then continue; fi
        if [ "$verdict/$own" = primary/empty ] && [ -n "${RESTORE_FOLDER:-}" ]; then
          begin_with_backup
          continue
        fi
        role=$verdict
        # What is on its volume may be of long ago, when the primary went on without it.
        if [ "$role/$own/$named" = replica/whole/peer ] && ! known_as_replica "$own_address"; then own=old; fi
        say "begins as $role: data $own, was $was, the other member $peer, the Sentinels name $named${problem:+; it waited}"
        problem=
        return
        ;;
      *) wait_for "${verdict#wait }" ;;
    esac
  done
  exit 0
}

# begin_with_backup: of the life that this one is made from. It never begins with nothing in its place; what is in the way,
# such as object storage that does not answer, may be over the next time.
begin_with_backup() {
  local restoring turn
  "$here/restore.sh" &
  restoring=$!
  while kill -0 "$restoring" 2>/dev/null; do
    if [ -n "$ending" ]; then
      kill "$restoring"
      exit 0
    fi
    wait_for "${problem:-a backup is fetched and loaded}"
  done
  if wait "$restoring"; then
    until set_aside; do
      [ -z "$ending" ] || exit 0
      wait_for "$why"
    done
    mv "$data/restore/appendonlydir" "$data/appendonlydir"
    rm -r "$data/restore"
    remember primary
    problem=
    return
  fi
  for turn in {1..10}; do
    [ -z "$ending" ] || exit 0
    wait_for "$(cat "$run/refused" 2>/dev/null || echo 'restore.sh was ended'): docs/runbooks/redis-recovery.md"
  done
}

# repaired: for a log that the server refused. Somebody else's data is better; alone, its end may be cut.
repaired() {
  case $peer in
    primary | follows)
      if ! set_aside; then
        wait_for "$why"
        return 1
      fi
      rm -f "$state"
      say "the log is damaged${unreadable:+ ($unreadable)}, and the other member has the data: this one begins with none"
      refused='' unreadable=''
      return 1
      ;;
  esac
  # The other one has half a minute to come back.
  if [ "$waited" -lt "${PEER_SECONDS:-30}" ]; then
    wait_for 'the log is damaged, and the other member does not answer yet'
    return 1
  fi
  if mend; then
    refused=
    return 1
  fi
  wait_for "$why; only the other member, or a backup, can help: docs/runbooks/redis-damaged.md"
  return 1
}

write_configuration() {
  cat "$configuration/redis.conf" "$configuration/settings.conf"
  tls_lines "$PORT"
  printf '%s\n' "dir $data" "bind ${BIND:-*}" "unixsocket $run/server.sock" 'unixsocketperm 700' "aclfile $run/users.acl" \
    'masteruser replication' "masterauth $(<"$REPLICATION_PASSWORD_FILE")" \
    "replica-announce-ip $own_address" "replica-announce-port $PORT"
  if [ "$role" = replica ]; then
    printf '%s\n' "replicaof $peer_address $PORT"
    # Sentinels promote no replica that never was in step with a primary.
    if [ "$own" != whole ]; then echo 'replica-priority 0'; fi
  elif [ -e "$run/closed" ]; then
    # More than there ever are.
    echo 'min-replicas-to-write 2'
  fi
}

configuration=${CONFIGURATION:-/etc/redis}
# Within that many seconds, whose fractions nobody counts, Sentinels take nobody for down.
safely_away=$((DOWN_AFTER * 6 / 10000))
make_admin
rm -f "$run"/address-*
find_addresses
until write_users "$configuration/users.acl"; do
  [ -z "$ending" ] || exit 0
  wait_for 'a password is missing'
done
while [ -z "$ending" ]; do
  if whole && empty_base; then refused=yes; fi
  settle
  case $own in
    empty)
      until set_aside; do
        [ -z "$ending" ] || exit 0
        wait_for "$why"
      done
      ;;
    old) rm -f "$state" ;;
  esac
  rm -f "$run/waiting" "$run/answered" "$run/server.sock" "$run/closed"
  # Closed for writes until it is sure that nobody is being promoted meanwhile; see watch.sh.
  if [ "$role" = primary ] && [ "$own" = whole ]; then touch "$run/closed"; fi
  write_configuration >"$run/redis.conf"
  if [ -n "$listen" ]; then redis-server "$run/redis.conf" > >(keep_words) & else redis-server "$run/redis.conf" & fi
  server=$!
  watch "$server" "$role" &
  watcher=$!
  until_ended
  kill "$watcher" 2>/dev/null
  if [ -e "$run/answered" ]; then
    listen=
    rm -f "$run/words"
  elif damaged; then
    refused=yes
  fi
  # One that ends again and again is asked no more than once a second.
  if [ "$(away)" -gt 2 ]; then sleep 1; fi
done
