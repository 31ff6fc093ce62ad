# shellcheck shell=bash
# Whether a server turns in a circle. A connection that was begun while its Service had no pod, and accepted a second later,
# keeps the refusal of before in a queue of the kernel (5.19 and newer) that Redis never reads: it is told of an error again
# and again, and uses a whole CPU for as long as the connection stays. See https://github.com/redis/redis/issues/9956. Sourced.

spin_used='' spin_at='' spin_turns=0

# spins PID SHARE: whether that process has used more than SHARE hundredths of a CPU since this was last asked. Counts in
# `spin_turns` how often in a row.
spins() {
  local stat used at share=0
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  # Behind its name, which may have blanks: of user and system, in hundredths of a second.
  read -r -a stat <<<"${stat##*) }"
  used=$((stat[11] + stat[12]))
  at=${EPOCHREALTIME/[.,]/}
  if [ -n "$spin_at" ] && [ "$at" -gt "$spin_at" ]; then share=$(((used - spin_used) * 1000000 / (at - spin_at))); fi
  spin_used=$used spin_at=$at
  if [ "$share" -gt "$2" ]; then spin_turns=$((spin_turns + 1)); else spin_turns=0; fi
  [ "$spin_turns" -gt 0 ]
}
