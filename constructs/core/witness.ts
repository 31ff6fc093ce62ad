/**
 * What keeps pods off a node with the role `witness`, which only votes: install/ has K3s set it, which it does not by itself.
 * Pods that vote as well tolerate it, and no others.
 * @see https://docs.k3s.io/installation/server-roles (v1.36), https://github.com/k3s-io/k3s/issues/8877
 */
export const witnessTaint = { key: 'node-role.kubernetes.io/etcd', effect: 'NoExecute' } as const;

/** The same as kubelets and kubectl take it. */
export const witnessTaintText = `${witnessTaint.key}:${witnessTaint.effect}`;
