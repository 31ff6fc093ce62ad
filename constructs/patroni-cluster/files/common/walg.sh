#!/bin/bash
# WAL-G with its secrets, which are read from files and are in no other process' environment. Everything else is set
# by plain variables: WALG_S3_PREFIX of whoever calls this chooses another archive. WALG names another program.
set -eu

for name in AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY WALG_LIBSODIUM_KEY; do
  variable=${name}_FILE
  file=${!variable:-}
  [ -n "$file" ] || continue
  value=$(cat "$file" 2>/dev/null) || value=''
  if [ -z "$value" ]; then
    echo "walg.sh: $variable is $file, which is empty or cannot be read" >&2
    exit 1
  fi
  export "$name=$value"
done
exec "${WALG:-wal-g}" "$@"
