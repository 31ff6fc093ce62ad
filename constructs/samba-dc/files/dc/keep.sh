#!/bin/bash
# Beside the server: takes a renewed certificate over without a restart, and brings the accounts to what the data says, when
# that changes and once an hour. What fails is tried again: nothing ends this but the end of the server. keep.sh
set -u -o pipefail
here=$(dirname "$0")
# shellcheck source-path=SCRIPTDIR source=certificate.sh
. "$here/certificate.sh"

# The passwords too: a secret that is rotated is a change.
state_of_data() {
  cat "$DATA/directory.json" /run/secrets/*/* 2>/dev/null | sha256sum
}

served=$(<"$RUN/tls/tls.crt")
applied='' at=-3600
while true; do
  renewed=$(<"$CERTIFICATE/tls.crt")
  if [ "$renewed" != "$served" ] && take_certificate && smbcontrol ldap_server reload-certs; then
    served=$renewed
    echo 'directory: the certificate was renewed'
  fi
  state=$(state_of_data)
  if [ "$state" != "$applied" ] || [ $((SECONDS - at)) -ge 3600 ]; then
    if python3 -B "$here/reconcile.py"; then
      applied=$state at=$SECONDS
      touch "$VOLUME/domain/applied"
      rm -f "$TOLD/not-applied"
    else
      # For the exporter: who serves what the data no longer says is as ready as before.
      touch "$TOLD/not-applied"
    fi
  fi
  sleep "${KEEP_SECONDS:-10}" &
  wait $!
done
