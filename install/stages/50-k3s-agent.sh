#!/usr/bin/env bash
# K3s on nodes that only run pods.

if [ "$ROLE" != agent ]; then
  say "a $ROLE: nothing to do"
  return 0
fi
need k3s/agent-token

owing=k3s
# A cluster that was begun anew has another authority, which an agent asks for when it starts.
if begins_restore; then
  owe
  if [ "$dry_run" = no ]; then put_text "${state#"$root"}/restoring" 600 "$RESTORE"; fi
fi
for name in config.yaml registries.yaml; do
  if [ -f "$files/etc/rancher/k3s/$name" ]; then
    put "$files/etc/rancher/k3s/$name" "/etc/rancher/k3s/$name" 600
  else
    take_away "/etc/rancher/k3s/$name"
  fi
done
# The servers' own token would open the snapshots, and has no place here.
put "$secrets/k3s/agent-token" /etc/rancher/k3s/agent-token 600

node_password

answers() { curl --insecure --silent --fail --output /dev/null --max-time 5 "https://$FIRST_SERVER_ADDRESS:6443/ping"; }
wait_for "the API server of $FIRST_SERVER_ADDRESS" 300 \
  "is K3s there (install/run $ENVIRONMENT --only 40-k3s-server), and the tunnel (wg show has a handshake)?" answers
k3s_service k3s-agent agent
ready() { curl --silent --fail --output /dev/null --max-time 5 http://127.0.0.1:10248/healthz; }
wait_for 'the kubelet' "${K3S_SECONDS:-300}" '@k3s_trouble k3s-agent' ready
