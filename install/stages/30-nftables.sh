#!/usr/bin/env bash
# The host's firewall: a table of its own, at every start before the network is there.

# Rules of everybody else.
foreign_rules() { nft --stateless list ruleset | awk '/^table /{ own = ($2 == "inet" && $3 == "diptych") } !own' | wc -l; }

if ! nft --check --file "$files/etc/diptych/firewall.nft"; then
  die 'the kernel refuses the rules, and the old ones stay' 'nft says why above; is the kernel as old as Debian 12 at least (fib, conntrack)?'
fi
owing=firewall
put "$files/etc/diptych/firewall.nft" /etc/diptych/firewall.nft 600
put "$common/etc/systemd/system/diptych-firewall.service" /etc/systemd/system/diptych-firewall.service
before=$(foreign_rules)
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
after=$(foreign_rules)
[ "$after" -ge "$before" ] ||
  die "$((before - after)) lines of others' rules are gone, Kubernetes' among them" 'systemctl restart k3s (or k3s-agent) writes them again; and tell who wrote firewall.nft'
