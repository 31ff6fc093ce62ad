# shellcheck shell=bash
# shellcheck disable=SC1091,SC2034,SC2154 # the files of a pod see each other's functions and variables
# What to do with a log that the server refused. Sourced.

# patiently WHAT COMMAND...: one that reads or writes a whole log takes minutes. What it is doing is written down again each
# second, which counts as living to the probes.
patiently() {
  local ticker code
  while printf '%s\n' "$1" >"$run/waiting"; do sleep 1; done &
  ticker=$!
  shift
  "$@"
  code=$?
  kill "$ticker" 2>/dev/null
  return "$code"
}

# set_aside: moves the data where a person finds it; an older one makes room when this one is there. What holds nothing is
# only removed. Where it can't be moved, everything stays, and `why` says so.
set_aside() {
  local size each to=$data/set-aside
  # What was there before a copy of the primary that never was complete takes no room of what was damaged.
  if half_copied; then to=$data/set-aside-half; fi
  size=$(du -sb --total "$data/appendonlydir" "$data/dump.rdb" 2>/dev/null | tail -n 1 | cut -f 1)
  # A folder that is there already was begun before this pod was ended.
  if [ "${size:-0}" -gt 16384 ] || [ -d "$to.new" ]; then
    for each in appendonlydir dump.rdb; do
      if [ -e "$data/$each" ] && ! { mkdir -p "$to.new" && mv "$data/$each" "$to.new"; } 2>"$run/moved"; then
        why="the data can't be moved to $to.new: $(tail -n 1 "$run/moved")"
        return 1
      fi
    done
    swap_aside "$to" || return
    say "the data that was here, $size bytes, is in $to"
  fi
  rm -rf "$data/appendonlydir" "$data/dump.rdb" "$data"/temp-*
}

# copy_aside: as above, and the log stays.
copy_aside() {
  local to=$data/set-aside part=$data/set-aside.part
  rm -rf "$part"
  if ! { mkdir "$part" && patiently 'the damaged log is copied' cp -r "$data/appendonlydir" "$part" &&
    patiently 'the copy of the log goes to the disk' sync -f "$part"; } 2>"$run/moved"; then
    why="the log is damaged, and no copy of it can be kept in $part: $(tail -n 1 "$run/moved")"
    rm -rf "$part"
    return 1
  fi
  mv "$part" "$to.new" && swap_aside "$to"
}

swap_aside() {
  if rm -rf "$1" && mv "$1.new" "$1"; then return; fi
  why="$1.new can't take the place of $1"
  return 1
}

manifest() {
  compgen -G "$data/appendonlydir/*.manifest" | head -n 1
}

# empty_base: whether the first part of the log, which has most of it, has no byte: a server would begin without it.
empty_base() {
  local found base
  found=$(manifest)
  [ -n "$found" ] || return 1
  base=$(sed -n 's/^file \([^ ]*\) .*type b.*/\1/p' "$found")
  [ -n "$base" ] && [ -e "$data/appendonlydir/$base" ] && [ ! -s "$data/appendonlydir/$base" ] || return 1
  unreadable="the first part of the log, $base, is empty"
}

# damaged: whether a server that ended without having answered did so because of its log.
damaged() {
  local found
  found=$(manifest)
  [ -n "$found" ] || return 1
  if ! patiently 'the log is checked' redis-check-aof "$found" >"$run/checked" 2>&1 </dev/null; then return; fi
  # What is a command to that program needs to be none to the server, whose words are kept at its next start.
  if unreadable=$(sed -n 's/^.* # //p' "$run/words" 2>/dev/null | grep -m 1 -E 'reading the append only file|RDB'); then
    unreadable="the server refuses the log: $unreadable"
    return
  fi
  listen=yes
  return 1
}

# The first words of a server, beside the log of the pod.
keep_words() {
  tee >(head -c 65536 >"$run/words" && cat >/dev/null)
}

# What of the last file would be cut off, without the zeros that a file system leaves after a loss of power.
to_cut() {
  local line file size good tail
  line=$(sed -n 's/^AOF analyzed: //p' "$run/checked" | tail -n 1)
  file=$(sed -n 's/.*filename=\([^,]*\),.*/\1/p' <<<"$line")
  size=$(sed -n 's/.*size=\([0-9]*\),.*/\1/p' <<<"$line")
  good=$(sed -n 's/.*ok_up_to=\([0-9]*\),.*/\1/p' <<<"$line")
  [ -n "$file" ] && [ -n "$size" ] && [ -n "$good" ] || return 1
  tail=$(tail -c "+$((good + 1))" "$data/appendonlydir/${file##*/}" | sed 's/\x00*$//' | wc -c)
  echo "$tail"
}

# mend: repairs a log that nobody else can replace, or sets `why` it can't. Keeps a copy, and cuts no more than REPAIR_BYTES.
mend() {
  local cut
  if [ -n "$unreadable" ]; then
    why=$unreadable
    return 1
  fi
  if ! cut=$(to_cut); then
    why="the log is damaged where it can't be cut: $(tail -n 1 "$run/checked")"
    return 1
  fi
  if [ "$cut" -gt "$REPAIR_BYTES" ]; then
    why="the log is damaged so far from its end that $cut bytes would be cut, more than $REPAIR_BYTES"
    return 1
  fi
  # Once: what a repair that failed has left is not what was there.
  if [ -z "$copied" ]; then copy_aside || return; fi
  copied=yes
  if ! yes | patiently 'the log is repaired' redis-check-aof --fix "$(manifest)" >"$run/checked" 2>&1; then
    why="redis-check-aof could not repair the log: $(tail -n 1 "$run/checked")"
    return 1
  fi
  copied=''
  say "the end of the log was damaged, and $cut bytes of it were cut off; as it was, it is in $data/set-aside"
}
