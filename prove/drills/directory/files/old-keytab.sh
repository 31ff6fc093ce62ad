#!/bin/bash
# old-keytab.sh REALM USER PRINCIPAL: gets a ticket as a person would, and opens it with a keytab of before. The person's
# password and the keytab, in base64, come by standard input. Prints whether it could.
set -u
realm=$1 user=$2 principal=$3
read -r password
read -r keytab
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export KRB5_CONFIG=$work/krb5.conf KRB5CCNAME=$work/cache
printf '%s\n' '[libdefaults]' "default_realm = $realm" 'dns_lookup_kdc = false' 'rdns = false' \
  '[realms]' "$realm = {" "kdc = $(hostname -i | cut -d' ' -f1)" '}' >"$KRB5_CONFIG"
base64 -d <<<"$keytab" >"$work/keytab"
printf '%s' "$password" | kinit "$user" >/dev/null 2>"$work/said" || echo "ticket: $(cat "$work/said")"
kvno -k "$work/keytab" "$principal" >/dev/null 2>"$work/said" && echo 'opened: yes' || echo "opened: $(cat "$work/said")"
