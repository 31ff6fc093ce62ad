#!/bin/bash
# Process 1 of a node, first half: turns the folder DISK into the root of the node's own mount namespace.
# Runs in fresh net, mount, pid, uts and ipc namespaces, in the node's cgroup. Nothing of it is seen from outside,
# and all of it is gone with the process.
set -eu
disk=$1 logs=$2 name=$3

hostname "$name"
mount --bind "$disk" "$disk"
cd "$disk"
mount --bind /usr usr
mount -o remount,bind,ro usr
mount --rbind /dev dev
mount -t proc proc proc
mount -t sysfs sysfs sys
mount --rbind /sys/fs/cgroup sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs run
mount --bind "$logs" var/log/diptych
# The kubelet sets these for the whole machine. The node sees values that need no setting, the machine keeps its own.
(cd etc/diptych/kernel && find . -type f) | while read -r file; do
  mount --bind "etc/diptych/kernel/$file" "proc/sys/$file"
done
# The processors that the node's server type has. Without the folder of memory banks the kubelet looks there alone.
mount --bind etc/diptych/processors sys/devices/system/cpu
if [ -d sys/devices/system/node ]; then
  mount -t tmpfs -o ro tmpfs sys/devices/system/node
fi
mkdir -p old
pivot_root . old
exec chroot . /bin/bash /etc/diptych/init
