#!/bin/bash
# Process 1 of a node, second half: waits for the network cable, then keeps the node's services running, as systemd
# would, and takes in the orphans of others.
export PATH=/opt/diptych/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
# While everything is private: later the machine's own mounts would follow.
umount -l /old && rmdir /old
mount --make-rshared /

until [ -e /sys/class/net/eth0 ]; do sleep 0.05; done
/bin/sh -eux /etc/diptych/network >/var/log/diptych/network.log 2>&1
touch /run/network-ready

for service in /etc/diptych/services/*; do
  log=/var/log/diptych/${service##*/}.log
  while :; do
    "$service" >>"$log" 2>&1
    echo "init: ${service##*/} ended with $?, starting it again" >>"$log"
    sleep 0.5
  done &
done
while :; do
  wait
  sleep 1
done
