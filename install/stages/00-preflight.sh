#!/usr/bin/env bash
# Whether this machine can become the node at all. It changes nothing but the packages that cloud-init was to bring.

# It has ended, well or not: what it didn't do is done below.
cloud_init_ended() { [[ $(cloud-init status) != *running* ]]; }

wait_for "the address $PRIVATE_ADDRESS in the private network" "${ADDRESS_SECONDS:-300}" \
  "Hetzner attaches the network after the machine has started; if it lasts, see whether $PRIVATE_ADDRESS is this machine's in terraform/" \
  has_address "$PRIVATE_ADDRESS"

if [ -f "$root/etc/diptych/node" ]; then
  was=$(cat "$root/etc/diptych/node")
  [ "$was" = "$ENVIRONMENT/$NODE" ] ||
    die "this machine was installed as $was, and is to be $ENVIRONMENT/$NODE" \
      'a node that is renamed is another node: give it its name back, or replace the machine (terraform/README.md, "Replace a node")'
fi

[ "$(uname -m)" = x86_64 ] || die "the machine is $(uname -m)" 'the pinned K3s is for x86_64: take such a server type'
free=$(free_mebibytes "$root/var/lib")
[ "$free" -ge "${NEEDED_MEBIBYTES:-10240}" ] ||
  die "the disk is full: /var/lib has $free MiB free, ${NEEDED_MEBIBYTES:-10240} are needed" 'make room, or take a larger server type'
if [ -n "$(swapon --show --noheadings)" ]; then
  die 'there is swap, and the kubelet starts with none alone' 'swapoff --all, and remove it from /etc/fstab'
fi

# packages COMMAND...: apt-get, and what it says where it can't. The distribution's own updates hold its locks, mostly just after
# the machine has started, and apt-get waits for one of the two alone.
packages() {
  local begin=$SECONDS log=$bundle/apt.log
  until LC_ALL=C DEBIAN_FRONTEND=noninteractive apt-get "$@" >/dev/null 2>"$log"; do
    if ! grep -q 'Could not get lock' "$log"; then
      cat "$log" >&2
      return 1
    fi
    [ $((SECONDS - begin)) -lt "${APT_SECONDS:-600}" ] ||
      die "another program has installed packages for ${APT_SECONDS:-600} s" "$(tail -n 1 "$log"): let it end, or end it"
    sleep "${WAIT_INTERVAL:-2}"
  done
}

# While cloud-init runs it holds the lock of the packages.
if command -v cloud-init >/dev/null; then
  wait_for 'cloud-init to end' 600 'cloud-init status --long says what it is at' cloud_init_ended
fi
missing=''
# Those of cloud-init.yaml: without one of them nobody would be told that the machine takes no security updates.
for pair in wg:wireguard-tools nft:nftables curl:curl diff:diffutils update-ca-certificates:ca-certificates unattended-upgrade:unattended-upgrades; do
  command -v "${pair%%:*}" >/dev/null || missing+=" ${pair##*:}"
done
if [ -n "$missing" ] && change "packages installed:$missing"; then
  # shellcheck disable=SC2086 # A list.
  { packages update -q && packages install -qy --no-install-recommends $missing; } ||
    die "the packages$missing can't be installed" "$(full_disk_or 'see whether the machine reaches its mirror (apt-get says why above)')"
fi

curl --silent --output /dev/null --head --connect-timeout 10 --max-time 20 "${REACHED_URL:-https://github.com}" ||
  die 'there is no way out to the internet, where K3s and images come from' \
    "curl --head ${REACHED_URL:-https://github.com} on the machine says why: no route, no name server, or a firewall rule that lets nothing out"

put_text /etc/diptych/node 644 "$ENVIRONMENT/$NODE"
