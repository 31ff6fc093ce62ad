#!/usr/bin/env bash
# The root application: from here on Argo CD applies what is committed, itself included.

if [ "$FIRST_SERVER" != yes ]; then
  say 'not the first server: nothing to do'
  return 0
fi
if managed >/dev/null 2>&1; then
  say 'the root application is there: left to Argo CD'
  return 0
fi
apply "argocd/$ENVIRONMENT" --filename="$bundle/argocd/bootstrap" --filename="$bundle/argocd/root.yaml"
