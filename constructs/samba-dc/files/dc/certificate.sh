# shellcheck shell=bash
# The certificate that cert-manager renews. Sourced. Samba takes a key of mode 0600 alone, and what a Secret is mounted with
# is readable by the group: so it is copied.

# take_certificate: as a whole, and only with all of its files.
take_certificate() {
  local target=$RUN/tls file from
  # The kubelet exchanges the folder that the files lead to: from one that was found once, all are of the same certificate.
  from=$(dirname "$(readlink -f "$CERTIFICATE/tls.crt")")
  for file in tls.key tls.crt ca.crt; do
    if [ ! -s "$from/$file" ]; then
      echo "directory: refuses to start: the certificate has no $file: docs/runbooks/directory-certificate.md"
      return 1
    fi
  done
  mkdir -p "$target"
  chmod 0700 "$target"
  for file in tls.key tls.crt ca.crt; do
    install -m 0600 "$from/$file" "$target/$file.new" || return 1
    mv "$target/$file.new" "$target/$file" || return 1
  done
}
