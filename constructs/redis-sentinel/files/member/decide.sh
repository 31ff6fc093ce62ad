# shellcheck shell=bash
# shellcheck disable=SC1091,SC2034,SC2154 # the files of a pod see each other's functions and variables
# What a member is to be, as functions of what is known and of nothing else. Sourced; tests walk through every state.

# decide: what a member that starts is to be: `primary`, `replica` (of the other one), or `wait` and why. Nothing answers at
# its address until then, so that Sentinels take it for down and not for something that it isn't. What it knows:
#   own    empty | whole          what is on its volume; whole: it was a primary, or in step with one
#   was    primary | replica | -  what it last was
#   boot   same | other           whether its node has run ever since
#   peer   silent | primary | follows | old | nothing
#          the other member; a replica with data, one with data that was out of step, or one that has none
#   lived  yes | no               whether the other one has run for longer than this one was away
#   named  self | peer | unconfigured | none
#          whom the majority of Sentinels calls the primary; unconfigured: the majority watches nobody yet
#   some   self | peer | both | none
#          whom those that answer name, few as they may be
#   down   yes | no               whether one of them takes the named one for down, or replaces it
#   waited seconds since it first asked
#   first  yes | no               whether it is the member with the number 0
decide() {
  case $named in
    # Whatever the other one does: if it is down, the Sentinels promote this one, if this one has data.
    peer) echo replica ;;
    self) decide_named ;;
    *) decide_unnamed ;;
  esac
}

# The Sentinels say that this one is the primary.
decide_named() {
  case $own/$peer in
    # Begun empty, it would empty the other one too. While it is silent, the other one is promoted.
    empty/nothing) echo primary ;;
    empty/old) old ;;
    empty/silent) echo 'wait this member is the primary to the Sentinels and has no data, and the other one does not answer' ;;
    empty/*) echo 'wait this member is the primary to the Sentinels and has no data: they have to promote the other one' ;;
    whole/follows | whole/primary)
      if [ "$down/$peer" = yes/primary ] && [ "$waited" -lt 60 ]; then
        # A person has promoted it, or a Sentinel that told nobody. What it took since would be lost.
        echo 'wait the other member is the primary: the Sentinels have to follow it'
      elif [ "$down" = yes ] && [ "$waited" -lt 10 ]; then
        echo 'wait the Sentinels are about to promote the other member'
      elif [ "$boot" = other ] && [ "$lived" = yes ] && [ "$waited" -lt 15 ]; then
        # Its node lost power, and with it the last second before; the other one has that second.
        echo 'wait the other member has what this one lost with its power: the Sentinels have to promote it'
      else
        echo primary
      fi
      ;;
    *) echo primary ;;
  esac
}

old() {
  echo 'wait this member has no data, and what the other one has is old: a person has to promote it: docs/runbooks/redis-no-primary.md'
}

# The Sentinels say nothing that counts.
decide_unnamed() {
  case $own/$peer in
    */primary) echo replica ;;
    # Nobody has anything.
    empty/nothing) echo primary ;;
    empty/old) old ;;
    empty/follows)
      # The other one promotes itself when no Sentinel has anybody to watch.
      if [ "$named" = unconfigured ]; then echo replica; else echo 'wait the Sentinels do not answer, and this member has no data'; fi
      ;;
    empty/silent)
      # Of two that begin, one has to follow. The other one may also wait for an answer, and have data.
      if [ "$first" = yes ] && [ "$waited" -lt 20 ]; then
        echo 'wait this member has no data, and the other one does not answer'
      else
        echo replica
      fi
      ;;
    whole/nothing | whole/old) echo primary ;;
    whole/follows) if [ "$was" = primary ]; then echo primary; else echo replica; fi ;;
    whole/silent)
      if [ "$was" != primary ]; then
        echo replica
      elif [ "$some" = self ] && [ "$boot" = same ]; then
        # It was the primary of a part that has no majority, and goes on as that.
        echo primary
      else
        echo 'wait this member was the primary, and nobody answers who could say that it still is'
      fi
      ;;
  esac
}

# correct: what a member that runs should become: `replica` at once, `primary` where that lasts, or `stay`. What it knows beside
# the above:
#   role   primary | replica
correct() {
  case $role/$named/$peer in
    # Sentinels would say so too, after 8 seconds in which it takes writes that are lost.
    primary/peer/primary) echo replica ;;
    replica/self/primary) echo stay ;;
    # The state in which everybody agrees on a primary that is none. Sentinels see it after 25 s, and often find nobody to
    # promote.
    replica/self/*) if [ "$own" = whole ]; then echo primary; else echo stay; fi ;;
    # No Sentinel can promote anybody, and the other one has nothing.
    replica/unconfigured/nothing) if [ "$own" = whole ] || [ "$first" = yes ]; then echo primary; else echo stay; fi ;;
    replica/unconfigured/old) if [ "$own" = whole ]; then echo primary; else echo stay; fi ;;
    # Both were in step when the power went: each has it all.
    replica/unconfigured/follows) if [ "$own/$first" = whole/yes ]; then echo primary; else echo stay; fi ;;
    *) echo stay ;;
  esac
}
