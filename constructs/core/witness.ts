/**
 * What keeps pods off a node with the role `witness`, which only votes: K3s sets it on a server without the API. Pods that
 * vote as well tolerate it, and no others.
 * @see https://docs.k3s.io/installation/server-roles (v1.36)
 */
export const witnessTaint = { key: 'node-role.kubernetes.io/etcd', effect: 'NoExecute' } as const;
