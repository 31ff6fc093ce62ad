# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # the files of a pod see each other's functions and variables
# Makes a log of a dump, by a server that nobody else can reach. Sourced. A server that keeps a log and finds none begins
# empty, whatever dump lies beside: it has to start without one, and begin it when everything is loaded.

loader=''

# begin_loader DIRECTORY LINES: of its configuration, after those of every member.
begin_loader() {
  local directory=$1
  shift
  socket=$directory/loader.sock
  {
    cat "$configuration/redis.conf" "$configuration/settings.conf"
    printf '%s\n' 'port 0' "unixsocket $socket" 'unixsocketperm 700' "dir $directory" 'maxmemory 0' "$@"
  } >"$directory/loader.conf"
  redis-server "$directory/loader.conf" >"$directory/loader.log" 2>&1 &
  loader=$!
  until [ "$(of_loader info persistence | field loading)" = 0 ]; do
    if ! kill -0 "$loader" 2>/dev/null; then
      loader=''
      problem="the server ended while it loaded: $(grep -v '^[[:space:]]*$' "$directory/loader.log" | tail -n 1)"
      return 1
    fi
    sleep 0.2
  done
}

of_loader() {
  timeout -s KILL 10 redis-cli -s "$socket" "$@" 2>/dev/null
}

# keys_loaded: of all databases.
keys_loaded() {
  of_loader info keyspace | sed -n 's/^db[0-9]*:keys=\([0-9]*\),.*/\1/p' | {
    local sum=0 count
    while read -r count; do sum=$((sum + count)); done
    echo "$sum"
  }
}

# end_loader: with everything on the disk.
end_loader() {
  if [ -z "$loader" ]; then return 0; fi
  kill -TERM "$loader" 2>/dev/null
  wait "$loader"
  loader=''
}

# load DIRECTORY DUMP: makes DIRECTORY/appendonlydir of DIRECTORY/DUMP, and sets `loaded`.
load() {
  local info
  begin_loader "$1" 'appendonly no' "dbfilename $2" || return
  loaded=$(keys_loaded)
  if [ "$(of_loader config set appendonly yes)" != OK ]; then
    problem="the server began no log: $(grep -v '^[[:space:]]*$' "$1/loader.log" | tail -n 1)"
    end_loader
    return 1
  fi
  until info=$(of_loader info persistence) &&
    [ "$(field aof_enabled <<<"$info")/$(field aof_rewrite_in_progress <<<"$info")" = 1/0 ] &&
    [ "$(field aof_rewrite_scheduled <<<"$info")" = 0 ]; do
    if ! kill -0 "$loader" 2>/dev/null; then break; fi
    sleep 0.2
  done
  if [ "$(field aof_last_bgrewrite_status <<<"$info")" != ok ]; then
    problem="the log could not be written: $(tail -n 1 "$1/loader.log")"
    end_loader
    return 1
  fi
  if ! end_loader || ! redis-check-aof "$1"/appendonlydir/*.manifest >"$1/checked" 2>&1 </dev/null; then
    problem="the log that was made is damaged: $(tail -n 1 "$1/checked")"
    return 1
  fi
}
