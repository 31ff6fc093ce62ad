#!/usr/bin/env bash
# K3s on nodes that keep the cluster's state: servers, and the witness, which only votes.

if [ "$ROLE" = agent ]; then
  say 'an agent: nothing to do'
  return 0
fi
for name in token agent-token; do need "k3s/$name"; done
if begins_restore; then give_up_state; fi

owing=k3s
for name in config.yaml admission.yaml audit.yaml registries.yaml; do
  [ -f "$files/etc/rancher/k3s/$name" ] || continue
  put "$files/etc/rancher/k3s/$name" "/etc/rancher/k3s/$name" 600
done
for name in token agent-token; do
  put "$secrets/k3s/$name" "/etc/rancher/k3s/$name" 600
done
node_password
if [ ! -d "$root/var/lib/rancher/k3s/server/logs" ] && change '/var/lib/rancher/k3s/server/logs'; then
  install -d -m 700 "$root/var/lib/rancher/k3s/server/logs"
fi

# Whom it joins: what it has been stays, a server that answers is joined, and the first one begins the cluster. A server
# that has the state and does not answer is not begun anew beside: then there would be two clusters. Of a cluster that is
# restored the first server is the first one, whoever of the old one still answers.
answers() { curl --insecure --silent --fail --output /dev/null --max-time 5 "https://$1:6443/ping"; }
join=/etc/rancher/k3s/config.yaml.d/join.yaml
if [ ! -f "$root$join" ]; then
  other=''
  servers=$OTHER_SERVERS
  if [ "${RESTORE:-no}" != no ]; then
    servers=''
    STATE_ELSEWHERE=no
  fi
  for address in $servers; do
    if answers "$address"; then
      other=$address
      break
    fi
  done
  if [ -z "$other" ] && [ "$FIRST_SERVER" = yes ]; then
    [ "${STATE_ELSEWHERE:-no}" = no ] ||
      die "$STATE_ELSEWHERE has the cluster's state, and its API server does not answer" \
        "start K3s there first (systemctl status k3s): begun anew here there would be two clusters"
    lines='cluster-init: true'
  else
    if [ -z "$other" ]; then
      other=$FIRST_SERVER_ADDRESS
      wait_for "the API server of $other" 300 \
        'is K3s there (install/run --only 40-k3s-server), and the tunnel (wg show has a handshake)?' answers "$other"
    fi
    lines="server: https://$other:6443"
  fi
  put_text "$join" 600 "$lines"
fi

if [ "$FIRST_SERVER" = yes ] && [[ ${RESTORE:-no} =~ ^[0-9a-f]{64}$ ]]; then etcd_restored; fi

# The way back from an upgrade.
if [ "${UPGRADE:-no}" = yes ] && systemctl is-active --quiet k3s && change 'a snapshot before the upgrade'; then
  "$root/usr/local/bin/k3s" etcd-snapshot save --name before-upgrade >/dev/null
fi
k3s_service k3s server
ready() { if [ "$ROLE" = witness ]; then systemctl is-active --quiet k3s; else kube get --raw /readyz; fi; }
wait_for 'K3s' "${K3S_SECONDS:-300}" '@k3s_trouble k3s' ready
