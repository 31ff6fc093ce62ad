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
  if [ -f "$files/etc/rancher/k3s/$name" ]; then
    put "$files/etc/rancher/k3s/$name" "/etc/rancher/k3s/$name" 600
  else
    take_away "/etc/rancher/k3s/$name"
  fi
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
    [[ ${STATE_ELSEWHERE:-no} != unknown:* ]] ||
      die "${STATE_ELSEWHERE#*:} is not reached, and may have the cluster's state" \
        'bring that machine back, or make it anew (terraform/README.md): begun anew here there might be two clusters'
    [ "${STATE_ELSEWHERE:-no}" = no ] ||
      die "$STATE_ELSEWHERE has the cluster's state, and its API server does not answer" \
        "start K3s there first (systemctl status k3s): begun anew here there would be two clusters"
    lines='cluster-init: true'
  else
    if [ -z "$other" ]; then
      other=$FIRST_SERVER_ADDRESS
      wait_for "the API server of $other" 300 \
        "is K3s there (install/run $ENVIRONMENT --only 40-k3s-server), and the tunnel (wg show has a handshake)?" answers "$other"
    fi
    lines="server: https://$other:6443"
  fi
  put_text "$join" 600 "$lines"
fi

if [ "$FIRST_SERVER" = yes ] && [[ ${RESTORE:-no} =~ ^[0-9a-f]{64}$ ]]; then etcd_restored; fi

# The way back from an upgrade, which there is no other one from.
program=$root/usr/local/bin/k3s
if [ "${UPGRADE:-no}" = yes ] && [ -e "$root/var/lib/rancher/k3s/server/db/etcd" ] && ! is_pinned "$program" "$K3S_SHA256"; then
  systemctl is-active --quiet k3s ||
    die 'K3s does not run, so there is no snapshot to come back to from an upgrade' 'start it as it is first: journalctl --unit k3s says what keeps it'
  if change 'a snapshot before the upgrade'; then
    "$program" etcd-snapshot save --name before-upgrade >/dev/null ||
      die 'K3s takes no snapshot, and without one there is no way back from an upgrade' \
        "K3s says why above: mostly a full disk, or the keys of the bucket (install/run $ENVIRONMENT --only 60-secrets brings them)"
  fi
fi
k3s_service k3s server
ready() { if [ "$ROLE" = witness ]; then systemctl is-active --quiet k3s; else kube get --raw /readyz; fi; }
wait_for 'K3s' "${K3S_SECONDS:-300}" '@k3s_trouble k3s' ready
