#!/usr/bin/env bash
# Stands in for the programs of a machine that install/ changes, under each one's name: its root is a folder, and what they
# change is noted below $DIPTYCH_ROOT/stub. ssh runs its command here, on the machine of that address.
#
# STUB_MACHINES is a file with a line for each: public address, address in the tunnel, root, and what runs a command there.
# Where stub/break has a number, the call of that number kills who made it; stub/refuse holds what is refused.
set -Eeuo pipefail
program=$(basename "$0")

# Also of who is no machine.
if [ "$program" = sleep ]; then exec /usr/bin/sleep 0.05; fi
# npm run way-back, of whoever has the buckets: here they are a snapshot in a file, or a refusal.
if [ "$program" = npm ]; then
  world=$(dirname "$STUB_MACHINES")
  printf '%s\n' "$*" >>"$world/npm-calls"
  if [ -e "$world/no-way-back" ]; then
    cat "$world/no-way-back" >&2
    exit 1
  fi
  while [ $# -gt 0 ]; do
    if [ "$1" = --out ]; then
      cp "$world/snapshot" "$2"
      echo etcd-snapshot-node1-1 >"$2.name"
    fi
    shift
  done
  echo 'way back: proven'
  exit 0
fi
if [ "$program" = ssh ]; then
  while [ $# -gt 0 ]; do
    case $1 in
      -O) exit 0 ;;
      -i | -o) shift ;;
      *) break ;;
    esac
    shift
  done
  address=${1#root@}
  shift
  read -r _ _ machine enter < <(grep "^$address " "$STUB_MACHINES")
  [ ! -e "$machine/stub/closed" ] || {
    echo "connect to host $address port 22: Connection timed out" >&2
    exit 255
  }
  # shellcheck disable=SC2086 # A command with its arguments.
  DIPTYCH_ROOT=$machine exec $enter bash -c "$*"
fi

stub=$DIPTYCH_ROOT/stub
mkdir -p "$stub"/{enabled,active,applied}
printf '%s %s\n' "$program" "$*" >>"$stub/calls"
if [ -e "$stub/refuse" ] && printf '%s %s\n' "$program" "$*" | grep -qf "$stub/refuse"; then
  echo "$program: refused, as the test asks" >&2
  exit 1
fi

# changing: a call that changes the machine. A machine that is switched off doesn't answer any more either.
changing() {
  [ -e "$stub/break" ] || return 0
  local left
  left=$(($(cat "$stub/break") - 1))
  echo "$left" >"$stub/break"
  if [ "$left" -eq 0 ]; then
    rm "$stub/break"
    kill -KILL "$PPID"
    exit 1
  fi
}

active() { [ -e "$stub/active/${1%.service}" ]; }

start() {
  local unit=${1%.service}
  if [ "$unit" = wg-quick@wg0 ]; then
    if [ -n "${STUB_NETWORK:-}" ]; then
      if ip link show wg0 >/dev/null 2>&1; then wg-quick down "$DIPTYCH_ROOT/etc/wireguard/wg0.conf" >/dev/null 2>&1; fi
      wg-quick up "$DIPTYCH_ROOT/etc/wireguard/wg0.conf" >"$stub/wg-quick.log" 2>&1 8>&- 9>&-
    else
      sed -n 's/^Address = //p' "$DIPTYCH_ROOT/etc/wireguard/wg0.conf" >"$stub/wg0"
    fi
  fi
  if [ "$unit" = diptych-firewall ]; then nft --file "$DIPTYCH_ROOT/etc/diptych/firewall.nft"; fi
  if [ "$unit" = k3s ]; then mkdir -p "$DIPTYCH_ROOT/var/lib/rancher/k3s/server/db/etcd"; fi
  touch "$stub/active/$unit"
}

# Files below what --filename says; of secrets nothing but their sums is kept.
sums() {
  local argument
  for argument in "$@"; do
    case $argument in
      --filename=*) find "${argument#--filename=}" -type f -exec sha256sum {} + | cut -d ' ' -f 1 ;;
    esac
  done
}

kubectl() {
  case $1 in
    diff)
      [ -e "$stub/active/k3s" ] || exit 2
      while read -r sum; do [ -e "$stub/applied/$sum" ] || exit 1; done < <(sums "$@")
      ;;
    apply)
      changing
      # What a Secret has, by the names of its values.
      for argument in "$@"; do
        case $argument in
          --filename=*/secret.*)
            sed -n 's/^  \([a-z0-9.-]*\): [^ ]*$/\1/p' "${argument#--filename=}" >>"$stub/secret-keys"
            # K3s takes each as it is, and a bucket then refuses a key with the end of its line in it.
            while read -r key value; do
              if [ "$(base64 --decode <<<"$value" | wc --lines)" -gt 0 ]; then
                echo "K3s: ${key%:} has the end of a line in it" >&2
                exit 1
              fi
            done < <(grep '^  etcd-s3-' "${argument#--filename=}")
            ;;
        esac
      done
      while read -r sum; do touch "$stub/applied/$sum"; done < <(sums "$@")
      case $* in
        *argocd.yaml*) touch "$stub/policies" ;;
        *root.yaml*) touch "$stub/managed" ;;
      esac
      ;;
    delete)
      changing
      case $* in
        'delete node '* | 'delete pods '*) echo "$*" >>"$stub/deleted" ;;
        *) rm -f "$stub/policies" ;;
      esac
      ;;
    rollout) ;;
    get)
      [ -e "$stub/active/k3s" ] || exit 1
      case $* in
        'get --raw /readyz') echo ok ;;
        *networkpolicies*) if [ -e "$stub/policies" ]; then echo networkpolicy/argocd-server; fi ;;
        'get application root '*output*) [ -e "$stub/managed" ] && printf 'Healthy Synced' ;;
        'get application root '*) [ -e "$stub/managed" ] ;;
        'get applications '*) if [ -e "$stub/managed" ]; then echo root; fi ;;
        'get pods --namespace sealed-secrets '*) if [ -e "$stub/managed" ]; then echo pod/sealed-secrets-controller-1; fi ;;
        'get secret sealing-key '*) if [ -e "$stub/sealing-key" ]; then base64 --wrap=0 "$stub/sealing-key"; fi ;;
        'get node '*taints*) if [ ! -e "$stub/untainted" ]; then printf NoExecute; fi ;;
        'get node '*) if [ -e "$stub/not-ready" ]; then printf Unknown; else printf True; fi ;;
        *) echo "kubectl $*: the stand-in does not know it" >&2 && exit 1 ;;
      esac
      ;;
    *) echo "kubectl $*: the stand-in does not know it" >&2 && exit 1 ;;
  esac
}

case $program in
  systemctl)
    verb=$1
    unit=${*: -1}
    case $verb in
      is-enabled) if [ "$unit" = nftables.service ] && [ -e "$stub/masked" ]; then echo masked; else [ -e "$stub/enabled/${unit%.service}" ]; fi ;;
      is-active) active "$unit" ;;
      enable) changing && touch "$stub/enabled/${unit%.service}" ;;
      disable) changing && rm -f "$stub/enabled/${unit%.service}" "$stub/active/${unit%.service}" ;;
      start | restart) changing && start "$unit" ;;
      stop) changing && rm -f "$stub/active/${unit%.service}" ;;
      mask) changing && touch "$stub/masked" ;;
      daemon-reload) changing ;;
      *) echo "systemctl $*: the stand-in does not know it" >&2 && exit 1 ;;
    esac
    ;;
  ip)
    case $* in
      '-o -4 address show')
        echo '1: lo    inet 127.0.0.1/8 scope host lo'
        if [ -e "$stub/private" ]; then echo "3: enp7s0    inet $(cat "$stub/private")/32 scope global enp7s0"; fi
        if [ -e "$stub/wg0" ]; then echo "4: wg0    inet $(cat "$stub/wg0") scope global wg0"; fi
        ;;
      'link set dev wg0 mtu '*) changing ;;
      *) echo "ip $*: the stand-in does not know it" >&2 && exit 1 ;;
    esac
    ;;
  nft)
    case $* in
      '--check --file '*) ;;
      '--file '*) changing && touch "$stub/firewall" ;;
      '--stateless list ruleset')
        # Where others' rules go meanwhile: one of kube-proxy's, or the whole table of them.
        if [ ! -e "$stub/firewall" ] || [ ! -e "$stub/wiped" ]; then
          printf 'table ip nat {\n\tchain KUBE-SERVICES {\n\t}\n'
          if [ ! -e "$stub/firewall" ] || [ ! -e "$stub/fewer" ]; then printf '\tchain KUBE-SVC-1 {\n\t}\n'; fi
          printf '}\n'
        fi
        ;;
      'list table inet diptych') [ -e "$stub/firewall" ] ;;
      *) echo "nft $*: the stand-in does not know it" >&2 && exit 1 ;;
    esac
    ;;
  curl)
    case ${*: -1} in
      https://github.com) [ ! -e "$stub/no-network" ] ;;
      https://*:6443/ping)
        asked=${*: -1}
        asked=${asked#https://}
        read -r _ _ machine _ < <(awk -v address="${asked%:6443/ping}" '$2 == address' "$STUB_MACHINES")
        [ -e "$machine/stub/active/k3s" ]
        ;;
      http://127.0.0.1:10248/healthz) active k3s-agent ;;
      file://*) exec /usr/bin/curl "$@" ;;
      *)
        echo "curl: (6) Could not resolve host" >&2
        exit 6
        ;;
    esac
    ;;
  k3s)
    case $1 in
      kubectl) kubectl "${@:2}" ;;
      etcd-snapshot) changing && touch "$stub/snapshot" ;;
      certificate) [ "$2" = check ] || changing ;;
      token) changing && printf '%s\n' "$*" >"$stub/token" ;;
      server)
        # K3s looks for the token in its options and beside its state, and not in the file that its configuration names.
        if [ -z "${K3S_TOKEN:-}" ]; then
          echo 'level=fatal msg="/var/lib/rancher/k3s/server/token does not exist, please pass --token to complete the restoration"'
          exit 1
        fi
        changing
        file=${3#--cluster-reset-restore-path=}
        [ "$2 $4" = '--cluster-reset --etcd-s3=false' ] && [ ! -e "$DIPTYCH_ROOT/var/lib/rancher/k3s/server/db/etcd" ]
        mkdir -p "$DIPTYCH_ROOT/var/lib/rancher/k3s/server/db/etcd"
        cp "$file" "$DIPTYCH_ROOT/var/lib/rancher/k3s/server/db/etcd/restored"
        ;;
      *) echo "k3s $*: the stand-in does not know it" >&2 && exit 1 ;;
    esac
    ;;
  # K3s' installer, as what it is run with would have it.
  k3s-install.sh)
    changing
    kind=${INSTALL_K3S_EXEC%% *}
    unit=k3s
    if [ "$kind" = agent ]; then unit=k3s-agent; fi
    [ "$INSTALL_K3S_SKIP_DOWNLOAD $INSTALL_K3S_SKIP_START $INSTALL_K3S_SKIP_ENABLE" = 'true true true' ]
    [ -x "$INSTALL_K3S_BIN_DIR/k3s" ]
    printf '[Service]\nExecStart=/usr/local/bin/k3s %s\n' "$kind" >"$INSTALL_K3S_SYSTEMD_DIR/$unit.service"
    ;;
  wg) changing ;;
  wg-quick) printf '[Interface]\n' ;;
  journalctl) if [ -e "$stub/journal" ]; then cat "$stub/journal"; fi ;;
  swapon) if [ -e "$stub/swap" ]; then echo '/dev/sda2 partition 1G'; fi ;;
  # By where: /mnt/files is mnt+files.
  mountpoint | mount | umount)
    where=${*: -1}
    where=${where#"$DIPTYCH_ROOT/"}
    where=$stub/mounted/${where//\//+}
    case $program in
      mountpoint) [ -e "$where" ] ;;
      mount) changing && mkdir -p "$stub/mounted" && touch "$where" ;;
      umount) changing && rm "$where" ;;
    esac
    ;;
  apt-get)
    # The lock of packages, which the distribution's own updates hold for so many calls.
    left=$(cat "$stub/locked" 2>/dev/null || echo 0)
    if [ "$left" -gt 0 ]; then
      echo $((left - 1)) >"$stub/locked"
      echo 'E: Could not get lock /var/lib/apt/lists/lock. It is held by process 1719 (unattended-upgr)' >&2
      exit 100
    fi
    changing
    ;;
  sysctl | modprobe | resize2fs) changing ;;
  ping) ;;
  df) if [ -e "$stub/full" ]; then printf 'Filesystem Size Used Available\n/dev/sda1 1 1 12\n'; else exec /usr/bin/df "$@"; fi ;;
  *) echo "$program: the stand-in is not it" >&2 && exit 1 ;;
esac
