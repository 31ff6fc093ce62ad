#!/bin/bash
# nginx, with its logs led through what leaves secrets out of them. It ends when any of the three does: a log that nobody
# reads would stop it, and one that nobody filters must not be.
set -Eeuo pipefail
configuration=$(dirname "$0")
temporary=${TEMPORARY:-/tmp}
rules=${RULES:-/opt/owasp-crs/rules}

# Its last file decides: without it, every request would pass.
if [[ ! -r $rules/REQUEST-949-BLOCKING-EVALUATION.conf ]]; then
  echo "start.sh: there is no rule set in $rules: the image is another one" >&2
  exit 1
fi

servers=()
while read -r word address _; do
  if [[ $word == nameserver ]]; then servers+=("$address"); fi
done <"${RESOLV_CONF:-/etc/resolv.conf}"
if [[ ${#servers[@]} -eq 0 ]]; then
  echo "start.sh: ${RESOLV_CONF:-/etc/resolv.conf} names no nameserver: no application could be found" >&2
  exit 1
fi
# Addresses of Services stay as long as the Services do. Those of a minute ago are good while names can't be asked for.
echo "resolver ${servers[*]} valid=60s ipv6=off; resolver_timeout 10s;" >"$temporary/resolver.conf"

# Of this user, so that nginx may open them by the names /dev/stdout and /dev/stderr.
audit=$temporary/audit errors=$temporary/errors
rm -f "$audit" "$errors"
mkfifo -m 600 "$audit" "$errors"
awk -W interactive -v metrics="$temporary/metrics" -f "$configuration/log.awk" <"$audit" &
audit_filter=$!
sed -u -E -f "$configuration/errors.sed" <"$errors" >&2 &
errors_filter=$!
nginx -c "$configuration/nginx.conf" >"$audit" 2>"$errors" &
nginx=$!
# Numbers are written at each empty line, so that nobody reads half of them.
while sleep 5; do echo >"$audit"; done &
ticks=$!

ending=
stop() {
  ending=yes
  kill -QUIT "$nginx" 2>/dev/null || true
}
trap stop TERM INT QUIT

code=0
# A signal ends wait, and nginx goes on until its requests are answered.
while kill -0 "$nginx" 2>/dev/null; do
  wait -n "$nginx" "$audit_filter" "$errors_filter" 2>/dev/null && code=0 || code=$?
  if [[ -z $ending ]]; then stop; fi
done
kill "$ticks" 2>/dev/null || true
wait "$audit_filter" "$errors_filter" || true
exit "$code"
