#!/usr/bin/env bash
# What install/run does beside the stages for a cluster, or a machine, that was lost.
# shellcheck disable=SC2154 # Variables of install/run, which sources this.

# Nodes that this run is about.
nodes_in_question() { echo "${node:-$NODES}"; }

keeps_state() { ! grep -q "^ROLE='agent'" "$generated/$1/node.env"; }

# Asks the folder and the buckets, before any machine is asked. The snapshot comes along as it was proven.
prove_way_back() {
  local -a how=()
  if [ -n "$snapshot" ]; then how=(--snapshot "$snapshot" --out "$work/snapshot"); fi
  npm --prefix "$repository" run --silent way-back -- "$name" --secrets "$folder" "${how[@]}" 8>&- ||
    refuse 'the way back is not proven, so no machine was touched' 'mend what it says above'
  if [ -z "$snapshot" ]; then return; fi
  restore=$(sha256sum "$work/snapshot" | cut -d ' ' -f 1)
  # The latest may be another one by the time that somebody runs it again.
  snapshot=$(cat "$work/snapshot.name")
}

# A new machine has a new key, at the address of the old one. A dry run forgets nothing for good.
forget_keys() {
  local each
  if [ -n "$dry_run" ]; then
    if [ -f "$known_hosts" ]; then cp "$known_hosts" "$work/known_hosts"; fi
    known_hosts=$work/known_hosts
  fi
  if [ ! -f "$known_hosts" ]; then return; fi
  for each in $(nodes_in_question); do ssh-keygen -R "${public[$each]}" -f "$known_hosts" >/dev/null 2>&1 || true; done
}

# has_state NODE: yes, or mine, where this --restore was interrupted; else no. One of another snapshot is another one.
has_state() {
  # shellcheck disable=SC2016 # For the machine, but what is restored, which has no quote in it.
  on "$1" 'if [ "$(cat "${DIPTYCH_ROOT:-}/var/lib/diptych/install/restoring" 2>/dev/null)" = '"$restore"' ]; then echo mine
elif [ -e "${DIPTYCH_ROOT:-}/var/lib/rancher/k3s/server/db/etcd" ]; then echo yes; else echo no; fi'
}

# A state that is still there is not overwritten, and no second cluster is begun beside it.
check_states() {
  local each there
  for each in $NODES; do
    keeps_state "$each" || continue
    if [[ " $(nodes_in_question) " == *" $each "* ]]; then
      if [ -z "${folders[$each]:-}" ]; then bring "$each"; fi
      there=$(has_state "$each")
      [ "$there" != yes ] || [ "$replace_state" = yes ] ||
        refuse "$each has the state of a cluster, so not all is lost" \
          "install/run $name goes on with it; --replace-state gives it up, and keeps it in /var/lib/rancher/k3s/server-before-*"
    elif ! there=$(has_state "$each" 2>/dev/null); then
      [ "$replace_state" = yes ] ||
        refuse "$each is not reached, and may have the state of the cluster" \
          "bring that machine back, or make it anew; --replace-state goes on without it: see first that it is off for good"
    elif [ "$there" != no ]; then
      refuse "$each has the state of the cluster, and is not restored with the others" \
        "where it is well, install/run $name --node NODE --replaced takes back the others; else leave --node out"
    fi
  done
}

# A node of the machine that is gone would refuse the new one: its password, and in etcd its name.
give_up_node() {
  local from=$FIRST_SERVER ready
  if keeps_state "$node"; then from=$(elsewhere "$node"); fi
  [[ $from != unknown:* ]] || refuse "${from#*:} is not reached, and may have the cluster's state" 'bring that machine back first'
  [ "$from" != no ] || refuse "nobody but $node had the cluster's state" \
    "install/run $name --restore --snapshot latest --node $node brings it back from the bucket"
  # shellcheck disable=SC2016 # For the machine.
  local kubectl='"${DIPTYCH_ROOT:-}/usr/local/bin/k3s" kubectl'
  ready=$(on "$from" "$kubectl get node $node --ignore-not-found --output 'jsonpath={.status.conditions[?(@.type==\"Ready\")].status}'") ||
    refuse "$from does not answer for the cluster" 'see what K3s says there: journalctl --unit k3s'
  [ "$ready" != True ] || refuse "$node is Ready, so its machine is the one that it was" 'leave --replaced out; a node takes a minute to be missed'
  if [ -n "$dry_run" ]; then
    echo "  would: the old node $node deleted"
  else
    on "$from" "$kubectl delete node $node --ignore-not-found --wait=false" >/dev/null ||
      refuse "the old node $node can't be deleted" 'kubectl says why above'
    echo "  the old node $node deleted"
  fi
}
