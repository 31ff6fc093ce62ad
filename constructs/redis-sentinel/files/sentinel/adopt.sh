# shellcheck shell=bash
# shellcheck disable=SC1091,SC2034,SC2154 # the files of a pod see each other's functions and variables
# Whom a Sentinel watches. Sourced by start.sh, which runs it beside the Sentinel.

# primaries: of lines with address and role, in any order, those that say that they are it.
primaries() {
  sed -n 's/ master$//p'
}

# choose: whom to watch, of what others say. Two Sentinels that begin with different primaries never agree again, and nobody
# is told; so it is one that says itself that it is the primary, and one on which those Sentinels agree that watch any.
#   others  addresses that other Sentinels name, a line each
#   said    of each member that answers, its address and its role
choose() {
  local named one
  named=$(sort -u <<<"$others" | sed '/^$/d')
  one=$(primaries <<<"$said")
  if [ -n "$named" ]; then
    # They agree: the primary may be away just now, and they need this one to replace it.
    if [ "$(wc -l <<<"$named")" = 1 ]; then echo "$named"; fi
  elif [ -n "$one" ] && [ "$(wc -l <<<"$one")" = 1 ]; then
    echo "$one"
  fi
}

# What the other Sentinels name, without those that say nothing.
ask_others() {
  local line index=0
  while IFS= read -r line; do
    if [ "$index" != "$number" ]; then
      case $line in silent | unconfigured) ;; *) printf '%s\n' "${line% down}" ;; esac
    fi
    index=$((index + 1))
  done < <(ask_sentinels)
}

ask_members() {
  local member answer
  while IFS= read -r member; do
    if answer=$(ask "$member" "$PORT" role); then printf '%s %s\n' "$member" "${answer%%$'\n'*}"; fi
  done <<<"$member_addresses"
}

# adopt PID: until that Sentinel is gone.
adopt() {
  local master watched others said chosen files differs=0 changed=0 missing=0 strayed=
  trap - TERM INT
  files=$(seen)
  while kill -0 "$1" 2>/dev/null; do
    sleep "${WATCH_SECONDS:-2}"
    master=$(admin sentinel master "$PRIMARY_NAME") || master=
    watched=$(field ip <<<"$master") || watched=
    others=$(ask_others)
    if [ -z "$watched" ]; then
      admin ping >/dev/null || continue
      said=$(ask_members)
      chosen=$(choose)
      if [ -n "$chosen" ]; then watch_primary "$chosen"; fi
      continue
    fi
    # Alone against all others, who agree, for longer than a failover takes to be told.
    if [ "$(sort <<<"$others" | uniq -c | sed 's/^ *//')" != "$((sentinel_count - 1)) ${others%%$'\n'*}" ] ||
      [ "${others%%$'\n'*}" = "$watched" ]; then
      differs=0
    elif [ $((differs += 1)) -gt 7 ]; then
      say "watches $watched, and all others ${others%%$'\n'*}: begins again with theirs"
      admin sentinel remove "$PRIMARY_NAME" >/dev/null
      differs=0
    fi
    if ! chosen=$(other_primary); then
      strayed=
    elif [ $(($(date +%s) - ${strayed:=$(date +%s)})) -gt "$stray_seconds" ]; then
      say "watches $watched, which is no primary, and $chosen has been one for $stray_seconds s: begins anew with that one"
      printf '%s\n' "$chosen" >"$data/adopted"
      kill -TERM "$1"
    fi
    if replica_missing; then missing=$((missing + 1)); else missing=0; fi
    # Each at another time: whoever forgets has to find the other Sentinels again.
    if [ "$missing" -gt $((30 + 10 * number)) ]; then
      say 'forgets the replica, which is out of step: what it has is old when it returns'
      admin sentinel reset "$PRIMARY_NAME" >/dev/null
      missing=0
    fi
    # It has next to nothing to do. Each at another time, as above; and not while a primary is lost, which all clients ask for
    # and this one may be about to replace.
    if spins "$1" 25 && [ "$spin_turns" -gt $((15 + 15 * number)) ] && [ "$(field flags <<<"$master")" = master ] &&
      may_begin_anew; then
      say 'uses a CPU for nothing, and begins anew'
      kill -TERM "$1"
    fi
    # It reads passwords and certificates at its start only. Never two at the same time.
    if [ "$(seen)" != "$files" ] && [ $((changed += 1)) -gt $((5 + 30 * number)) ]; then
      say 'has other passwords or certificates, and begins anew with them'
      kill -TERM "$1"
    fi
  done
}

# may_begin_anew: the first time at once, then no sooner than ten minutes after the last time, and twice as long each time, an
# hour at most. One that really has so much to do would do nothing else. Where it was quiet for hours, it is the first time.
may_begin_anew() {
  local pause=0 last=0 now
  now=$(date +%s)
  if [ -s "$run/began-anew" ]; then read -r pause last <"$run/began-anew"; fi
  # Or the clock was set back, and nobody knows.
  if [ $((now - last)) -gt 14400 ] || [ "$last" -gt "$now" ]; then pause=0 last=0; fi
  if [ $((now - last)) -lt "$pause" ]; then return 1; fi
  pause=$((pause == 0 ? 600 : pause * 2))
  printf '%s %s\n' $((pause > 3600 ? 3600 : pause)) "$now" >"$run/began-anew"
}

# other_primary: the member that says that it is the primary, and is the only one, where this Sentinel watches another one:
# a person has promoted it, or all Sentinels began with the wrong one and know no replica that they could promote.
other_primary() {
  local one
  [ "$(field flags <<<"$master")/$(field role-reported <<<"$master")" != master/master ] || return 1
  said=$(ask_members)
  one=$(primaries <<<"$said")
  [ -n "$one" ] && [ "$one" != "$watched" ] && [ "$(wc -l <<<"$one")" = 1 ] && echo "$one"
}

# Whether the primary goes on without a replica that this Sentinel would promote.
replica_missing() {
  [ "$(field flags <<<"$master")" = master ] || return 1
  admin sentinel replicas "$PRIMARY_NAME" | tr -d '\r' | grep -qE '^(s_down,|slave,.*disconnected|err$)'
}

watch_primary() {
  local key name value
  say "watches $1"
  admin sentinel monitor "$PRIMARY_NAME" "$1" "$PORT" "$QUORUM" >/dev/null
  # The last word by standard input: arguments are no place for a password.
  while read -r _ key name value; do
    printf '%s' "$value" | admin -x sentinel set "$name" "$key" >/dev/null
  done < <(options)
}
