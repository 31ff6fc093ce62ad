#!/bin/bash
# ticket.sh REALM USER PRINCIPAL SALT: gets a ticket as a person would, and opens it as the service would. The person's
# password and the service's come by standard input. Prints a line for each finding.
set -u
realm=$1 user=$2 principal=$3 salt=$4
read -r password
read -r service
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export KRB5_CONFIG=$work/krb5.conf KRB5CCNAME=$work/cache
# The KDC by its own address in the pod: the name of its Service is for others.
printf '%s\n' '[libdefaults]' "default_realm = $realm" 'dns_lookup_kdc = false' 'rdns = false' 'allow_weak_crypto = true' \
  'permitted_enctypes = aes256-cts-hmac-sha1-96 aes128-cts-hmac-sha1-96 arcfour-hmac' \
  '[realms]' "$realm = {" "kdc = $(hostname -i | cut -d' ' -f1)" '}' >"$KRB5_CONFIG"

printf '%s' "${password}x" | kinit "$user" >/dev/null 2>&1 && echo 'wrong: accepted' || echo 'wrong: refused'
printf '%s' "$password" | kinit "$user" >/dev/null 2>"$work/said" || echo "ticket: $(cat "$work/said")"

# keytab PASSWORD FILE: of every number that the key may have.
keytab() {
  python3 - "$realm" "$principal" "$salt" "$2" 3<<<"$1" <<'PYTHON'
import hashlib, os, struct, sys
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
realm, principal, salt, file = sys.argv[1:]
password = os.fdopen(3).read().strip()
key = hashlib.pbkdf2_hmac('sha1', password.encode(), salt.encode(), 4096, 32)
block, derived = bytes.fromhex('6b65726265726f737b9b5b2b93132b93'), b''
while len(derived) < 32:
    block = Cipher(algorithms.AES(key), modes.ECB()).encryptor().update(block)
    derived += block
text = lambda value: struct.pack('>H', len(value)) + value.encode()
parts = principal.split('/')
with open(file, 'wb') as out:
    out.write(b'\x05\x02')
    for number in range(1, 33):
        entry = struct.pack('>H', len(parts)) + text(realm) + b''.join(map(text, parts))
        entry += struct.pack('>IIBHH', 1, 0, number, 18, 32) + derived
        out.write(struct.pack('>i', len(entry)) + entry)
PYTHON
}
keytab "$service" "$work/own"
keytab "${service}x" "$work/others"
kvno -e aes256-cts-hmac-sha1-96 -k "$work/own" "$principal" >/dev/null 2>"$work/said" && echo 'opened: yes' || echo "opened: $(cat "$work/said")"
kvno -k "$work/others" "$principal" >/dev/null 2>&1 && echo 'opened by others: yes' || echo 'opened by others: no'
klist -e | grep -A 1 "$principal" | sed -n 's/.*Etype (skey, tkt): [^,]*, \([^ ]*\) *$/ticket: \1/p' | head -n 1
kinit -R >/dev/null 2>&1
kvno -e arcfour-hmac "$principal@$realm" >/dev/null 2>&1 && echo 'rc4: given' || echo 'rc4: refused'
