#!/bin/sh
# Promtail in the place of Alloy: takes what Alloy is given, of which only where lines go is of use to it.
set -eu

LOKI_URL=$(sed -n 's/^ *url *= "\(.*\)"$/\1/p' /etc/alloy/config.alloy)
export LOKI_URL
exec /usr/bin/promtail -config.file=/etc/promtail/promtail.yaml -config.expand-env=true
