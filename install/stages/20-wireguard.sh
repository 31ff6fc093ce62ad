#!/usr/bin/env bash
# The tunnel between the nodes. Its keys come from install/secrets and lie here in /etc/wireguard alone.

interface=$(interface_of "$PRIVATE_ADDRESS")
mtu=$(cat "${SYS_NET:-/sys/class/net}/$interface/mtu")
# Over IPv4 WireGuard takes 60 bytes of each packet.
[ $((WIREGUARD_MTU + 60)) -le "$mtu" ] ||
  die "packets of $WIREGUARD_MTU bytes would be sent in two: $interface carries $mtu, and WireGuard takes 60 of them" \
    "k3s.wireguardMtu of config/environments/$ENVIRONMENT.ts: $((mtu - 80)), then npm run synth"

# A running tunnel takes other keys and peers, but no other address; and the cluster knows the node by it.
there=$(sed -n 's|^Address = \(.*\)/.*|\1|p' "$root/etc/wireguard/wg0.conf" 2>/dev/null || true)
[ "${there:-$WIREGUARD_ADDRESS}" = "$WIREGUARD_ADDRESS" ] ||
  die "the tunnel has $there here, and is to have $WIREGUARD_ADDRESS" \
    "give it its address back, or replace the machine (terraform/README.md, \"Replace a node\"); without K3s yet: systemctl stop wg-quick@wg0, rm /etc/wireguard/wg0.conf"

# Only when all keys are there is anything written.
configuration=$(cat "$files/etc/wireguard/wg0.conf")
for name in "$NODE.key" $(for peer in $PEERS; do echo "${peer%%=*}.pub"; done) $(for pair in $PAIRS; do echo "$pair.psk"; done); do
  need "wireguard/$name"
  key=$(<"$secrets/wireguard/$name")
  [[ $key =~ ^[A-Za-z0-9+/]{43}=$ ]] || die "the secret wireguard/$name is no key" "remove it, and run install/secrets $ENVIRONMENT"
  configuration=${configuration//"@$name@"/$key}
done

put "$common/usr/local/lib/diptych/wait-for-address" /usr/local/lib/diptych/wait-for-address 755
owing=units
put "$common/etc/systemd/system/wg-quick@wg0.service.d/diptych.conf" /etc/systemd/system/wg-quick@wg0.service.d/diptych.conf
put_text "/etc/systemd/system/wg-quick@wg0.service.d/address.conf" 644 "[Service]
# Hetzner attaches the private network after the machine has started.
ExecStartPre=/usr/local/lib/diptych/wait-for-address $PRIVATE_ADDRESS 300"
if owes units; then
  if [ "$dry_run" = no ]; then systemctl daemon-reload; fi
  paid units
fi

owing=wireguard
put_text /etc/wireguard/wg0.conf 600 "$configuration"
if owes wireguard; then
  # Down and up would take the pods' network with it until K3s is started anew.
  if systemctl is-active --quiet wg-quick@wg0 && change 'wg0 changed while it runs'; then
    # Whole, before anything of it is given away: of a half the tunnel would take that it has no key and no peers.
    settings=$(wg-quick strip "$root/etc/wireguard/wg0.conf") ||
      die 'wg-quick does not take wg0.conf' 'it says why above; the tunnel is as it was: run it again'
    wg syncconf wg0 <(printf '%s\n' "$settings")
    ip link set dev wg0 mtu "$WIREGUARD_MTU"
  fi
  paid wireguard
fi
owing=''
unit wg-quick@wg0
wait_for "wg0 with $WIREGUARD_ADDRESS" 60 'journalctl --unit wg-quick@wg0 says why it does not start' has_address "$WIREGUARD_ADDRESS"
