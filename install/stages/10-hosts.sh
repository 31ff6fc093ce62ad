#!/usr/bin/env bash
# What the machine is before any of ours runs on it: names of the nodes, the kernel's settings, the floating IP, volumes.

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

# The floating IP, where this machine has it: Hetzner brings its packets here, and the kernel has to take them for its own.
service=diptych-floating-ip.service
if [ -n "${FLOATING_IP:-}" ]; then
  owing=floating-ip
  put_text "/etc/systemd/system/$service" 644 "[Unit]
Description=The floating IP $FLOATING_IP
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/bin/env ip address replace $FLOATING_IP/32 dev lo
ExecStop=/usr/bin/env ip address delete $FLOATING_IP/32 dev lo
[Install]
WantedBy=multi-user.target"
  if owes floating-ip; then
    if [ "$dry_run" = no ]; then systemctl daemon-reload; fi
    unit "$service" --restart
    paid floating-ip
  else
    unit "$service"
  fi
  owing=''
elif [ -e "$root/etc/systemd/system/$service" ] && change 'the floating IP is given up'; then
  systemctl disable --quiet --now "$service"
  rm -f "$root/etc/systemd/system/$service"
  systemctl daemon-reload
fi

# Volumes of Terraform, by name: they are found by their number, whatever order they appear in. Those that are other ones now, or
# elsewhere, go first: of two lines for a folder the first one is taken.
volume_lines() { awk '$1 ~ "^/dev/disk/by-id/scsi-0HC_Volume_" { print $1, $2 }' "$root/etc/fstab" 2>/dev/null || true; }
while [ -n "${VOLUMES+named}" ] && read -r device folder; do
  if [[ " $VOLUMES " == *" ${folder#/mnt/}=$device "* ]]; then continue; fi
  change "$folder given up" || continue
  if mountpoint --quiet "$root$folder"; then
    umount "$root$folder" || die "$folder is still in use, and is to be given up" "stop what uses it (fuser --mount $folder names it), then run it again"
  fi
  awk -v device="$device" -v folder="$folder" '!($1 == device && $2 == folder)' "$root/etc/fstab" >"$bundle/fstab"
  install -m 644 "$bundle/fstab" "$root/etc/fstab.new" && mv -f "$root/etc/fstab.new" "$root/etc/fstab"
  systemctl daemon-reload
done < <(volume_lines)
for pair in ${VOLUMES:-}; do
  folder=/mnt/${pair%%=*} device=${pair#*=}
  wait_for "the volume ${pair%%=*} ($device)" 120 'see in the Console whether it is attached to this machine' test -e "$root$device"
  if ! volume_lines | grep -xF "$device $folder" >/dev/null && change "$folder in /etc/fstab"; then
    mkdir -p "$root$folder"
    echo "$device $folder ext4 discard,nofail,x-systemd.device-timeout=60s 0 2" >>"$root/etc/fstab"
    systemctl daemon-reload
  fi
  if ! mountpoint --quiet "$root$folder" && change "$folder mounted"; then
    mount "$root$folder" || die "the volume ${pair%%=*} ($device) can not be mounted" \
      "mount says why above: another file system than ext4, or a line of somebody else in /etc/fstab"
  fi
done
