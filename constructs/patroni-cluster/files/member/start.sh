#!/bin/bash
# The main process of a member: Patroni, with the passwords it needs taken from files. Patroni removes them from the
# environment before it starts PostgreSQL.
# start.sh patronictl ARGUMENTS...: its client instead, for people in a member's container.
set -eu
umask 077

for role in REPLICATION REWIND RESTAPI; do
  variable=${role}_PASSWORD_FILE
  file=${!variable:-}
  value=$(cat "$file" 2>/dev/null) || value=''
  if [ -z "$value" ]; then
    echo "start.sh: $variable is '$file', which is empty or cannot be read; it names the file with the password" >&2
    exit 1
  fi
  export "PATRONI_${role}_PASSWORD=$value"
done
export PATRONI_RESTAPI_USERNAME=patroni

if [ "${1:-}" = patronictl ]; then
  shift
  exec patronictl -c /etc/patroni/patroni.yml "$@"
fi

# Members reach each other by address: a name would need DNS in the middle of a failover.
export PATRONI_POSTGRESQL_CONNECT_ADDRESS=$PATRONI_KUBERNETES_POD_IP:5432
export PATRONI_RESTAPI_CONNECT_ADDRESS=$PATRONI_KUBERNETES_POD_IP:8008

# PostgreSQL refuses a data directory that others may read, which is what a volume's ownership pass leaves behind.
mkdir -p "$(dirname "$PGDATA")"
if [ -d "$PGDATA" ]; then
  chmod 0700 "$PGDATA"
fi
exec patroni /etc/patroni/patroni.yml
