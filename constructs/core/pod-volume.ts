import type { Size } from 'cdk8s';
import type { IPersistentVolumeClaim } from 'kubernetes-models/v1/PersistentVolumeClaim';
import type { IPersistentVolumeClaimSpec } from 'kubernetes-models/v1/PersistentVolumeClaimSpec';
import type { IVolume } from 'kubernetes-models/v1/Volume';

/** Where the files of a volume come from. */
export type PodVolume =
  /** Files of a ConfigMap; `executable` for scripts. */
  | { readonly configMap: string; readonly executable?: boolean }
  /** A Secret that is made in the cluster, such as a certificate; ours go through `secretFiles`. */
  | { readonly secretName: string; readonly keys: readonly string[] }
  /** The token of the pod's account, with what a client of the API needs beside it; renewed while the pod runs. */
  | { readonly apiToken: true }
  /** Empty at the start and lost with the pod; several containers may share it. */
  | { readonly sizeLimit: Size; readonly inMemory?: boolean }
  /** What a StatefulSet claimed for one of its pods: on that pod's node, see `beside` of a Workload. */
  | { readonly claim: string }
  /** Of a StorageClass, as large as asked for, and lost with the pod. */
  | { readonly scratch: Size; readonly storageClass: string };

/** A volume of the pod, or of the StatefulSet's claims, in a container. */
export interface Mount {
  readonly volume: string;
  readonly path: string;
  /**
   * A folder of the volume, made where it is missing; nothing else of it is in the container.
   * @default the whole volume
   */
  readonly folder?: string;
  /** @default false */
  readonly readOnly?: boolean;
}

export function volumeSpec(name: string, volume: PodVolume): IVolume {
  if ('configMap' in volume) {
    const { configMap, executable = false } = volume;
    return { name, configMap: { name: configMap, defaultMode: executable ? 0o555 : 0o444 } };
  }
  if ('secretName' in volume) {
    const { secretName, keys } = volume;
    // 0440: root owns the files, the pod's group reads them.
    return { name, secret: { secretName, defaultMode: 0o440, items: keys.map((key) => ({ key, path: key })) } };
  }
  if ('scratch' in volume) {
    const { scratch, storageClass } = volume;
    return { name, ephemeral: { volumeClaimTemplate: { spec: claimSpec(scratch, storageClass) } } };
  }
  if ('claim' in volume) return { name, persistentVolumeClaim: { claimName: volume.claim } };
  if ('apiToken' in volume) return { name, projected: apiToken };
  const { sizeLimit, inMemory = false } = volume;
  return { name, emptyDir: { sizeLimit: sizeLimit.asString(), ...(inMemory ? { medium: 'Memory' } : {}) } };
}

/** Where Kubernetes' clients look for it. */
export const apiTokenPath = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * As the API server would add it to every container, if the pod let it.
 * @see https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#bound-service-account-token-volume (1.36)
 */
const apiToken: NonNullable<IVolume['projected']> = {
  // 0440: root owns the files, the pod's group reads them.
  defaultMode: 0o440,
  sources: [
    { serviceAccountToken: { path: 'token', expirationSeconds: 3607 } },
    { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
    {
      downwardAPI: { items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }] },
    },
  ],
};

/** A claim of a StatefulSet, one for each of its pods. */
export function persistentVolumeClaim(name: string, size: Size, storageClass: string): IPersistentVolumeClaim {
  return { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name }, spec: claimSpec(size, storageClass) };
}

function claimSpec(size: Size, storageClass: string): IPersistentVolumeClaimSpec {
  return {
    accessModes: ['ReadWriteOnce'],
    storageClassName: storageClass,
    resources: { requests: { storage: size.asString() } },
  };
}
