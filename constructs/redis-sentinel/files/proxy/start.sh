#!/bin/bash
# The main process of a proxy: HAProxy, with the password of its questions from a file, also when it changes, and with the
# addresses of the members and Sentinels, whose hosts are MEMBERS and SENTINELS. HAProxy itself asks for no name: the one that
# answers may be on the node that is lost, and what it can't find for half a minute it takes for gone.
set -u
umask 077
run=${RUN:-/run/haproxy}
configuration=${CONFIGURATION:-/etc/haproxy}

# What haproxy.cfg takes from variables.
write_variables() {
  local kind host found index
  [ -s "$PROBE_PASSWORD_FILE" ] || return 1
  printf 'global\n  setenv PROBE_PASSWORD "%s"\n' "$(<"$PROBE_PASSWORD_FILE")" || return 1
  for kind in MEMBER SENTINEL; do
    index=0
    for host in $([ "$kind" = MEMBER ] && echo "$MEMBERS" || echo "$SENTINELS"); do
      found=$(timeout 5 getent ahostsv4 "$host") || return 1
      printf '  setenv %s_%s %s\n' "$kind" "$index" "${found%% *}"
      index=$((index + 1))
    done
  done
}

read_again() {
  write_variables >"$run/variables.new" && mv "$run/variables.new" "$run/variables.cfg"
}

# As the first process of a container it is deaf to what it has no trap for.
trap 'exit 143' TERM INT
until read_again; do
  echo "start.sh: waits for the names $MEMBERS $SENTINELS, and for a password in $PROBE_PASSWORD_FILE" >&2
  sleep 1
done
haproxy -W -f "$run/variables.cfg" -f "$configuration/haproxy.cfg" -f "$configuration/cluster.cfg" &
proxy=$!
trap 'kill -USR1 "$proxy" 2>/dev/null' TERM INT

# Kubernetes replaces the file of a password in place, and a Service that is made anew has another address.
(
  before=$(<"$run/variables.cfg")
  while sleep 10; do
    if read_again && [ "$(<"$run/variables.cfg")" != "$before" ]; then
      before=$(<"$run/variables.cfg")
      kill -USR2 "$proxy"
    fi
  done
) &

# A signal ends wait, and its handler lets it go on.
code=0
while kill -0 "$proxy" 2>/dev/null; do wait "$proxy" && code=0 || code=$?; done
exit "$code"
