// A stand-in for cert-manager's controller: it looks at every Issuer and Certificate once a second, signs with openssl
// what is missing, old or asked for again, and says in their status that they are ready. Issuers are those of a
// namespace that sign with the key in a Secret, and those of the cluster that ask an ACME server: for this one stands the
// authority of the proving ground's internet. Others are left as they are.
// node scripts/run.cjs prove/stand-ins/cert-manager/controller.ts KUBECONFIG ACME-CERTIFICATE ACME-KEY
import crypto from 'node:crypto';
import fs from 'node:fs';
import https from 'node:https';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { isOfZones, tokensOf } from './acme.ts';
import type { AcmeSpec } from './acme.ts';
import { issue, renewalTime, validityOf } from './certificates.ts';
import type { CertificateSpec, KeyPair } from './certificates.ts';

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly observedGeneration?: number;
}

interface Resource<Spec> {
  /** Without a namespace for what is the cluster's. */
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly generation: number };
  readonly spec: Spec;
  readonly status?: { readonly conditions?: readonly Condition[]; readonly revision?: number };
}

type Issuer = Resource<{ readonly ca?: { readonly secretName: string }; readonly acme?: AcmeSpec }>;
type Certificate = Resource<CertificateSpec>;

interface Secret {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
  readonly data?: Readonly<Record<string, string>>;
}

interface Kubeconfig {
  readonly clusters: readonly [{ readonly cluster: Readonly<Record<string, string>> }];
  readonly users: readonly [{ readonly user: Readonly<Record<string, string>> }];
}

/** On a Secret: a digest of the spec that it was made for. */
const madeFor = 'proving.local/made-for';

const kubeconfig = JSON.parse(fs.readFileSync(process.argv[2] ?? '', 'utf8')) as Kubeconfig;
const [certificate = '', key = ''] = process.argv.slice(3).map((file) => fs.readFileSync(file, 'utf8'));
const acmeServer: KeyPair = { certificate, key };
/** Where cert-manager looks for what issuers of the cluster name. */
const clusterResources = 'cert-manager';
const [{ cluster }] = kubeconfig.clusters;
const [{ user }] = kubeconfig.users;
const decoded = (text = ''): string => Buffer.from(text, 'base64').toString();
const agent = new https.Agent({
  keepAlive: true,
  ca: decoded(cluster['certificate-authority-data']),
  cert: decoded(user['client-certificate-data']),
  key: decoded(user['client-key-data']),
});

/** Asks the API. @returns undefined for what isn't there, also for kinds that nobody defined yet */
function call<Value>(
  method: string,
  target: string,
  body?: object,
  type = 'application/json',
): Promise<Value | undefined> {
  return new Promise((resolve, reject) => {
    const options = { method, agent, headers: { 'content-type': type }, timeout: 10_000 };
    const request = https.request(new URL(target, cluster.server), options, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('error', reject).on('end', () => {
        const { statusCode = 0 } = response;
        if (statusCode === 404) resolve(undefined);
        else if (statusCode < 300) resolve(JSON.parse(text) as Value);
        else reject(new Error(`${method} ${target}: ${statusCode} ${text}`));
      });
    });
    request.on('timeout', () => request.destroy(new Error(`${method} ${target}: no answer within 10 s`)));
    request.on('error', reject).end(body === undefined ? undefined : JSON.stringify(body));
  });
}

const group = '/apis/cert-manager.io/v1';
const secretPath = (namespace: string, name: string): string => `/api/v1/namespaces/${namespace}/secrets/${name}`;

async function all<Spec>(kind: string): Promise<readonly Resource<Spec>[]> {
  return (await call<{ readonly items: readonly Resource<Spec>[] }>('GET', `${group}/${kind}`))?.items ?? [];
}

/** What an issuer signs with; undefined while it lacks something. */
async function signerOf({ metadata, spec }: Issuer): Promise<KeyPair | undefined> {
  const { ca, acme } = spec;
  if (ca !== undefined) return metadata.namespace === undefined ? undefined : pairIn(metadata.namespace, ca.secretName);
  if (acme === undefined) return undefined;
  const tokens = await Promise.all(
    tokensOf(acme).map(({ name, key }) =>
      call<Secret>('GET', secretPath(clusterResources, name)).then((secret) => decoded(secret?.data?.[key])),
    ),
  );
  return tokens.includes('') ? undefined : acmeServer;
}

async function pairIn(namespace: string, name: string): Promise<KeyPair | undefined> {
  const { data = {} } = (await call<Secret>('GET', secretPath(namespace, name))) ?? {};
  const [certificate, key] = [decoded(data['tls.crt']), decoded(data['tls.key'])];
  return certificate === '' || key === '' ? undefined : { certificate, key };
}

/** Writes a status that says that it is ready, in place of all conditions. */
async function setReady(kind: string, { metadata }: Resource<unknown>, reason: string, status: object): Promise<void> {
  const { namespace, name, generation } = metadata;
  const where = namespace === undefined ? '' : `namespaces/${namespace}/`;
  const since = new Date().toISOString().replace(/\.\d+/, '');
  const ready = { type: 'Ready', status: 'True', reason, lastTransitionTime: since, observedGeneration: generation };
  const target = `${group}/${where}${kind}/${name}/status`;
  await call('PATCH', target, { status: { ...status, conditions: [ready] } }, 'application/merge-patch+json');
  log(`${kind} ${where}${name}: ${reason}`);
}

function isReady({ metadata, status }: Resource<unknown>): boolean {
  const { conditions = [] } = status ?? {};
  return conditions.some(
    ({ type, status: value, observedGeneration }) =>
      type === 'Ready' && value === 'True' && observedGeneration === metadata.generation,
  );
}

async function reconcile(issuers: readonly Issuer[], certificate: Certificate): Promise<void> {
  const { metadata, spec, status } = certificate;
  const { namespace = '', name } = metadata;
  const { issuerRef, secretName, secretTemplate } = spec;
  const { kind = 'Issuer' } = issuerRef;
  const theirs = kind === 'Issuer' ? namespace : undefined;
  const issuer = issuers.find((each) => each.metadata.namespace === theirs && each.metadata.name === issuerRef.name);
  if (issuer === undefined || !isReady(issuer)) return;
  if (issuer.spec.acme !== undefined && !isOfZones(spec, issuer.spec.acme)) return;
  const digest = crypto.createHash('sha256').update(JSON.stringify(spec)).digest('hex');
  const secret = await call<Secret>('GET', secretPath(namespace, secretName));
  const current = decoded(secret?.data?.['tls.crt']);
  // `cmctl renew` asks for a new one like this.
  const asked = status?.conditions?.some((each) => each.type === 'Issuing' && each.status === 'True') ?? false;
  const isOld = current === '' || secret?.metadata.annotations?.[madeFor] !== digest;
  const due = isOld || asked || renewalTime(spec, current) < new Date();
  if (!due && isReady(certificate)) return;
  const signer = await signerOf(issuer);
  if (signer === undefined) return;
  const issued = due ? await issue(spec, signer) : undefined;
  if (issued !== undefined) {
    const annotations = {
      ...secretTemplate?.annotations,
      'cert-manager.io/certificate-name': name,
      'cert-manager.io/issuer-name': issuerRef.name,
      'cert-manager.io/issuer-kind': kind,
      [madeFor]: digest,
    };
    const encoded = (text: string): string => Buffer.from(text).toString('base64');
    const manifest = {
      apiVersion: 'v1',
      kind: 'Secret',
      type: 'kubernetes.io/tls',
      metadata: { name: secretName, namespace, annotations, labels: secretTemplate?.labels },
      data: {
        'tls.crt': encoded(issued.certificate),
        'tls.key': encoded(issued.key),
        // An ACME server doesn't say who signs.
        ...(issuer.spec.acme === undefined ? { 'ca.crt': encoded(issued.authority) } : {}),
      },
    };
    const target = `${secretPath(namespace, secretName)}?fieldManager=cert-manager&force=true`;
    await call('PATCH', target, manifest, 'application/apply-patch+yaml');
  }
  const pem = issued?.certificate ?? current;
  const [notBefore, notAfter] = validityOf(pem);
  const times = { notBefore, notAfter, renewalTime: renewalTime(spec, pem) };
  await setReady('certificates', certificate, 'Ready', { ...times, revision: (status?.revision ?? 0) + (due ? 1 : 0) });
}

async function look(): Promise<void> {
  const issuers = [...(await all<Issuer['spec']>('issuers')), ...(await all<Issuer['spec']>('clusterissuers'))];
  for (const issuer of issuers.filter((each) => !isReady(each))) {
    if ((await signerOf(issuer)) === undefined) continue;
    const kind = issuer.metadata.namespace === undefined ? 'clusterissuers' : 'issuers';
    await setReady(kind, issuer, issuer.spec.acme === undefined ? 'KeyPairVerified' : 'ACMEAccountRegistered', {});
  }
  for (const certificate of await all<CertificateSpec>('certificates')) {
    // One that can't be made holds no other one up.
    await reconcile(issuers, certificate).catch(logError);
  }
}

function logError(error: unknown): void {
  log(error instanceof Error ? error.message : String(error));
}

function log(line: string): void {
  process.stdout.write(`${new Date().toISOString()} ${line}\n`);
}

async function main(): Promise<never> {
  for (;;) {
    // A server that is down comes back; what it refused stands in the log.
    await look().catch(logError);
    await pause(1000);
  }
}

void main();
