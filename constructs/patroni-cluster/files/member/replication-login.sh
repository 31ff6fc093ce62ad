#!/bin/bash
# Whether a copy of the primary could be made: logs in there for replication, as Patroni would for the copy, and asks
# whether it is the same cluster. It takes the connection that PostgreSQL was told, because Patroni keeps the password
# that it read at its start. The agent calls it through PostgreSQL, people in the container of a standby that runs.
# replication-login.sh [SOCKET_DIRECTORY]
set -eu
socket=${1:-/run/postgresql}

ask() {
  psql -X -q -A -t -h "$socket" -U postgres -d postgres -c "$1"
}

told=$(ask 'show primary_conninfo')
own=$(ask 'select system_identifier from pg_catalog.pg_control_system()')
if [ -z "$told" ]; then
  echo 'replication-login.sh: this member replicates from nobody' >&2
  exit 1
fi

# Under another name: a standby's own is what a synchronous primary counts.
there="$told replication=true application_name=replication-login"
if ! found=$(PGCONNECT_TIMEOUT=5 timeout 15 psql -X -q -A -t -w -d "$there" -c IDENTIFY_SYSTEM); then
  echo "replication-login.sh: no login for replication with $told" >&2
  exit 1
fi
if [ "${found%%|*}" != "$own" ]; then
  echo "replication-login.sh: the primary is of another cluster: ${found%%|*}, and this one is $own" >&2
  exit 1
fi
echo "replication-login.sh: the primary takes the login: $found" >&2
