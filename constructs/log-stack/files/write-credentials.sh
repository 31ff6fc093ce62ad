#!/bin/sh
# Writes the keys of the bucket where Loki reads them, in the format of Amazon's tools.
# Runs in rclone's image, which has no bash.
set -eu

id=$(cat "$ACCESS_KEY_ID_FILE") secret=$(cat "$SECRET_ACCESS_KEY_FILE")
umask 077
printf '[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n' "$id" "$secret" >"$CREDENTIALS.new"
mv "$CREDENTIALS.new" "$CREDENTIALS"
