#!/bin/bash
# shellcheck disable=SC1091,SC2034,SC2154 # the files of a pod see each other's functions and variables
# Before a primary is told to stop: hands over to the other member without losing what clients were told is written. Takes
# no time where there is nobody to hand over to. Less than 30 seconds.
set -u
here=$(dirname "$0")
. "$here/ask.sh"
# Seconds until a Sentinel has to be found, and then for the rest.
within=${HAND_OVER_SECONDS:-12}
number=${POD_NAME##*-}
read -r -a hosts <<<"$MEMBERS"
peer=$(address "${hosts[$((1 - number))]}") || exit 0

info=$(admin info replication) || exit 0
[ "$(field role <<<"$info")" = master ] || exit 0
grep -q "^slave[0-9]*:ip=$peer,.*state=online" <<<"$info" || {
  say 'no replica is in step: the primary stops without a successor'
  exit 0
}

# promoting: the Sentinels that would promote the replica. They ask it only every ten seconds whether it may be; and one whose
# clock stood still, as on a busy machine, says OK and does nothing for half a minute.
promoting() {
  local sentinel priority
  for sentinel in $SENTINELS; do
    [ "$(ask "$sentinel" "$SENTINEL_PORT" info sentinel | field sentinel_tilt)" = 0 ] || continue
    priority=$(ask "$sentinel" "$SENTINEL_PORT" sentinel replicas "$PRIMARY_NAME" | field slave-priority) || continue
    if [ "$priority" != 0 ]; then echo "$sentinel"; fi
  done
}
until [ -n "$(promoting)" ]; do
  if [ "$SECONDS" -ge "$within" ]; then
    say 'no Sentinel would promote the replica: the primary stops without a successor'
    exit 0
  fi
  sleep 0.5
done

# order WORDS: has a Sentinel hand over, in that way: another one may have just missed an answer of the replica, and refuse.
order() {
  local sentinel
  for sentinel in $(promoting); do
    if [ "$(ask "$sentinel" "$SENTINEL_PORT" sentinel failover "$PRIMARY_NAME" "$@")" = OK ]; then return; fi
  done
  return 1
}

# insist: until one does.
insist() {
  until order; do
    if [ $((SECONDS - began)) -ge "$within" ]; then return 1; fi
    sleep 0.5
  done
}

# coordinates: whether Sentinels of this version do themselves what keep_writes_waiting is for: those of Valkey 9, of which
# 9.1.0 ends in it. https://github.com/valkey-io/valkey/issues/4066
coordinates() {
  local version
  version=$(admin info server | field valkey_version) || return 1
  [ "${version%%.*}" -ge 9 ] && [ "$version" != 9.1.0 ]
}

# keep_writes_waiting: until the replica has all there is; reads go on.
keep_writes_waiting() {
  local wanted has=0
  admin client pause $((within * 1000)) write >/dev/null || return 1
  wanted=$(admin info replication | field master_repl_offset) || return 1
  while [ "$has" -lt "$wanted" ]; do
    if [ $((SECONDS - began)) -ge $((within / 2)) ]; then return 1; fi
    sleep 0.1
    has=$(admin info replication | sed -n "s/^slave[0-9]*:ip=$peer,.*offset=\([0-9]*\),.*/\1/p" | head -n 1)
    has=${has:-0}
  done
}

# handed_over: until this one is a replica itself, and what waited has been told so.
handed_over() {
  while [ $((SECONDS - began)) -lt "$within" ]; do
    if [ "$(admin info replication | field role)" = slave ]; then return; fi
    sleep 0.1
  done
  return 1
}

began=$SECONDS said='could not hand over: the Sentinels will see that the primary is gone'
if { coordinates && order coordinated; } || { keep_writes_waiting && insist; }; then
  if handed_over; then said='has handed over to the other member'; fi
fi
# What the new primary sends would wait too.
admin client unpause >/dev/null
say "$said"
