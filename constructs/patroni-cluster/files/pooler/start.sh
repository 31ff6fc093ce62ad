#!/bin/bash
# The main process of a pooler: PgBouncer, with the passwords of its roles taken from files, also when they change, and
# with no memory of a database that is older than a second. Arguments: the databases.
set -eu
umask 077
users=/run/pgbouncer/users.txt
every=10
# Seconds without an answer after which a server counts as frozen.
patience=10
# For psql: the databases and the console, and the passwords.
export PGSERVICEFILE=/etc/pgbouncer/services.conf PGPASSFILE=/run/pgbouncer/passwords

# ROLE_PASSWORD_FILE names the file with the password of role.
write_users() {
  local variable role password escaped
  : >"$PGPASSFILE.new"
  for variable in $(compgen -e | grep '_PASSWORD_FILE$' | sort); do
    role=${variable%_PASSWORD_FILE}
    password=$(cat "${!variable}" 2>/dev/null) || password=''
    if [ -z "$password" ]; then
      echo "start.sh: $variable is '${!variable}', which is empty or cannot be read; it names the file with the password" >&2
      return 1
    fi
    printf '"%s" "%s"\n' "${role,,}" "${password//\"/\"\"}"
    escaped=${password//\\/\\\\}
    printf '*:*:*:%s:%s\n' "${role,,}" "${escaped//:/\\:}" >>"$PGPASSFILE.new"
  done >"$users.new"
  # PgBouncer wants to know everybody, also who has no password.
  echo '"nobody" ""' >>"$users.new"
  mv "$PGPASSFILE.new" "$PGPASSFILE"
  mv "$users.new" "$users"
}

# Passwords and certificates: Kubernetes replaces the files when they are renewed.
seen() {
  cat /run/secrets/*/* /run/tls/* 2>/dev/null | sha256sum
}

# Lets PgBouncer read them again. It keeps its clients.
watch_files() {
  local before=$1 now
  while sleep "$every"; do
    now=$(seen)
    if [ "$now" != "$before" ] && write_users; then
      before=$now
      kill -HUP "$pooler"
    fi
  done
}

# Lets PgBouncer forget what it keeps of a database, whenever that changes: connections that are in use are closed after
# their transaction, those of sessions after the session.
follow() {
  local database=$1 known='' now answers psql
  while :; do
    exec {answers}< <(exec psql -XqAt "service=$database" -f /etc/pgbouncer/cached.sql)
    psql=$!
    # Not only until it ends: of a frozen server the port stays open.
    while read -r -t "$patience" now <&"$answers"; do
      if [ "$now" != "$known" ] && psql -Xq service=pgbouncer -c "RECONNECT $database"; then known=$now; fi
    done
    kill "$psql" 2>/dev/null || true
    exec {answers}<&-
    sleep 1
  done
}

if ! command -v psql >/dev/null; then
  echo "start.sh: there is no psql, and PgBouncer alone never sees that a table changed; use an image that has it" >&2
  exit 1
fi
before=$(seen)
write_users
pgbouncer /etc/pgbouncer/pgbouncer.ini &
pooler=$!
# To PgBouncer, SIGTERM means to wait until every client has gone, which clients with pools never do. SIGINT lets it
# finish the transactions that run.
trap 'kill -INT "$pooler" 2>/dev/null || true' TERM INT
watch_files "$before" &
for database in "$@"; do
  follow "$database" &
done

# A signal ends wait, and its handler lets it go on.
code=0
while kill -0 "$pooler" 2>/dev/null; do
  wait "$pooler" && code=0 || code=$?
done
exit "$code"
