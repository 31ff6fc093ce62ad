#!/bin/bash
# Ends with 0 where nothing was archived to $WALG_S3_PREFIX yet, and a new cluster may. Volumes that are lost under a
# configuration that stayed as it was would else begin anew, or at a moment that is long past, in the archive that holds
# the data. unused-archive.sh; whoever has no archive may begin as well.
set -eu

if [ -z "${WALG_S3_PREFIX:-}" ]; then
  exit 0
fi
walg=$(dirname "$0")/walg.sh
say() {
  printf 'unused-archive.sh: %s\n' "$@" >&2
}

# Without --detail the list fails when it cannot be made. WAL-G waits for an answer for ever.
if ! listed=$(timeout --kill-after=10 120 "$walg" backup-list 2>&1) ||
  ! wal=$(timeout --kill-after=10 120 "$walg" wal-show --detailed-json --without-backups 2>&1); then
  say "whether $WALG_S3_PREFIX is empty can't be known; trying again. $listed ${wal:-}"
  exit 1
fi
if grep -q '^base_' <<<"$listed"; then
  say "$WALG_S3_PREFIX has backups, and this cluster would begin anew and write beside them." \
    'to get the data back: npm run recover -- pg --to latest (docs/runbooks/postgres-recovery.md)'
  exit 1
fi
if [[ $wal == *start_segment* ]]; then
  number=${WALG_S3_PREFIX##*-}
  say "$WALG_S3_PREFIX has WAL of another life of this cluster, and no full backup that it could be recovered with." \
    'Beside it nothing could be archived: the names are taken. Give the cluster the next generation, which has an archive' \
    "of its own: { \"number\": $((number + 1)), \"empty\": true } under generations in config/generations.json" \
    '(docs/runbooks/postgres-recovery.md, "WAL without a full backup")'
  exit 1
fi
