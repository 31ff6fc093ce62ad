#!/bin/sh
# Starts the exporter, which reads no file with a password in it, but one of JSON with a password for each server.
set -eu
REDIS_PASSWORD=$(cat "$METRICS_PASSWORD_FILE")
export REDIS_PASSWORD
exec /redis_exporter
