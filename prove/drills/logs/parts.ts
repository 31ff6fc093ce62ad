import { setTimeout as delay } from 'node:timers/promises';
import type { LogAlertProps } from '../../../constructs/core/log-alert.ts';
import type { Platform } from '../../../constructs/core/platform.ts';
import { lineQueries } from '../../../constructs/observability-stack/index.ts';
import { seconds } from '../../instruments/figures.ts';
import { waitFor } from '../../machine/wait-for.ts';
import type { Part, Round } from '../../results/index.ts';
import { Checks } from '../hardware/checks.ts';
import type { Ground } from '../ground.ts';
import type { Agent } from './agent.ts';
import type { LogBucket } from './bucket.ts';
import { componentsOf } from './components.ts';
import { ContainerLog } from './container-log.ts';
import { everyComponent, linesOf, numbered, numberedLines, ranges, shapes } from './lines.ts';
import type { Numbered } from './lines.ts';
import type { Loki } from './loki.ts';
import type { Receiver } from './receiver.ts';

export interface LogGround {
  readonly ground: Pick<Ground, 'report'>;
  readonly platform: Platform;
  readonly loki: Loki;
  readonly agent: Agent;
  readonly bucket: LogBucket;
  readonly receiver: Receiver;
}

const day = 24 * 3600 * 1000;

const units = {
  containers: 'containers',
  told: 's',
  lost: 'lines',
  duplicates: 'lines',
  'sent again': 'lines',
  arrived: 's',
  ready: 's',
  objects: 'objects',
  bytes: 'bytes',
  removed: 's',
  'memory of Loki': 'MiB',
  'memory of the agent': 'MiB',
} as const;

/** One round of everything, in its order: what is written early is asked for again later. */
export async function logsOf(all: LogGround): Promise<Round> {
  const { ground, platform, loki, agent } = all;
  const { report } = ground;
  const checks = new Checks();
  report('asking each program for its configuration');
  checks.succeeds("Loki's configuration, by its own checker", await loki.check());
  checks.succeeds("the agent's configuration, by its own checker", await agent.check());
  const ready = await loki.start();
  agent.start();
  report('lines of every container of the platform');
  const components = await everyComponent(all, componentsOf(platform));
  const shaped = await shapes(all);
  const shown = await boards(all);
  const told = security(all);
  report('10,000 lines, two rotations, and three kills of the agent');
  const lines = await numbered(all);
  const heard = await told();
  const refused = await refusals(all);
  const numbers = new Set(await loki.names());
  const down = await whileDown(all, lines);
  const memory = { 'memory of Loki': loki.memory, 'memory of the agent': agent.memory };
  const stored = await inBucket(all, lines);
  for (const name of await loki.names()) numbers.add(name);
  const missing = numbersOf(platform).filter((name) => !numbers.has(name));
  checks.same('numbers of Loki that alerts and panels ask for, and it does not tell', missing.join() || 'none', 'none');
  const parts = [components, shaped, shown, lines, heard, refused, down, stored];
  return {
    figures: Object.assign({ ready, ...memory }, ...parts.map(({ figures }) => figures)) as Round['figures'],
    units,
    checks: [...checks.all, ...parts.flatMap((part) => part.checks)],
  };
}

/** What boards ask Loki for is a question that it understands, and finds lines of whom they are about. */
async function boards({ loki, platform }: LogGround): Promise<Part> {
  const checks = new Checks();
  const since = new Date(Date.now() - 3600 * 1000);
  const silent: string[] = [];
  for (const { props } of platform.dashboards) {
    if (props.lines === undefined) continue;
    const { all, bad } = lineQueries(props.lines);
    if ((await loki.lines(all, since, new Date())).length === 0) silent.push(`${props.name}: ${all}`);
    await loki.lines(bad, since, new Date());
  }
  checks.same('boards whose lines are not found', silent.join('; ') || 'none', 'none');
  const { bad } = lineQueries('all');
  const errors = (await loki.lines(bad, since, new Date())).map(({ text }) => text);
  checks.same(
    'a line of an error, on the board of all',
    errors.some((text) => text.includes('it broke')) ? 'there' : 'missing',
    'there',
  );
  return { figures: {}, checks: checks.all };
}

/** Names of Loki's numbers in all that somebody declares; those of the agent have other names here. */
function numbersOf({ alerts, dashboards }: Platform): string[] {
  const panels = dashboards.flatMap(({ props }) =>
    props.rows.flatMap(({ now = [], curves = [] }) => [...now, ...curves]),
  );
  const asked = [
    ...alerts.map(({ props }) => props.expression),
    ...panels.flatMap(({ queries }) => Object.values(queries)),
  ].flatMap((expression) => [...expression.matchAll(/\bloki_\w+/g)].map(([name]) => name));
  return [...new Set(asked)].filter((name) => !name.startsWith('loki_write_'));
}

const odd = { namespace: 'shop', pod: 'odd-7d9f8b6c5d-x2z4b', container: 'odd' };

/** A line that is too old, and one that is too long; each is counted, and keeps no other one from being taken. */
async function refusals({ loki, agent }: LogGround): Promise<Part> {
  const checks = new Checks();
  const since = new Date();
  const log = new ContainerLog(agent.disk, odd);
  log.write(['much too old'], new Date(Date.now() - 2 * day));
  log.writeInParts(Array.from({ length: 20 }, () => 'x'.repeat(16_384)));
  log.write(['after them']);
  const lines = await waitFor('the line after those that are refused or cut', { atMost: 60, every: 500 }, async () => {
    const found = await linesOf(loki, odd, since);
    return found.some(({ text }) => text === 'after them') && found;
  });
  checks.same(
    'a line of 320 KiB',
    String(lines.find(({ text }) => text.startsWith('x'))?.text.length),
    String(256 * 1024),
  );
  checks.same('lines that were refused', String(await loki.number('loki_discarded_samples_total')), '1');
  checks.same('lines that were cut', String(await loki.number('loki_mutated_samples_total')), '1');
  return { figures: {}, checks: checks.all };
}

/** Writes as many lines of each kind as somebody has to know of. @returns who waits until somebody was told */
function security({ ground, platform, agent, receiver }: LogGround): () => Promise<Part> {
  const alerts = platform.logAlerts.map(({ props }) => props);
  const quiet = receiver.received.length;
  ground.report(`lines of ${alerts.map(({ name }) => name).join(', ')}`);
  const start = new Date();
  for (const props of alerts) {
    const { name, namespace } = props.of;
    new ContainerLog(agent.disk, { namespace, pod: `${name}-7d9f8b6c5d-x2z4b`, container: name }).write(
      linesFor(props, alerts),
    );
  }
  return async () => {
    const checks = new Checks();
    const names = (): string => [...new Set(receiver.received.map(({ labels }) => labels.alertname))].sort().join();
    const expected = alerts
      .map(({ name }) => name)
      .sort()
      .join();
    await waitFor('alerts on lines', { atMost: 180, every: 500 }, () => names() === expected).catch(() => undefined);
    checks.same('alerts before there were such lines', String(quiet), '0');
    checks.same('alerts that were told', names(), expected);
    for (const { name, by, severity } of alerts) {
      const labels = receiver.received.find((each) => each.labels.alertname === name)?.labels ?? {};
      checks.same(
        `${name}: whose they are`,
        by === undefined ? 'all' : (labels[by] ?? 'nobody'),
        by === undefined ? 'all' : 'somebody',
      );
      checks.same(`${name}: how urgent`, `${labels.severity} ${labels.source}`, `${severity} logs`);
    }
    const last = Math.max(
      ...alerts.map(({ name }) => receiver.received.find(({ labels }) => labels.alertname === name)?.at.getTime() ?? 0),
    );
    return { figures: { told: seconds(last - start.getTime()) }, checks: checks.all };
  };
}

/** Each has every field that its workload's lines are counted by: one name where that is what they are counted by, else many. */
function linesFor({ of, contains, by, moreThan }: LogAlertProps, all: readonly LogAlertProps[]): string[] {
  const fields = [
    ...new Set(all.flatMap((each) => (each.of.name === of.name && each.by !== undefined ? [each.by] : []))),
  ];
  return Array.from({ length: moreThan + 1 }, (_, index) => {
    const members = fields.map((field) => `"${field}":"${field === by ? 'somebody' : `somebody ${index}`}"`);
    return `{${[...contains, ...members].join(',')}}`;
  });
}

const late = { namespace: 'shop', pod: 'late-7d9f8b6c5d-x2z4b', container: 'late' };

/** Loki is killed; what it had taken is there afterwards, and what was written meanwhile arrives. */
async function whileDown({ ground, loki, agent }: LogGround, { since, lost: known }: Numbered): Promise<Part> {
  const checks = new Checks();
  ground.report('killing Loki, and writing meanwhile');
  const before = new Date();
  const log = new ContainerLog(agent.disk, late);
  await loki.kill();
  log.write(['written while nobody took lines']);
  await delay(10_000);
  await loki.start();
  const ready = performance.now();
  await waitFor('the line that was written while Loki was down', { atMost: 90, every: 250 }, async () => {
    return (await linesOf(loki, late, before)).length > 0;
  });
  const arrived = seconds(performance.now() - ready);
  checks.same('lines that were written while Loki was down', String((await linesOf(loki, late, before)).length), '1');
  const { lost, duplicates } = await numberedLines(loki, since, known);
  checks.same('numbered lines that are missing after the kill of Loki', ranges(lost), 'none');
  checks.same('numbered lines that are there twice then', String(duplicates), '0');
  return { figures: { arrived }, checks: checks.all };
}

const old = { namespace: 'shop', pod: 'old-7d9f8b6c5d-x2z4b', container: 'old' };
const chunk = /^fake\/[0-9a-f]+\/([0-9a-f]+):([0-9a-f]+):[0-9a-f]+$/;

/** Loki ends and writes all it has; what is in the bucket is all that it has from then on. */
async function inBucket({ ground, loki, agent, bucket }: LogGround, { since, lost: known }: Numbered): Promise<Part> {
  const checks = new Checks();
  ground.report('an old line, and stopping Loki');
  const at = new Date(Date.now() - day + 60_000);
  new ContainerLog(agent.disk, old).write(['a line that is nearly a day old'], at);
  await delay(10_000);
  await loki.stop();
  const objects = await bucket.readAll();
  const wrong = objects.filter(({ wrong: problem }) => problem !== undefined);
  checks.same(
    'objects whose bytes are not what was written',
    wrong.map(({ key, wrong: problem }) => `${key}: ${problem}`).join('; ') || 'none',
    'none',
  );
  checks.same(
    'requests with a checksum behind what they write',
    bucket.trailers.slice(0, 3).join('; ') || 'none',
    'none',
  );
  checks.same('requests that were refused', bucket.refused.slice(0, 3).join('; ') || 'none', 'none');
  const chunks = objects.map(({ key }) => key).filter((key) => chunk.test(key));
  const [tooOld = ''] = chunks.filter(
    (key) => Math.abs(Number.parseInt(chunk.exec(key)?.[2] ?? '', 16) - at.getTime()) < 1000,
  );
  checks.same('objects of the old line', tooOld === '' ? 'none' : 'one', 'one');

  ground.report('starting Loki with nothing but the bucket');
  loki.emptyVolume();
  await loki.start();
  const { lost, duplicates } = await numberedLines(loki, since, known);
  checks.same('numbered lines that are missing in the bucket', ranges(lost), 'none');
  checks.same('numbered lines that are there twice then', String(duplicates), '0');
  const expired = at.getTime() + day;
  await waitFor(
    'the old line to be gone from the bucket',
    { atMost: 300, every: 1000 },
    async () => !(await bucket.has(tooOld)),
  ).catch(() => undefined);
  const removed = seconds(Date.now() - expired);
  const left = await bucket.list();
  checks.same('the object of the old line, a day later', left.includes(tooOld) ? 'there' : 'gone', 'gone');
  checks.same(
    'other objects that are gone',
    chunks.filter((key) => key !== tooOld && !left.includes(key)).join() || 'none',
    'none',
  );
  const after = await numberedLines(loki, since, known);
  checks.same('numbered lines that are missing afterwards', ranges(after.lost), 'none');
  return {
    figures: { objects: objects.length, bytes: objects.reduce((sum, { bytes }) => sum + bytes, 0), removed },
    checks: checks.all,
  };
}
