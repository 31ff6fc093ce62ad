#!/usr/bin/env bash
# Argo CD, as its makers publish it, with our settings.

if [ "$FIRST_SERVER" != yes ]; then
  say 'not the first server: nothing to do'
  return 0
fi
if managed >/dev/null 2>&1; then
  say 'Argo CD manages itself: left to it'
  return 0
fi

fetch "$ARGOCD_URL" "$ARGOCD_SHA256" /usr/local/lib/diptych/argocd.yaml
# Before, because programs read some settings only when they start; after, because upstream brings some of the same.
apply "dist/$ENVIRONMENT/argocd" --filename="$bundle/dist/argocd"
apply 'Argo CD' --namespace=argocd --field-manager=install --filename="$root/usr/local/lib/diptych/argocd.yaml"
# They would add to ours, and open its server to all.
if [ -n "$(kube get networkpolicies --namespace argocd --selector app.kubernetes.io/part-of=argocd --output name 2>/dev/null || true)" ] &&
  change "upstream's network policies removed"; then
  kube delete networkpolicies --namespace argocd --selector app.kubernetes.io/part-of=argocd >/dev/null
fi
apply "dist/$ENVIRONMENT/argocd, once more" --filename="$bundle/dist/argocd"

# An application that is applied before they answer is looked at again only minutes later.
for part in deployment/argocd-repo-server deployment/argocd-redis statefulset/argocd-application-controller; do
  rolled_out() { kube rollout status "$part" --namespace argocd --timeout=5s; }
  wait_for "$part" 600 'kubectl describe pods --namespace argocd says what they lack: mostly an image that can not be pulled' rolled_out
done
