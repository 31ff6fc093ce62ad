#!/usr/bin/env bash
# What the machine is before any of ours runs on it: names of the nodes, the kernel's settings, volumes.

hosts=$(mktemp "$bundle/hosts.XXXXXX")
if [ -f "$root/etc/hosts" ]; then sed '/^# diptych$/,/^# diptych end$/d' "$root/etc/hosts" >"$hosts"; fi
{
  echo '# diptych'
  for pair in $HOSTS; do echo "${pair#*=} ${pair%%=*}"; done
  echo '# diptych end'
} >>"$hosts"
put "$hosts" /etc/hosts
rm -f "$hosts"

owing=kernel
put "$common/etc/modules-load.d/diptych.conf" /etc/modules-load.d/diptych.conf
put "$files/etc/sysctl.d/90-kubelet.conf" /etc/sysctl.d/90-kubelet.conf
if owes kernel; then
  if [ "$dry_run" = no ]; then
    while read -r module; do
      # One that is part of the kernel can't be loaded, and needn't.
      modprobe "$module" || say "the kernel has no module $module"
    done < <(grep -v '^#' "$common/etc/modules-load.d/diptych.conf")
    sysctl --quiet --load "$root/etc/sysctl.d/90-kubelet.conf" ||
      die "the kernel refuses a setting of 90-kubelet.conf" 'sysctl says which one above; the kubelet would not start without it'
  fi
  paid kernel
fi
owing=''

# The distribution's own service would wipe Kubernetes' rules whenever it is started or stopped.
if [ "$(systemctl is-enabled nftables.service 2>/dev/null || true)" != masked ]; then
  if change 'nftables.service masked'; then systemctl mask --quiet nftables.service; fi
fi

# Volumes of Terraform, by name: they are found by their number, whatever order they appear in.
for pair in ${VOLUMES:-}; do
  folder=/mnt/${pair%%=*} device=${pair#*=}
  wait_for "the volume ${pair%%=*} ($device)" 120 'see in the Console whether it is attached to this machine' test -e "$root$device"
  if ! grep -qF "$device " "$root/etc/fstab" 2>/dev/null && change "$folder in /etc/fstab"; then
    mkdir -p "$root$folder"
    echo "$device $folder ext4 discard,nofail,x-systemd.device-timeout=60s 0 2" >>"$root/etc/fstab"
    systemctl daemon-reload
  fi
  if ! mountpoint --quiet "$root$folder" && change "$folder mounted"; then mount "$root$folder"; fi
done
