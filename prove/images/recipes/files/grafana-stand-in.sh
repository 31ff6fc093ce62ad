#!/bin/sh
# In the place of Grafana: reads as its account what it would be given, refuses to start without, and answers for its health.
set -eu

refuse() {
  echo "$1" >&2
  exit 1
}

config=
for argument in "$@"; do
  case $argument in --config=*) config=${argument#--config=} ;; esac
done
[ -s "$config" ] || refuse "no settings: ${config:-none named}"
setting() {
  sed -n "s/^$1 = //p" "$config"
}

for secret in admin_password secret_key; do
  # shellcheck disable=SC2016 # the word is Grafana's
  file=$(setting "$secret" | sed -n 's/^\$__file{\(.*\)}$/\1/p')
  [ -s "$file" ] || refuse "$secret: no file that can be read: ${file:-none named}"
done

provisioning=$(setting provisioning)
home=$(setting default_home_dashboard_path)
for file in "$provisioning/datasources/prometheus.yaml" "$provisioning/dashboards/dashboards.yaml" "$home"; do
  [ -s "$file" ] || refuse "not there, or empty: $file"
done

for folder in "$(setting data)" /tmp; do
  touch "$folder/written" || refuse "can't write to $folder"
done

exec probe serve ":$(setting http_port)"
