#!/bin/bash
# The main process of a pooler: PgBouncer, with the passwords of its roles taken from files, also when they change.
set -eu
umask 077
users=/run/pgbouncer/users.txt
every=10

# ROLE_PASSWORD_FILE names the file with the password of role.
write_users() {
  local variable role password
  for variable in $(compgen -e | grep '_PASSWORD_FILE$' | sort); do
    role=${variable%_PASSWORD_FILE}
    password=$(cat "${!variable}" 2>/dev/null) || password=''
    if [ -z "$password" ]; then
      echo "start.sh: $variable is '${!variable}', which is empty or cannot be read; it names the file with the password" >&2
      return 1
    fi
    printf '"%s" "%s"\n' "${role,,}" "${password//\"/\"\"}"
  done >"$users.new"
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

before=$(seen)
write_users
pgbouncer /etc/pgbouncer/pgbouncer.ini &
pooler=$!
# To PgBouncer, SIGTERM means to wait until every client has gone, which clients with pools never do. SIGINT lets it
# finish the transactions that run.
trap 'kill -INT "$pooler" 2>/dev/null || true' TERM INT
watch_files "$before" &

# A signal ends wait, and its handler lets it go on.
code=0
while kill -0 "$pooler" 2>/dev/null; do
  wait "$pooler" && code=0 || code=$?
done
exit "$code"
