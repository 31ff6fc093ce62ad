#!/usr/bin/env bash
# What the operator's commands have in common: run, secrets, pin.
set -Eeuo pipefail
umask 077

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repository=$(dirname "$here")
command=$(basename "$0")

# refuse WHAT REMEDY
refuse() {
  printf '%s: %s\n  remedy: %s\n' "$command" "$1" "$2" >&2
  exit 1
}

misused() {
  printf '%s: %s; see --help\n' "$command" "$1" >&2
  exit 2
}

# environment_of NAME: reads what synth wrote of it.
environment_of() {
  [[ $1 =~ ^[a-z0-9-]+$ ]] || misused "\"$1\" is no name of an environment"
  generated=$here/environments/$1
  if [ ! -f "$generated/environment.env" ]; then
    local there
    there=$(cd "$here/environments" && echo *)
    refuse "there is nothing to install of the environment \"$1\"" "name one of: $there; or give config/environments/$1.ts hetzner and k3s, and run npm run synth"
  fi
  # shellcheck source=/dev/null
  source "$generated/environment.env"
}

# Where the secrets of an environment are, and nothing else is: outside of the tree, so that nobody commits one.
folder_of() { printf '%s/%s' "${DIPTYCH_SECRETS:-$HOME/.diptych}" "$1"; }
