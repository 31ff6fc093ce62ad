#!/bin/bash
# shellcheck disable=SC1091,SC2034,SC2154 # the files of a pod see each other's functions and variables
# What the kubelet asks: `live`, whether this member does what it should, which may be waiting; `ready`, whether it is the
# primary or in step with one.
set -u
here=$(dirname "$0")
. "$here/ask.sh"

case ${1:-} in
  live)
    # Written again each second while start.sh waits. A person reads in it what for.
    if [ -n "$(find "$run/waiting" -newermt '-10 seconds' 2>/dev/null)" ]; then exit 0; fi
    case $(admin ping) in PONG | LOADING* | MASTERDOWN* | BUSY*) exit 0 ;; *) exit 1 ;; esac
    ;;
  ready)
    info=$(admin info replication) || exit 1
    [ "$(field role <<<"$info")" = master ] || [ "$(field master_link_status <<<"$info")" = up ]
    ;;
  *)
    echo 'probe.sh live or probe.sh ready' >&2
    exit 2
    ;;
esac
