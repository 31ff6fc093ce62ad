# shellcheck shell=bash
# shellcheck disable=SC1091,SC2034,SC2154 # the files of a pod see each other's functions and variables
# Looks after a server that runs. Sourced by start.sh, which runs it beside the server.

# watch PID ROLE: until that server is gone, which began as ROLE.
watch() {
  local info role=$2 link files now kind answered='' wish=stay since=0 turn=0 linked=no promoted=0 freed=0
  # Nobody has just promoted one that began as the primary.
  if [ "$role" = primary ]; then promoted=1; fi
  trap - TERM INT
  files=$(seen)
  while kill -0 "$1" 2>/dev/null; do
    if [ -n "$answered" ]; then sleep 1; else sleep 0.1; fi
    turn=$((turn + 1))
    if [ $((turn % 10)) = 0 ]; then renew; fi
    info=$(admin info) && [ "$(field loading <<<"$info")" = 0 ] || continue
    now=$(date +%s)
    if [ -z "$answered" ]; then
      answered=$now
      gone=$(away)
      touch "$run/answered"
    fi
    case $(field role <<<"$info") in
      master)
        role=primary link=-
        if [ "$promoted" = 0 ]; then promoted=$now; fi
        ;;
      *)
        role=replica link=$(field master_link_status <<<"$info") promoted=0
        # It takes no writes as that, and all of them as soon as it is promoted.
        if [ -e "$run/closed" ]; then take_writes; fi
        ;;
    esac
    keep_state
    look_around
    free_link "$1"
  done
}

# free_link PID: begins the connection to the primary anew where it may be what keeps a CPU busy. Nothing is missed by that,
# and who really has so much to do is asked no more than every ten minutes.
free_link() {
  if [ "$role/$link" != replica/up ]; then
    spin_turns=0
    return
  fi
  if spins "$1" 80 && [ "$spin_turns" -gt 60 ] && [ $((now - freed)) -gt 600 ]; then
    say 'uses a CPU for a minute: begins the connection to the primary anew'
    admin client kill type master >/dev/null
    freed=$now
  fi
}

# Keeps what whole() of know.sh asks for. After a copy of the primary the log has to be written anew; until then, that of
# before is on the disk. Once it is, it is as good as any replica's, also where the primary is gone by then.
keep_state() {
  local writing
  if [ "$role" = primary ]; then
    linked=yes
    remember primary
    return
  fi
  writing=$(grep -cE '^aof_rewrite_(in_progress|scheduled):1|^master_sync_in_progress:1' <<<"$info")
  if [ "$link" != up ]; then linked=no; fi
  if [ "$linked" = yes ] || { [ "$writing" = 0 ] && copied; }; then
    if [ "$(field slave_priority <<<"$info")" = 0 ]; then
      admin config set replica-priority 100 >/dev/null
      say 'is in step with the primary'
    fi
    if [ "$link" = up ]; then linked=yes; fi
    remember replica
    return
  fi
  if [ "$writing" != 0 ]; then
    : >"$state"
  elif [ -s "$state" ]; then
    remember replica
  fi
}

# Whether a server that follows has what a primary had: it knows how far it has read of it. Before, it says 1.
copied() {
  [ "$link" = up ] || [ "$(field slave_repl_offset <<<"$info")" -gt 1 ]
}

# Asks the others, unless the other member is where it should be. Two replicas of each other are both in step, they say.
look_around() {
  local followed=no
  if grep -q "^slave[0-9]*:ip=$peer_address,.*state=online" <<<"$info"; then followed=yes; fi
  if [ "$role" = primary ] && [ -e "$run/closed" ]; then
    open_when_sure
  else
    case $role/$link/$followed in primary/*/yes | replica/up/no) wish=stay && return ;; esac
  fi
  own=empty
  if whole; then own=whole; fi
  know_peer 0
  know_sentinels
  # Who doesn't answer for a moment changes nothing.
  if [ "$named" = none ]; then return; fi
  if [ "$wish" != "$(correct)" ]; then
    wish=$(correct)
    since=$now
  fi
  case $wish in
    replica)
      # To one that was just promoted, Sentinels name the old primary for moments.
      if [ $((now - promoted)) -lt 10 ]; then return; fi
      say 'the Sentinels have another primary, and it answers as that: this one follows it'
      admin replicaof "$peer_address" "$PORT" >/dev/null
      # Clients that stay would be refused every write; Sentinels close theirs too.
      for kind in normal pubsub; do admin client kill type "$kind" >/dev/null; done
      ;;
    primary)
      # A failover looks like this for moments.
      if [ $((now - since)) -lt 4 ]; then return; fi
      say 'the Sentinels call this member the primary, and nobody is: it becomes that'
      admin replicaof no one >/dev/null
      ;;
  esac
}

# A primary that was away for so long that another one may be about to be promoted takes no writes before it is sure.
open_when_sure() {
  if [ "$gone" -ge "$safely_away" ]; then
    know_sentinels
    # A Sentinel that was just about to take it for down has said so within a second. One that says so for a minute can't
    # reach it, and has found too few others to replace it.
    if [ "$named" = peer ] || [ $((now - answered)) -lt 1 ]; then return; fi
    if [ "$down" = yes ] && [ $((now - answered)) -lt 60 ]; then return; fi
  fi
  take_writes
}

take_writes() {
  if admin config set min-replicas-to-write 0 >/dev/null; then
    rm "$run/closed"
    say 'takes writes'
  fi
}

# Certificates and passwords that have changed.
renew() {
  local now
  now=$(seen)
  [ "$now" != "$files" ] || return 0
  write_users "$configuration/users.acl" || return 0
  admin acl load >/dev/null || return 0
  printf '%s' "$(<"$REPLICATION_PASSWORD_FILE")" | admin -x config set masterauth >/dev/null || return 0
  if [ "${TLS:-yes}" = yes ]; then
    admin config set tls-cert-file "$TLS_DIRECTORY/tls.crt" tls-key-file "$TLS_DIRECTORY/tls.key" >/dev/null || return 0
  fi
  files=$now
  say 'has read its passwords and certificates again'
}
