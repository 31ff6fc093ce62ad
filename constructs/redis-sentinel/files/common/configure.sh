# shellcheck shell=bash
# shellcheck disable=SC1091,SC2034,SC2154 # the files of a pod see each other's functions and variables
# Writes what a server reads, in memory: passwords are in it. Sourced.

# write_users FILE: the users of an ACL file, each with the hash of its password, whose file NAME_PASSWORD_FILE names. What
# a user had before, since the pod began, goes on opening: others learn of a new one a minute later.
write_users() {
  local line user variable hash known=$run/hashes
  touch "$known"
  while IFS= read -r line; do
    user=${line#user }
    user=${user%% *}
    variable=${user^^}_PASSWORD_FILE
    if [ "$user" = default ]; then
      printf '%s\n' "$line"
      continue
    fi
    if [ ! -s "${!variable:-}" ]; then
      say "$variable is '${!variable:-}', which is empty or cannot be read; it names the file with the password"
      return 1
    fi
    hash=$(tr -d '\n' <"${!variable}" | sha256sum)
    hash=${hash%% *}
    grep -q "^$user $hash\$" "$known" || printf '%s %s\n' "$user" "$hash" >>"$known"
    printf 'user %s on%s %s\n' "$user" "$(sed -n "s/^$user / #/p" "$known" | tr -d '\n')" "${line#user "$user" on }"
  done <"$1" >"$run/users.new"
  mv "$run/users.new" "$run/users.acl"
}

# The admin is this pod, and people in it.
make_admin() {
  export ADMIN_PASSWORD_FILE=$run/admin-password
  [ -s "$ADMIN_PASSWORD_FILE" ] || head -c 32 /dev/urandom | sha256sum | cut -c 1-64 >"$ADMIN_PASSWORD_FILE"
}

tls_lines() {
  local from=${TLS_DIRECTORY:-/run/tls}
  if [ "${TLS:-yes}" = yes ]; then
    printf '%s\n' 'port 0' "tls-port $1" 'tls-replication yes' 'tls-auth-clients no' 'tls-protocols TLSv1.3' \
      "tls-cert-file $from/tls.crt" "tls-key-file $from/tls.key" "tls-ca-cert-file $from/ca.crt"
  else
    printf 'port %s\n' "$1"
  fi
}

# seen: changes with passwords and certificates, which Kubernetes replaces in place.
seen() {
  cat /run/secrets/*/* "${TLS_DIRECTORY:-/run/tls}"/* 2>/dev/null | sha256sum
}
