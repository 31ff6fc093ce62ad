#!/bin/bash
# The main process of a proxy: HAProxy, with the password of its questions from a file, also when it changes, and with the
# addresses that Sentinels know the members by. MEMBERS are their hosts.
set -u
umask 077
run=${RUN:-/run/haproxy}
configuration=${CONFIGURATION:-/etc/haproxy}

# What haproxy.cfg takes from variables.
write_variables() {
  local host found index=0
  [ -s "$PROBE_PASSWORD_FILE" ] || return 1
  printf 'global\n  setenv PROBE_PASSWORD "%s"\n' "$(<"$PROBE_PASSWORD_FILE")" || return 1
  for host in $MEMBERS; do
    found=$(timeout 5 getent ahostsv4 "$host") || return 1
    printf '  setenv ADDRESS_%s %s\n' "$index" "${found%% *}"
    index=$((index + 1))
  done
}

read_again() {
  write_variables >"$run/variables.new" && mv "$run/variables.new" "$run/variables.cfg"
}

# As the first process of a container it is deaf to what it has no trap for.
trap 'exit 143' TERM INT
until read_again; do
  echo "start.sh: waits for the names $MEMBERS, and for a password in $PROBE_PASSWORD_FILE" >&2
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
