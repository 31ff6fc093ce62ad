#!/usr/bin/env bash
# The host's firewall: a table of its own, at every start before the network is there.

# Tables of everybody else. Not their rules: kube-proxy takes some away at any time.
foreign_tables() { nft --stateless list ruleset | awk '/^table / && !($2 == "inet" && $3 == "diptych") { print $2, $3 }' | sort; }

if ! nft --check --file "$files/etc/diptych/firewall.nft"; then
  die 'the kernel refuses the rules, and the old ones stay' 'nft says why above; is the kernel as old as Debian 12 at least (fib, conntrack)?'
fi
owing=firewall
put "$files/etc/diptych/firewall.nft" /etc/diptych/firewall.nft 600
put "$common/etc/systemd/system/diptych-firewall.service" /etc/systemd/system/diptych-firewall.service
before=$(foreign_tables)
# Whoever wiped the table by hand finds it again.
if owes firewall || ! nft list table inet diptych >/dev/null 2>&1; then
  if change 'rules loaded'; then
    systemctl daemon-reload
    nft --file "$root/etc/diptych/firewall.nft"
  fi
  paid firewall
fi
owing=''
unit diptych-firewall.service
gone=$(comm -23 <(echo "$before") <(foreign_tables) | paste -sd , -)
[ -z "$gone" ] ||
  die "others' rules are gone, Kubernetes' among them: ${gone//,/, }" 'systemctl restart k3s (or k3s-agent) writes them again; and tell who wrote firewall.nft'
