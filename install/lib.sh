#!/usr/bin/env bash
# What the stages have in common. Each of them is read by install/stage, which has set up everything below.
#
# Of the machine they use nothing but paths below $root, which is empty on a real one, and programs of the PATH: so the
# tests and drills run the same scripts.
set -Eeuo pipefail
umask 077

root=${DIPTYCH_ROOT:-}
dry_run=${DRY_RUN:-no}
# What install/run brought, the generated files of this node among it.
bundle=${BUNDLE:?}
secrets=$bundle/secrets
files=$bundle/node/files
common=$bundle/files
state=$root/var/lib/diptych/install
changes=0

say() { printf '  %s\n' "$*"; }

# die WHAT REMEDY: the one line that says why it can't go on, and the one that says what to do.
die() {
  printf '%s: %s: %s\n  remedy: %s\n' "${stage:-install}" "${NODE:-?}" "$1" "$2" >&2
  exit 1
}

# change WHAT: counts and tells a change. It fails in a dry run, where nothing is to be done: change "..." && do it.
change() {
  changes=$((changes + 1))
  if [ "$dry_run" = yes ]; then
    say "would: $1"
    return 1
  fi
  say "$1"
}

# A file that was changed and is not in use yet is owed to who reads it, also after a run that ended in between: set owing,
# put the files, and if owes, let it read them, then paid.
owing=''
owed=''
owe() {
  [ -n "$owing" ] || return 0
  owed+=" $owing"
  if [ "$dry_run" = no ]; then mkdir -p "$state" && touch "$state/owed-$owing"; fi
}
owes() { [ -e "$state/owed-$1" ] || [[ " $owed " == *" $1 "* ]]; }
paid() {
  if [ "$dry_run" = no ]; then rm -f "$state/owed-$1"; fi
  owed=${owed//" $1"/}
  owing=''
}

# put SOURCE FILE [MODE]: makes FILE what SOURCE is, whole or not at all.
put() {
  local source=$1 file=$root$2 mode=${3:-644}
  if [ -f "$file" ] && cmp -s "$source" "$file" && [ "$(stat -c %a "$file")" = "$mode" ]; then return 0; fi
  owe
  change "$2" || return 0
  mkdir -p "$(dirname "$file")" || die "$2 can't be written" "$(full_disk_or "make $(dirname "$2") writable")"
  if ! install -m "$mode" "$source" "$file.new" || ! mv -f "$file.new" "$file"; then
    rm -f "$file.new"
    die "$2 can't be written" "$(full_disk_or "see what keeps root from writing there")"
  fi
}

# put_text FILE MODE TEXT
put_text() {
  local temporary
  temporary=$(mktemp "$bundle/text.XXXXXX")
  printf '%s\n' "$3" >"$temporary"
  put "$temporary" "$1" "$2"
  rm -f "$temporary"
}

# take_away FILE: what is configured no more.
take_away() {
  if [ ! -e "$root$1" ]; then return 0; fi
  owe
  if change "$1 removed"; then rm -f "$root$1"; fi
}

full_disk_or() {
  local free
  free=$(free_mebibytes "$root/")
  if [ "$free" -lt 64 ]; then echo "the disk is full ($free MiB free): make room, then run it again"; else echo "$1"; fi
}

free_mebibytes() { df -Pm "$1" | awk 'NR == 2 { print $4 }'; }

# wait_for WHAT SECONDS REMEDY COMMAND...: until the command succeeds, at most that long. A remedy that begins with @ is a
# command that finds it out, once it is needed.
wait_for() {
  local what=$1 seconds=$2 remedy=$3 begin=$SECONDS
  shift 3
  if "$@" >/dev/null 2>&1; then return; fi
  if [ "$dry_run" = yes ]; then
    say "would wait for $what, at most $seconds s"
    return
  fi
  say "waiting for $what, at most $seconds s"
  until "$@" >/dev/null 2>&1; do
    if [ $((SECONDS - begin)) -ge "$seconds" ]; then
      # shellcheck disable=SC2086 # A command with its arguments.
      if [ "${remedy:0:1}" = @ ]; then remedy=$(${remedy:1}); fi
      die "waited $seconds s for $what, in vain" "$remedy"
    fi
    sleep "${WAIT_INTERVAL:-2}"
  done
}

# Nothing here ends a pipe with `grep -q`: who writes into it would be told that nobody reads, and fail.
has_address() { [[ $(ip -o -4 address show) == *" $1/"* ]]; }

# is_pinned FILE SHA256
is_pinned() { [ "$(sha256sum "$1" | cut -d ' ' -f 1)" = "$2" ]; }

# The name of the interface with an address: names of interfaces differ between types of machines.
interface_of() { ip -o -4 address show | awk -v address="$1" 'index($4, address "/") == 1 { print $2; exit }'; }

# need SECRET: refuses to go on where install/run did not bring it.
need() { [ -s "$secrets/$1" ] || die "the secret $1 is missing" "install/secrets $ENVIRONMENT makes it, or says where it comes from"; }

# fetch URL SHA256 FILE: downloads a file that is what it should be, or nothing.
fetch() {
  local url=$1 sum=$2 file=$root$3 temporary
  [[ $sum =~ ^[0-9a-f]{64}$ ]] || die "nothing says which $(basename "$3") is the right one" 'install/pin learns it from the release'
  if [ -f "$file" ] && is_pinned "$file" "$sum"; then return 0; fi
  owe
  change "downloading $url" || return 0
  mkdir -p "$(dirname "$file")"
  temporary=$file.new
  if ! curl --fail --silent --show-error --location --retry 3 --connect-timeout 10 --max-time 300 --output "$temporary" "$url"; then
    rm -f "$temporary"
    die "$url can't be downloaded" "$(full_disk_or 'see whether the machine reaches the internet (curl says why above)')"
  fi
  if ! is_pinned "$temporary" "$sum"; then
    rm -f "$temporary"
    die "$url is not the file of install/pins.env" 'find out why before anything else; after a change of its version, install/pin'
  fi
  mv -f "$temporary" "$file"
}

# unit NAME: enabled and started; told only if it wasn't. With --restart it begins anew, also where it is still starting with
# what it read before.
unit() {
  local name=$1 how=${2:-}
  if ! systemctl is-enabled --quiet "$name"; then change "$name enabled" && systemctl enable --quiet "$name"; fi
  if ! systemctl is-active --quiet "$name"; then
    # Not waited for here: each has its own bounded wait, which says what it waits for.
    change "$name started" && systemctl "${how:+re}start" --no-block "$name"
  elif [ "$how" = --restart ]; then
    change "$name restarted" && systemctl restart --no-block "$name"
  fi
  return 0
}

kube() { "$root/usr/local/bin/k3s" kubectl "$@"; }

# What K3s proves with that a node of that name is the one that it was: a machine that takes its place brings it along.
node_password() {
  local file=/etc/rancher/node/password
  need "node-passwords/$NODE"
  if [ ! -e "$root$file" ]; then
    put "$secrets/node-passwords/$NODE" "$file" 600
  elif ! cmp -s "$root$file" "$secrets/node-passwords/$NODE"; then
    die "$file is not the secret node-passwords/$NODE" "the cluster knows the one of the machine: copy it into the folder of secrets"
  fi
}

# begins_restore: whether this run is the first that restores here; those after an interruption go on with what it began.
begins_restore() { [ "${RESTORE:-no}" != no ] && [ "$(cat "$state/restoring" 2>/dev/null || true)" != "$RESTORE" ]; }

# stop_k3s: also one that systemd starts over and over, which is never active, and would start in the middle of what follows.
stop_k3s() { if [ -e "$root/etc/systemd/system/k3s.service" ]; then systemctl stop k3s; fi; }

# give_up_state: what K3s has here stays, beside, for whoever finds that it was not lost.
give_up_state() {
  local server=$root/var/lib/rancher/k3s/server aside
  if [ -e "$server/db/etcd" ]; then
    [ "${REPLACE_STATE:-no}" = yes ] ||
      die 'this machine has the state of a cluster' "install/run $ENVIRONMENT goes on with it; --replace-state gives it up, and keeps it"
    aside=$server-before-$(date -u +%Y%m%dT%H%M%SZ)
    if change "/var/lib/rancher/k3s/server kept as ${aside##*/}"; then
      stop_k3s
      mv "$server" "$aside"
    fi
  fi
  if [ "$dry_run" = no ]; then
    rm -f "$root/etc/rancher/k3s/config.yaml.d/join.yaml" "$state/etcd-restored"
    put_text "${state#"$root"}/restoring" 600 "$RESTORE"
  fi
}

# The binary of the pinned release.
k3s_program() {
  fetch "$K3S_URL/k3s" "$K3S_SHA256" /usr/local/bin/k3s
  if [ "$dry_run" = no ]; then chmod 755 "$root/usr/local/bin/k3s"; fi
}

# etcd_restored: etcd's state of the snapshot that install/run proved, and of one member. A half is begun anew.
etcd_restored() {
  local file=$state/snapshot log=$bundle/cluster-reset.log
  if [ -e "$state/etcd-restored" ]; then return 0; fi
  change "etcd's state of the snapshot with the SHA-256 $RESTORE" || return 0
  k3s_program
  is_pinned "$bundle/snapshot" "$RESTORE" || die 'the snapshot is not the one that was proven' "install/run $ENVIRONMENT brings it again"
  stop_k3s
  rm -rf "$root/var/lib/rancher/k3s/server/db"
  install -D -m 600 "$bundle/snapshot" "$file"
  # Its keys of the bucket are in the cluster that is yet to come. Of its token K3s asks here by itself, and refuses a machine
  # that is new, whatever file its configuration names (pkg/cli/server/server.go of K3s).
  if ! K3S_TOKEN=$(<"$root/etc/rancher/k3s/token") timeout "${RESET_SECONDS:-300}" "$root/usr/local/bin/k3s" server --cluster-reset \
    "--cluster-reset-restore-path=$file" --etcd-s3=false >"$log" 2>&1; then
    tail -n 5 "$log" >&2
    rm -rf "$root/var/lib/rancher/k3s/server/db"
    die 'K3s does not take the snapshot' "K3s says why above; what was here before is in /var/lib/rancher/k3s/server-before-*"
  fi
  rm -f "$file"
  touch "$state/etcd-restored"
}

# k3s_service NAME KIND: K3s of the pinned release as a service, started anew for whatever it is owed.
k3s_service() {
  local name=$1 there=$root/etc/systemd/system/$1.service
  local -a installer=(
    INSTALL_K3S_SKIP_DOWNLOAD=true INSTALL_K3S_SKIP_START=true INSTALL_K3S_SKIP_ENABLE=true
    INSTALL_K3S_SKIP_SELINUX_RPM=true INSTALL_K3S_BIN_DIR="$root/usr/local/bin"
    INSTALL_K3S_SYSTEMD_DIR="$root/etc/systemd/system" INSTALL_K3S_EXEC="$2"
  )
  if [ -e "$there" ] && ! is_pinned "$root/usr/local/bin/k3s" "$K3S_SHA256" && [ "${UPGRADE:-no}" != yes ]; then
    die "K3s is another release than $K3S_VERSION here" \
      "etcd has no way back but a snapshot: install/run $ENVIRONMENT --from 40-k3s-server --upgrade takes one first"
  fi
  k3s_program
  fetch "$K3S_INSTALLER_URL" "$K3S_INSTALLER_SHA256" /usr/local/lib/diptych/k3s-install.sh
  put "$common/etc/systemd/system/k3s.service.d/diptych.conf" "/etc/systemd/system/$name.service.d/diptych.conf"
  put_text "/etc/systemd/system/$name.service.d/addresses.conf" 644 "[Service]
ExecStartPre=/usr/local/lib/diptych/wait-for-address $PRIVATE_ADDRESS 300
ExecStartPre=/usr/local/lib/diptych/wait-for-address $WIREGUARD_ADDRESS 60"
  if [ ! -e "$there" ] && change "$name.service of $K3S_VERSION"; then
    env "${installer[@]}" sh "$root/usr/local/lib/diptych/k3s-install.sh" >/dev/null ||
      die "K3s' own installer failed" 'it says why above; then run it again'
  fi
  if owes k3s; then
    if [ "$dry_run" = no ]; then systemctl daemon-reload; fi
    unit "$name" --restart
    paid k3s
  else
    unit "$name"
  fi
}

# What K3s itself says, where it does not start: the likely causes by the words that it has for them.
k3s_trouble() {
  local log
  log=$(journalctl --unit "$1" --lines 200 --no-pager 2>/dev/null || true)
  case $log in
    *'Node password rejected'*)
      echo "the cluster knows another $NODE: kubectl delete secret $NODE.node-password.k3s --namespace kube-system, or bring /etc/rancher/node/password back"
      ;;
    *'bootstrap data already found and encrypted with different token'* | *'token CA hash does not match'* | *'not authorized'*)
      echo "the token is not the cluster's: take the secrets with which it was made"
      ;;
    *'invalid kernel flag'*) echo 'the kernel has other settings than 90-kubelet.conf: sysctl --system, then run it again' ;;
    *'no space left on device'*) echo 'the disk is full: make room, then run it again' ;;
    *) echo "journalctl --unit $1 says why" ;;
  esac
}

# Whether Argo CD has the say already: from then on it applies what is committed, and nobody else does.
managed() { kube get application root --namespace argocd; }

# apply WHAT OPTION... FILE...: applies files of Kubernetes where they differ from what the cluster has.
apply() {
  local what=$1 differs=0
  shift
  if [ "$dry_run" = yes ] && ! kube get --raw /readyz >/dev/null 2>&1; then
    change "$what applied, once there is a cluster" || return 0
  fi
  # 0: no difference; 1: one; more: it could not tell, as for an object of a namespace that is still to come.
  kube diff --server-side --force-conflicts "$@" >/dev/null 2>&1 || differs=$?
  if [ "$differs" -eq 0 ]; then return 0; fi
  owe
  change "$what applied" || return 0
  kube apply --server-side --force-conflicts "$@" >/dev/null ||
    die "the API server refuses $what" 'kubectl says why above; then run it again, which goes on here'
}
