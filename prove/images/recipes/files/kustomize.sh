#!/bin/sh
# Argo CD builds with kustomize where a source has patches or images; kubectl has it inside, but for editing.
set -eu
case "${1:-} ${2:-} ${3:-}" in
  'build '*)
    shift
    exec kubectl kustomize "$@"
    ;;
  'edit set image')
    shift 3
    printf 'images:\n' >>kustomization.yaml
    for image in "$@"; do
      case $image in
        *@sha256:*) printf -- '- name: %s\n  digest: %s\n' "${image%@*}" "${image#*@}" >>kustomization.yaml ;;
        *)
          echo "kustomize: $image has no digest, and nothing else is set here" >&2
          exit 2
          ;;
      esac
    done
    ;;
  *)
    echo "kustomize: of its commands only build, and edit set image, are here" >&2
    exit 2
    ;;
esac
