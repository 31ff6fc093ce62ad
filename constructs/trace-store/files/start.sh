#!/bin/sh
# Jaeger, on a volume that it may not fill: what is older than its time goes from the files late, or never. More than that is
# begun anew. start.sh PROGRAM ARGUMENT...
set -eu
here=$(dirname "$0")

if ! sh "$here/within.sh"; then
  echo "{\"level\":\"warn\",\"msg\":\"more than $MOST_KIBIBYTES KiB of traces: all of them are removed\"}"
  rm -rf "${TRACES:?}"
fi
exec "$@"
