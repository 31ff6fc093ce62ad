#!/usr/bin/env bash
# Asks the machine and the cluster whether all of it is so. It changes nothing.

if [ "$dry_run" = yes ]; then
  say 'would ask whether all of it is so'
  return 0
fi

# A node that nobody has spoken to for three minutes is asked first.
for peer in $PEERS; do
  name=${peer%%=*} address=${peer#*=}
  reached() { ping -c 1 -W 2 "$address"; }
  wait_for "$name through the tunnel" 60 "wg show: without a handshake its keys or its firewall differ: install/run $ENVIRONMENT --only 20-wireguard" reached
  say "ok: $name answers through the tunnel"
done
nft list table inet diptych >/dev/null || die 'the firewall is not loaded' "install/run $ENVIRONMENT --only 30-nftables"
say 'ok: the firewall is loaded'

# Once all is well, the next --restore is another one.
restored() { rm -f "$state/restoring" "$state/etcd-restored"; }
if [ "$FIRST_SERVER" != yes ]; then
  restored
  return 0
fi
for pair in $HOSTS; do
  node=${pair%%=*}
  is_ready() { [ "$(kube get node "$node" --output 'jsonpath={.status.conditions[?(@.type=="Ready")].status}')" = True ]; }
  # A witness has no other pods than K3s' own, and is a node all the same.
  wait_for "the node $node" 300 "kubectl describe node $node says what it lacks" is_ready
  say "ok: $node is ready"
done
# K3s sets it when the node is first known, and never again.
for node in $WITNESSES; do
  kept=$(kube get node "$node" --output "jsonpath={.spec.taints[?(@.key==\"${WITNESS_TAINT%:*}\")].effect}")
  [ "$kept" = "${WITNESS_TAINT#*:}" ] ||
    die "nothing keeps pods off $node, which is to vote and nothing else" "kubectl taint node $node $WITNESS_TAINT"
  say "ok: $node only votes"
done

applications=$(kube get applications --namespace argocd --output 'jsonpath={range .items[*]}{.metadata.name}{"\n"}{end}')
[ -n "$applications" ] || die 'Argo CD has no application' "install/run $ENVIRONMENT --only 80-root"
for application in $applications; do
  state_of() { kube get application "$application" --namespace argocd --output 'jsonpath={.status.health.status} {.status.sync.status}'; }
  is_well() { [ "$(state_of)" = 'Healthy Synced' ]; }
  wait_for "the application $application" "${SYNC_SECONDS:-1800}" \
    "kubectl describe application $application --namespace argocd: what it lacks; docs/runbooks/argocd-stuck.md" is_well
  say "ok: $application is Healthy and Synced"
done
restored
