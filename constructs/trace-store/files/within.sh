#!/bin/sh
# Whether the traces take no more of the disk than they may. within.sh
set -eu

[ -d "$TRACES" ] || exit 0
# A file that is removed meanwhile is none.
used=$(du -sk "$TRACES" 2>/dev/null | cut -f 1)
[ "$used" -le "$MOST_KIBIBYTES" ]
