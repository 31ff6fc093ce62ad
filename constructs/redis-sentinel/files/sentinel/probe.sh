#!/bin/bash
# shellcheck disable=SC1091,SC2034,SC2154 # the files of a pod see each other's functions and variables
# What the kubelet asks: `live`, whether the Sentinel answers; `ready`, whether enough of them know each other to replace a
# primary: an update takes the next one only then.
set -u
here=$(dirname "$0")
. "$here/ask.sh"

case ${1:-} in
  live) [ "$(admin ping)" = PONG ] ;;
  ready) case $(admin sentinel ckquorum "$PRIMARY_NAME") in OK*) exit 0 ;; *) exit 1 ;; esac ;;
  *)
    echo 'probe.sh live or probe.sh ready' >&2
    exit 2
    ;;
esac
