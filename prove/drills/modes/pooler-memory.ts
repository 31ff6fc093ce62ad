import { PodOwner } from '../../../constructs/core/pod-owner.ts';
import { exec, getJson } from '../../cluster/kubectl.ts';
import { selectorArgument } from '../../components/endpoints.ts';
import type { Members } from '../../components/postgres/members.ts';
import { seconds } from '../../instruments/figures.ts';
import { ProvingError } from '../../machine/error.ts';
import { waitFor } from '../../machine/wait-for.ts';
import type { Part } from '../../results/index.ts';
import type { PlatformGround } from '../ground.ts';

/** Seconds for which a pooler may say what isn't so: it looks every second, and the drill's own programs take their time. */
const bound = 5;

/** What the scripts of a drill find in a pod of PgBouncer, and a connection through it from there. */
const prelude = `set -Eeuo pipefail
export PGSERVICEFILE=/etc/pgbouncer/services.conf PGPASSFILE=/run/pgbouncer/passwords
pooled() { echo "host=127.0.0.1 port=$port dbname=$database user=$1 sslmode=require \${2:-}"; }
`;

/** The pods of PgBouncer. */
export function poolerOf(members: Members): PodOwner {
  const [target] = members.database.pooled.targets;
  if (target?.peer instanceof PodOwner) return target.peer;
  throw new ProvingError(`${members.scope} has no pooler`);
}

/** A migration through one pod changes what a prepared statement returns, which clients of all pods then execute anew. */
export async function migrate({ report, signal }: PlatformGround, members: Members): Promise<Part> {
  const pods = await readyPods(members, signal);
  const { credentials, migrationCredentials } = members.database.pooled;
  const [app, owner] = [credentials.user, migrationCredentials.user];
  const asOwner = (sql: string) => inPod(members, pods[0], `psql -XqAt "$(pooled ${owner})" -c "${sql}"`);
  // Each time a new client, as an application is that starts with the migration.
  const execute = `pgbench -n -M prepared -t 1 -f <(echo 'select * from drill_plan;') "$(pooled ${app})" >/dev/null`;
  await asOwner(
    `drop table if exists drill_plan; create table drill_plan (a int); grant select on drill_plan to ${app}`,
  );
  for (const pod of pods) await inPod(members, pod, execute);
  await asOwner('alter table drill_plan add column b int');
  const start = performance.now();
  await Promise.all(pods.map((pod) => inPod(members, pod, `until ${execute} 2>&1; do sleep 0.1; done`)));
  const took = seconds(performance.now() - start);
  report(`migration: prepared statements work again after ${took} s`);
  return { figures: { 'plans renewed': took }, checks: [within('a migration until prepared statements work', took)] };
}

/**
 * The poolers of a cluster that follows another one know a standby; then it is let go.
 * @param promote ends when the cluster takes writes
 */
export async function promoteUnder(
  { report, signal }: PlatformGround,
  members: Members,
  promote: () => Promise<unknown>,
): Promise<Part> {
  const pods = await readyPods(members, signal);
  const { user } = members.database.pooled.credentials;
  const ask = (connection: string, sql: string): string => `psql -XqAt "${connection}" -c '${sql}'`;
  const recovering = 'select pg_is_in_recovery()';
  const before = await Promise.all(pods.map((pod) => inPod(members, pod, ask(`$(pooled ${user})`, recovering))));
  // By the pod's own clock: from when the server says that it takes writes.
  const script = `
    until [ "$(${ask(`service=$database`, recovering)})" = f ]; do sleep 0.1; done
    start=\${EPOCHREALTIME/./}
    until ${ask(`$(pooled ${user} target_session_attrs=read-write)`, 'select 1')} >/dev/null 2>&1; do sleep 0.1; done
    echo $(( \${EPOCHREALTIME/./} - start ))`;
  const watching = Promise.all(pods.map((pod) => inPod(members, pod, script, 400)));
  const [microseconds] = await Promise.all([watching, promote()]);
  const took = seconds(Math.max(...microseconds.map(Number)) / 1000);
  report(`promotion: who asks for a server that takes writes is accepted after ${took} s`);
  return {
    figures: { 'read-write accepted': took },
    checks: [
      { what: 'whether the poolers knew a standby', expected: 't', got: [...new Set(before)].join(', ') },
      within('a promotion until who asks for read-write is accepted', took),
    ],
  };
}

/** What its exporter says of PgBouncer, on each pod. */
export async function numbers({ signal }: PlatformGround, members: Members): Promise<Part> {
  const pods = await readyPods(members, signal);
  const pages = await Promise.all(pods.map((pod) => inPod(members, pod, 'curl -sS -m 10 127.0.0.1:9127/metrics')));
  const wanted = [
    ...['pgbouncer_up 1', 'pgbouncer_config_max_client_connections ', 'pgbouncer_used_clients '],
    `pgbouncer_pools_client_maxwait_seconds{database="${members.database.name}"`,
  ];
  const missing = wanted.filter((each) =>
    pages.some((page) => !page.split('\n').some((line) => line.startsWith(each))),
  );
  return {
    figures: {},
    checks: [{ what: 'numbers that the exporter lacks', expected: 'none', got: missing.join(', ') || 'none' }],
  };
}

function within(what: string, took: number) {
  const expected = `${bound} s or less`;
  return { what: `seconds from ${what}`, expected, got: took <= bound ? expected : `${took} s` };
}

/** Names of all pods, once PgBouncer answers in each. */
async function readyPods(members: Members, signal: AbortSignal): Promise<readonly [string, ...string[]]> {
  const { selector } = poolerOf(members);
  return waitFor(`the poolers of ${members.scope}`, { atMost: 120, every: 500, signal }, async () => {
    const { items } = await getJson<PodList>(members.cluster, [
      ...['pods', `--namespace=${members.namespace}`, selectorArgument(selector)],
    ]);
    const ready = ({ status }: Pod) =>
      status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True');
    const [first, ...others] = items.map(({ metadata }) => metadata.name);
    return first !== undefined && items.every(ready) ? [first, ...others] : undefined;
  });
}

interface Pod {
  readonly metadata: { readonly name: string };
  readonly status: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

interface PodList {
  readonly items: readonly Pod[];
}

/** @returns what it printed. @throws ProvingError where it fails */
async function inPod(members: Members, name: string, script: string, timeout = 60): Promise<string> {
  const { cluster, namespace, database } = members;
  const variables = `port=${database.pooled.port}\ndatabase=${database.name}\n`;
  const command = ['bash', '-c', `${prelude}${variables}${script}`];
  const { status, stdout, stderr } = await exec(cluster, { namespace, name, container: 'pgbouncer' }, command, {
    timeout,
  });
  if (status !== 0) throw new ProvingError(`${name}: ${script}: exit code ${status}\n${stderr.trim()}`);
  return stdout.trim();
}
