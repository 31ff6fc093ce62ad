#!/usr/bin/env bash
# What everything else in the cluster stands on: namespaces, its DNS, and the secrets that no sealed value can carry.

if [ "$FIRST_SERVER" != yes ]; then
  say 'not the first server: nothing to do'
  return 0
fi

# Objects of kinds that a cluster has from the beginning; the others come with what brings their kinds.
native_files() {
  local file
  for file in "$bundle/dist/$1"/*.yaml; do
    if grep -qE '^apiVersion: ([a-z]+/)?v[0-9a-z]+$|^apiVersion: [a-z.]+\.k8s\.io/' "$file"; then printf -- '--filename=%s\n' "$file"; fi
  done
}

if managed >/dev/null 2>&1; then
  say 'Argo CD applies namespaces and DNS: left to it'
else
  for folder in namespaces cluster-system; do
    mapfile -t named < <(native_files "$folder")
    apply "dist/$ENVIRONMENT/$folder" "${named[@]}"
  done
fi

# secret_object NAMESPACE NAME TYPE LABELS KEY=FILE...: a Secret from files. Its values are in no argument and no output.
secret_object() {
  local namespace=$1 name=$2 type=$3 labels=$4 pair manifest
  shift 4
  manifest=$(mktemp "$bundle/secret.XXXXXX")
  {
    printf 'apiVersion: v1\nkind: Secret\nmetadata:\n  name: %s\n  namespace: %s\n  labels: {%s}\ntype: %s\ndata:\n' \
      "$name" "$namespace" "$labels" "$type"
    for pair in "$@"; do printf '  %s: %s\n' "${pair%%=*}" "$(base64 --wrap=0 "${pair#*=}")"; done
  } >"$manifest"
  apply "the secret $name" --filename="$manifest"
  rm -f "$manifest"
}

for name in sealing.crt sealing.key; do need "$name"; done
# A key that only the cluster has is not written over: whatever it sealed could never be opened again.
if there=$(kube get secret sealing-key --namespace sealed-secrets --ignore-not-found --output 'jsonpath={.data.tls\.crt}' 2>/dev/null); then
  known=no
  for file in "$secrets/sealing.crt" "$secrets/cluster/sealing"/*/tls.crt; do
    if [ -s "$file" ] && [ "$there" = "$(base64 --wrap=0 "$file")" ]; then known=yes; fi
  done
  [ -z "$there" ] || [ "$known" = yes ] ||
    die "the cluster's sealing key is not the one in the folder" \
      "bring sealing.key and sealing.crt of this cluster back; or, once there is another key, keep the cluster's beside it in cluster/sealing/sealing-key, out of the disaster bundle"
elif [ "$dry_run" = no ]; then
  die 'the cluster does not tell its sealing key' 'kubectl get secrets --namespace sealed-secrets says why'
fi
owing=sealing
secret_object sealed-secrets sealing-key kubernetes.io/tls '"sealedsecrets.bitnami.com/sealed-secrets-key": active' \
  "tls.crt=$secrets/sealing.crt" "tls.key=$secrets/sealing.key"

# Older keys, out of the disaster bundle: before the controller runs, which would open nothing that they sealed.
for folder in "$secrets/cluster/sealing"/*/; do
  if [ ! -s "$folder/tls.key" ] || cmp -s "$folder/tls.key" "$secrets/sealing.key"; then continue; fi
  name=$(basename "$folder")
  # Of several that had that name each has its own.
  if [ "$name" = sealing-key ]; then name=sealing-key-$(sha256sum "$folder/tls.crt" | cut -c 1-8); fi
  secret_object sealed-secrets "$name" kubernetes.io/tls '"sealedsecrets.bitnami.com/sealed-secrets-key": active' \
    "tls.crt=$folder/tls.crt" "tls.key=$folder/tls.key"
done
# A controller that runs already reads its keys when it starts, and never again: what the new one sealed would not open.
if owes sealing; then
  if ! pods=$(kube get pods --namespace sealed-secrets --output name 2>/dev/null) && [ "$dry_run" = no ]; then
    die 'the cluster does not tell whether the controller of sealed secrets runs' 'kubectl get pods --namespace sealed-secrets says why'
  fi
  if [ -n "$pods" ] && change 'the controller of sealed secrets started anew'; then
    kube delete pods --all --namespace sealed-secrets --wait=false >/dev/null ||
      die 'the controller of sealed secrets can not be started anew' 'kubectl says why above; then run it again'
  fi
  paid sealing
fi
owing=''

if [ -n "$SNAPSHOT_BUCKET" ]; then
  mkdir -p "$bundle/snapshots"
  # K3s takes a value as it is, and no bucket takes a key with the end of its line.
  for name in access-key secret-key; do
    need "snapshots/$name"
    key=$(tr -d '\r' <"$secrets/snapshots/$name")
    [[ $key =~ ^[[:graph:]]+$ ]] ||
      die "the secret snapshots/$name is no key" 'it is one line without a space, as the provider shows it: write it into the folder anew'
    printf '%s' "$key" >"$bundle/snapshots/$name"
  done
  printf '%s' "$SNAPSHOT_ENDPOINT" >"$bundle/snapshots/endpoint"
  printf '%s' "$SNAPSHOT_REGION" >"$bundle/snapshots/region"
  printf '%s' "$SNAPSHOT_BUCKET" >"$bundle/snapshots/bucket"
  printf '%s' "$SNAPSHOT_FOLDER" >"$bundle/snapshots/folder"
  printf '%s' "$SNAPSHOT_KEEP" >"$bundle/snapshots/retention"
  secret_object kube-system k3s-etcd-snapshot-s3-config etcd.k3s.cattle.io/s3-config-secret '' \
    "etcd-s3-endpoint=$bundle/snapshots/endpoint" "etcd-s3-region=$bundle/snapshots/region" \
    "etcd-s3-bucket=$bundle/snapshots/bucket" "etcd-s3-folder=$bundle/snapshots/folder" \
    "etcd-s3-retention=$bundle/snapshots/retention" \
    "etcd-s3-access-key=$bundle/snapshots/access-key" "etcd-s3-secret-key=$bundle/snapshots/secret-key"
fi

# Of a private repository: the Secret that Argo CD reads it with, as .github/rulesets/README.md makes it.
if [ -s "$secrets/repository.yaml" ]; then apply 'the key of the repository' --filename="$secrets/repository.yaml"; fi
