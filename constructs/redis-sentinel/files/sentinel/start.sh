#!/bin/bash
# shellcheck disable=SC1091,SC2034,SC2154 # the files of a pod see each other's functions and variables
# The main process of a Sentinel: starts it with what it knew before, has it watch the primary that there is where it
# watches none, and begins anew when it ends.
set -u
umask 077
here=$(dirname "$0")
data=${DATA:-/data}
. "$here/ask.sh"
. "$here/configure.sh"
. "$here/serve.sh"
. "$here/spin.sh"
. "$here/adopt.sh"

number=${POD_NAME##*-}
read -r -a hosts <<<"$SENTINELS"
own_host=${hosts[$number]}
sentinel_count=${#hosts[@]}
# Longer than Sentinels take to promote, twice.
stray_seconds=${STRAY_SECONDS:-$(((DOWN_AFTER + 2 * FAILOVER_TIMEOUT) / 1000 + 20))}
configuration=${CONFIGURATION:-/etc/redis}
file=$data/sentinel.conf

until_found() {
  local said=''
  until own_address=$(address "$own_host") && member_addresses=$(addresses); do
    [ -z "$ending" ] || exit 0
    [ -n "$said" ] || say "waits: the names of the members lead nowhere"
    said=yes
    sleep 1
  done
}

# The members' addresses, in their order.
addresses() {
  local host
  for host in $MEMBERS; do address "$host" || return 1; done
}

# What it knew: whom it watches, epochs and votes, and whom it has seen. An address that is no member's is of a Service that
# is gone: then it knows nothing.
known() {
  local watched epoch
  watched=$(sed -n "s/^sentinel monitor $PRIMARY_NAME \([^ ]*\) .*/\1/p" "$file" 2>/dev/null)
  epoch=$(sed -n 's/^sentinel current-epoch //p' "$file" 2>/dev/null)
  if [ -n "$watched" ] && grep -qxF "$watched" <<<"$member_addresses"; then
    # As after a failover: those who still name the old one, also when they return later, follow.
    if [ -s "$data/adopted" ]; then watched=$(<"$data/adopted") epoch=$((epoch + 1)); fi
    printf 'sentinel monitor %s %s %s %s\n' "$PRIMARY_NAME" "$watched" "$PORT" "$QUORUM"
    options
    if [ -s "$data/adopted" ]; then
      echo "sentinel config-epoch $PRIMARY_NAME $epoch"
      grep -vwF "$watched" <<<"$member_addresses" | sed "s/.*/sentinel known-replica $PRIMARY_NAME & $PORT/"
    else
      grep -E '^sentinel config-epoch ' "$file"
      grep -E '^sentinel known-replica ' "$file" | grep -wF -f <(printf '%s\n' "$member_addresses")
    fi
    grep -E '^sentinel (leader-epoch|known-sentinel) ' "$file"
  fi
  if [ -n "$epoch" ]; then echo "sentinel current-epoch $epoch"; fi
}

# options: of the primary that is watched, as lines of the file. Where all see at the same moment that it is gone, as on a busy
# machine, each votes for itself, nobody is elected, and they try again only after twice FAILOVER_TIMEOUT. Those that the quorum
# does not need look a second later, and have their votes left.
options() {
  local down_after=$DOWN_AFTER
  if [ "$number" -ge "$QUORUM" ]; then down_after=$((DOWN_AFTER + 1000)); fi
  printf "sentinel %s $PRIMARY_NAME %s\n" \
    down-after-milliseconds "$down_after" failover-timeout "$FAILOVER_TIMEOUT" parallel-syncs 1 \
    master-reboot-down-after-period "$DOWN_AFTER" auth-user sentinel auth-pass "$(<"$SENTINEL_PASSWORD_FILE")"
}

write_configuration() {
  cat "$configuration/sentinel.conf"
  tls_lines "$SENTINEL_PORT"
  printf '%s\n' "dir $data" "bind ${BIND:-*}" "unixsocket $run/server.sock" 'unixsocketperm 700' "aclfile $run/users.acl" \
    "sentinel announce-ip $own_address" "sentinel announce-port $SENTINEL_PORT" \
    'sentinel sentinel-user sentinel' "sentinel sentinel-pass $(<"$SENTINEL_PASSWORD_FILE")" \
    "sentinel myid $(printf '%s' "$own_host" | sha1sum | cut -c 1-40)"
  known
}

make_admin
rm -f "$run"/address-*
until_found
until write_users "$configuration/users.acl"; do
  [ -z "$ending" ] || exit 0
  sleep 1
done
while [ -z "$ending" ]; do
  write_configuration >"$file.new" && sync "$file.new" && mv "$file.new" "$file" && rm -f "$data/adopted"
  rm -f "$run/server.sock"
  redis-server "$file" --sentinel &
  server=$!
  adopt "$server" &
  until_ended
  sleep 1
  write_users "$configuration/users.acl"
done
