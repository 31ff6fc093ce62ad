import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { must } from '../machine/run.ts';
import { worldAddresses } from '../stand-ins/internet/names.ts';
import { pkiFolder } from './handle.ts';
import type { Cluster } from './handle.ts';
import { apiServerFor, etcdMembersOf, firstServer, serversOf } from './plan.ts';
import type { ClusterPlan } from './plan.ts';

/** A certificate and its key: `<file>.crt` and `<file>.key`. */
interface Certificate {
  readonly file: string;
  readonly authority: 'ca' | 'front-proxy-ca' | 'etcd-ca' | 'world-ca';
  readonly commonName: string;
  readonly organisation?: string;
  /** As openssl writes them. @default none: for clients only */
  readonly names?: readonly string[];
  /** The API that its kubeconfig `<file>.kubeconfig` names. @default no kubeconfig */
  readonly api?: string;
}

/** The user names that RBAC of our own is bound to; everything else has a name that Kubernetes knows. */
export const users = { kubeletClient: 'kube-apiserver-kubelet-client', netpold: 'diptych:netpold' } as const;

/** Every certificate of a cluster: one for each node's daemons, so that each has the rights of its node alone. */
export function certificatesOf(plan: ClusterPlan): readonly Certificate[] {
  const local = 'https://127.0.0.1:6443';
  const apiNames = [
    ...['kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'kubernetes.default.svc.cluster.local'],
    'localhost',
  ].map((name) => `DNS:${name}`);
  const apiAddresses = ['127.0.0.1', plan.apiService, ...serversOf(plan).map(({ address }) => address)];
  return [
    {
      file: 'apiserver',
      authority: 'ca',
      commonName: 'kube-apiserver',
      names: [...apiNames, ...apiAddresses.map((address) => `IP:${address}`)],
    },
    { file: 'kubelet-client', authority: 'ca', commonName: users.kubeletClient },
    { file: 'front-proxy', authority: 'front-proxy-ca', commonName: 'front-proxy-client' },
    { file: 'etcd-client', authority: 'etcd-ca', commonName: 'kube-apiserver' },
    ...etcdMembersOf(plan).map(({ name, address }) => ({
      file: `etcd-${name}`,
      authority: 'etcd-ca' as const,
      commonName: name,
      names: [`IP:${address}`, 'IP:127.0.0.1'],
    })),
    {
      file: 'admin',
      authority: 'ca',
      commonName: 'admin',
      organisation: 'system:masters',
      api: `https://${firstServer(plan).address}:6443`,
    },
    { file: 'controller-manager', authority: 'ca', commonName: 'system:kube-controller-manager', api: local },
    { file: 'scheduler', authority: 'ca', commonName: 'system:kube-scheduler', api: local },
    {
      file: 'metrics-server',
      authority: 'ca',
      commonName: 'metrics-server',
      names: ['DNS:metrics-server.kube-system.svc'],
    },
    {
      file: 'world',
      authority: 'world-ca',
      commonName: 'the internet',
      names: Object.entries(worldAddresses(plan)).flatMap(([address, hosts]) => [
        `IP:${address}`,
        ...hosts.map((host) => `DNS:${host}`),
      ]),
    },
    ...plan.nodes.flatMap((node) => {
      const api = apiServerFor(plan, node);
      return [
        {
          file: `kubelet-${node.name}`,
          authority: 'ca' as const,
          commonName: `system:node:${node.name}`,
          organisation: 'system:nodes',
          names: [`DNS:${node.name}`, `IP:${node.address}`],
          api,
        },
        { file: `kube-proxy-${node.name}`, authority: 'ca' as const, commonName: 'system:kube-proxy', api },
        { file: `netpold-${node.name}`, authority: 'ca' as const, commonName: users.netpold, api },
      ];
    }),
  ];
}

/** Makes the cluster's authorities, certificates, keys and kubeconfigs anew. */
export async function makePki(cluster: Cluster): Promise<void> {
  const folder = pkiFolder(cluster);
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  const config = path.join(folder, 'openssl.cnf');
  fs.writeFileSync(config, '[req]\ndistinguished_name = name\n[name]\n');
  const make = (file: string, subject: string, extensions: readonly string[], more: readonly string[]) =>
    must('openssl', [
      ...['req', '-x509', '-config', config, '-days', '365', '-nodes', '-subj', subject],
      ...['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'],
      ...['-keyout', path.join(folder, `${file}.key`), '-out', path.join(folder, `${file}.crt`)],
      ...extensions.flatMap((extension) => ['-addext', extension]),
      ...more,
    ]);
  for (const authority of ['ca', 'front-proxy-ca', 'etcd-ca', 'world-ca']) {
    const extensions = ['basicConstraints=critical,CA:true', 'keyUsage=critical,keyCertSign,cRLSign'];
    await make(authority, `/CN=diptych-${cluster.plan.name}-${authority}`, extensions, []);
  }
  for (const { file, authority, commonName, organisation, names, api } of certificatesOf(cluster.plan)) {
    const extensions = [
      'basicConstraints=critical,CA:false',
      'keyUsage=critical,digitalSignature',
      `extendedKeyUsage=clientAuth${names === undefined ? '' : ',serverAuth'}`,
      ...(names === undefined ? [] : [`subjectAltName=${names.join(',')}`]),
    ];
    const subject = `${organisation === undefined ? '' : `/O=${organisation}`}/CN=${commonName}`;
    const [crt, key] = ['crt', 'key'].map((kind) => path.join(folder, `${authority}.${kind}`));
    await make(file, subject, extensions, ['-CA', crt ?? '', '-CAkey', key ?? '']);
    if (api !== undefined) writeKubeconfig(folder, file, api);
  }
  writeServiceAccountKey(folder);
  writeEncryptionKey(folder);
}

function writeKubeconfig(folder: string, file: string, server: string): void {
  const data = (name: string) => fs.readFileSync(path.join(folder, name)).toString('base64');
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'proving', cluster: { server, 'certificate-authority-data': data('ca.crt') } }],
    users: [
      {
        name: 'me',
        user: { 'client-certificate-data': data(`${file}.crt`), 'client-key-data': data(`${file}.key`) },
      },
    ],
    contexts: [{ name: 'proving', context: { cluster: 'proving', user: 'me' } }],
    'current-context': 'proving',
  };
  fs.writeFileSync(path.join(folder, `${file}.kubeconfig`), JSON.stringify(kubeconfig), { mode: 0o600 });
}

function writeServiceAccountKey(folder: string): void {
  const { privateKey, publicKey } = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const write = (name: string, content: string | Buffer) =>
    fs.writeFileSync(path.join(folder, name), content, { mode: 0o600 });
  write('service-account.key', privateKey.export({ type: 'sec1', format: 'pem' }));
  write('service-account.pub', publicKey.export({ type: 'spki', format: 'pem' }));
}

/** Secrets are encrypted at rest, as K3s does with `secrets-encryption: true`. */
function writeEncryptionKey(folder: string): void {
  const secret = crypto.randomBytes(32).toString('base64');
  const configuration = {
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'EncryptionConfiguration',
    resources: [
      { resources: ['secrets'], providers: [{ aescbc: { keys: [{ name: 'first', secret }] } }, { identity: {} }] },
    ],
  };
  fs.writeFileSync(path.join(folder, 'encryption.json'), JSON.stringify(configuration), { mode: 0o600 });
}
