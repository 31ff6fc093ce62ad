import fs from 'node:fs';
import path from 'node:path';
import type { Cluster } from '../../cluster/handle.ts';
import { exec, getJson } from '../../cluster/kubectl.ts';
import { membersOf } from '../../components/postgres/members.ts';
import type { Members } from '../../components/postgres/members.ts';
import { webOf } from '../../components/web.ts';
import type { Web } from '../../components/web.ts';
import { ProvingError } from '../../machine/error.ts';
import type { DrillCheck } from '../../results/index.ts';
import { issue } from '../../stand-ins/cert-manager/certificates.ts';
import type { Area, Outcome } from '../area.ts';
import type { PlatformGround } from '../ground.ts';

export const area: Area<'platform'> = {
  purpose: 'lets clients verify PostgreSQL, and refuse it with a wrong authority or by a wrong name',
  promises: {
    'pg-verify':
      "the backend's own image in its own pod and libpq in a member connect with what the platform gave them, then with the " +
      'certificate of another authority of the same name, with none, and by an address that is not in the certificate',
  },
  needs: 'platform',
  minutes: 1,
  programs: [],
  about: ['constructs/stateful', 'constructs/core/authority-files.ts', 'constructs/patroni-cluster/endpoints.ts'],
  run: verify,
};

const accepted = 'accepted';
/** Of a client that is given other certificates, which come by standard input. */
const file = '/tmp/trusted.crt';

interface Pods {
  readonly items: readonly { readonly metadata: { readonly name: string } }[];
}

/** How a client is to connect in place of how the platform says. */
interface Attempt {
  readonly what: string;
  readonly expected: string;
  /** The certificates it trusts; undefined for those that the platform gave it. */
  readonly trusted?: string;
  readonly host?: string;
}

async function verify(ground: PlatformGround): Promise<Outcome> {
  const { cluster, platform, signal, report } = ground;
  const members = membersOf(ground);
  const backend = webOf(platform, 'backend');
  const { primary } = members.database;
  const { standby } = await members.whole(signal, 300);
  const pod = await backendPod(cluster, backend);
  const authority = { secretName: 'wrong', issuerRef: { name: 'wrong' }, isCA: true, commonName: 'postgres-ca' };
  const { certificate: wrong } = await issue({ ...authority, privateKey: { algorithm: 'ECDSA' } });
  const service = ['service', primary.host.split('.')[0] ?? '', `--namespace=${members.namespace}`];
  const { spec } = await getJson<{ readonly spec: { readonly clusterIP: string } }>(cluster, service);
  const attempts: readonly Attempt[] = [
    { what: 'as the platform says', expected: accepted },
    { what: 'with another authority of the same name', expected: 'refused', trusted: wrong },
    { what: 'with no authority', expected: 'refused', trusted: '' },
    { what: 'by an address that is not in the certificate', expected: 'refused', host: spec.clusterIP },
  ];
  const checks: DrillCheck[] = [];
  for (const attempt of attempts) {
    for (const [client, ask] of [
      ['the backend', () => fromBackend(cluster, backend, pod, attempt)],
      ['libpq', () => fromMember(members, standby, attempt)],
    ] as const) {
      const { got, said } = await ask();
      report(`${client}, ${attempt.what}: ${got} (${said})`);
      checks.push({ what: `${client}, ${attempt.what}`, expected: attempt.expected, got });
    }
  }
  return { 'pg-verify': { figures: {}, units: {}, checks } };
}

async function backendPod(cluster: Cluster, { name, namespace, selector }: Web): Promise<string> {
  const { items } = await getJson<Pods>(cluster, ['pods', `--namespace=${namespace}`, selector]);
  const [first] = items;
  if (first === undefined) throw new ProvingError(`no pod of ${namespace}/${name}`);
  return first.metadata.name;
}

interface Answer {
  readonly got: string;
  /** Its own words, in one line. */
  readonly said: string;
}

/** The program that migrates, in the pod of the server: it has the same variables. */
async function fromBackend(
  cluster: Cluster,
  { namespace, workload }: Web,
  name: string,
  { trusted, host }: Attempt,
): Promise<Answer> {
  const program = fs.readFileSync(path.join(import.meta.dirname, 'migrate-with.js'), 'utf8');
  const changed = [
    ...(host === undefined ? [] : [`DATABASE_HOST=${host}`]),
    ...(trusted === undefined ? [] : [`DATABASE_CA_FILE=${file}`]),
  ];
  const [{ name: container }] = workload.props.containers;
  const command = ['node', '-e', program, ...changed];
  return answer(
    await exec(cluster, { namespace, name, container }, command, { input: trusted, timeout: 60 }),
    'refused',
  );
}

/** libpq on the standby, as the role that works on the database. */
async function fromMember(members: Members, name: string, attempt: Attempt): Promise<Answer> {
  const { host, database, credentials, authority } = members.database.primary;
  const { secret, key } = credentials.password;
  // Only the agent has it; it goes on by standard input, before the certificates.
  const { stdout: password } = await members.run(name, ['cat', `/run/secrets/${secret.name}/${key}`], 'agent');
  const psql = `psql -X -A -t -c 'select 1' "user=${credentials.user} dbname=${database} sslmode=verify-full"`;
  const given = `PGHOST=\${PGHOST:-${host}}`;
  const ca = `PGSSLROOTCERT=\${PGSSLROOTCERT:-/run/authorities/${authority?.name ?? ''}.crt}`;
  const command = [
    'read -r PGPASSWORD; export PGPASSWORD;',
    ...(attempt.host === undefined ? [] : [`export PGHOST=${attempt.host};`]),
    ...(attempt.trusted === undefined ? [] : [`cat > ${file}; export PGSSLROOTCERT=${file};`]),
    `env ${given} ${ca} ${psql}`,
  ].join(' ');
  const where = { namespace: members.namespace, name, container: 'postgres' };
  const options = { input: `${password.trim()}\n${attempt.trusted ?? ''}`, timeout: 60 };
  return answer(await exec(members.cluster, where, ['sh', '-c', command], options), 'certificate');
}

/** A refusal is one only if it is for the certificate: that nobody answers is none. */
function answer(
  { status, stdout, stderr }: { readonly status: number | null; readonly stdout: string; readonly stderr: string },
  refusal: string,
): Answer {
  const said = `${stdout}${stderr}`.trim().replaceAll('\n', ' ');
  if (status === 0) return { got: accepted, said };
  const isRefused = said.includes(refusal) || said.includes('names an empty file');
  return { got: isRefused && !/doesn't answer|ECONNREFUSED|refused: ETIMEDOUT/.test(said) ? 'refused' : said, said };
}
