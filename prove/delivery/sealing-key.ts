import fs from 'node:fs';
import path from 'node:path';
import { clusterNamespaces } from '../../apps/namespaces.ts';
import type { Manifest } from '../../constructs/core/manifest.ts';
import { pkiFolder } from '../cluster/handle.ts';
import type { Cluster } from '../cluster/handle.ts';
import { must } from '../machine/run.ts';

/** Files of the key with which everything is sealed. */
export interface SealingKeyFiles {
  readonly certificate: string;
  readonly privateKey: string;
}

/** Makes the sealing key before the controller would, as install/secrets does: then everything is sealed from the first commit. */
export async function makeSealingKey(cluster: Cluster): Promise<SealingKeyFiles> {
  const files = {
    certificate: path.join(pkiFolder(cluster), 'sealing.crt'),
    privateKey: path.join(pkiFolder(cluster), 'sealing.key'),
  };
  if (fs.existsSync(files.certificate)) return files;
  await must('openssl', [
    ...['req', '-x509', '-nodes', '-newkey', 'rsa:4096', '-days', '3650', '-subj', '/CN=sealed-secrets'],
    ...['-keyout', files.privateKey, '-out', files.certificate],
  ]);
  return files;
}

export const sealingKeyName = 'sealing-key';

/** The Secret in which the controller looks for its key. */
export function sealingKeySecret({ certificate, privateKey }: SealingKeyFiles): Manifest {
  const data = (file: string) => fs.readFileSync(file).toString('base64');
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: sealingKeyName,
      namespace: clusterNamespaces.sealedSecrets.name,
      labels: { 'sealedsecrets.bitnami.com/sealed-secrets-key': 'active' },
    },
    type: 'kubernetes.io/tls',
    data: { 'tls.crt': data(certificate), 'tls.key': data(privateKey) },
  };
}
