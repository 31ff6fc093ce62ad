#!/bin/sh
# Whether Jaeger answers, and its traces take no more than they may. Where they do, it is started anew: alive.sh
set -eu

sh "$(dirname "$0")/within.sh"
wget -q -T 3 -O /dev/null "$HEALTH"
