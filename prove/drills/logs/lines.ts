import { setTimeout as delay } from 'node:timers/promises';
import { waitFor } from '../../machine/wait-for.ts';
import type { DrillCheck, Part } from '../../results/index.ts';
import { Checks } from '../hardware/checks.ts';
import type { Agent } from './agent.ts';
import type { Component } from './components.ts';
import { ContainerLog } from './container-log.ts';
import type { Container } from './container-log.ts';
import type { Loki, StoredLine } from './loki.ts';

export interface Pair {
  readonly loki: Loki;
  readonly agent: Agent;
}

/** What is asked for when a component's lines are looked for. */
export const selectorOf = ({ namespace, pod, container }: Container): string =>
  `{namespace="${namespace}",pod="${pod}",container="${container}"}`;

/** Lines of a container since a moment. */
export function linesOf(loki: Loki, container: Container, since: Date): Promise<readonly StoredLine[]> {
  return loki.lines(selectorOf(container), since, new Date(Date.now() + 1000));
}

/** A line of every container of the platform is found by the name of its workload. */
export async function everyComponent({ loki, agent }: Pair, components: readonly Component[]): Promise<Part> {
  const since = new Date();
  const textOf = ({ namespace, app, container }: Component): string => `${namespace}/${app}/${container} has begun`;
  for (const component of components) new ContainerLog(agent.disk, component).write([textOf(component)]);
  const found = async (): Promise<ReadonlySet<string>> => {
    const lines = await loki.lines('{node=~".+"}', since, new Date(Date.now() + 1000));
    return new Set(
      lines.map(
        ({ text, labels }) => `${labels.namespace}/${labels.app}/${labels.container}: ${text} on ${labels.node}`,
      ),
    );
  };
  const expected = components.map(
    (each) => `${each.namespace}/${each.app}/${each.container}: ${textOf(each)} on node1`,
  );
  const missing = async (): Promise<readonly string[]> => {
    const all = await found();
    return expected.filter((each) => !all.has(each));
  };
  await waitFor(
    'lines of every component',
    { atMost: 60, every: 1000 },
    async () => (await missing()).length === 0,
  ).catch(() => undefined);
  const checks: DrillCheck[] = [
    {
      what: `containers of the platform whose line is not found, of ${components.length}`,
      expected: 'none',
      got: (await missing()).join('; ') || 'none',
    },
  ];
  return { figures: { containers: components.length }, checks };
}

/** What the stages make of lines. */
export async function shapes({ loki, agent }: Pair): Promise<Part> {
  const checks = new Checks();
  const since = new Date();
  const own = { namespace: 'shop', pod: 'shapes-7d9f8b6c5d-x2z4b', container: 'shapes' };
  const log = new ContainerLog(agent.disk, own);
  const long = ['a'.repeat(16_384), 'b'.repeat(16_384), 'c'];
  log.write(['Error: it broke', '    at work (file.js:1)', '    at main (file.js:2)', 'after the trace']);
  log.writeInParts(long);
  log.write(['{"level":"error","message":"it broke"}', 'the end']);
  const lines = await waitFor('lines of each shape', { atMost: 30, every: 500 }, async () => {
    const found = await linesOf(loki, own, since);
    return found.some(({ text }) => text === 'the end') && found;
  });
  const has = (text: string): string => (lines.some((line) => line.text === text) ? 'one line' : 'no such line');
  checks.same('a trace', has('Error: it broke\n    at work (file.js:1)\n    at main (file.js:2)'), 'one line');
  checks.same('what containerd cut in three', has(long.join('')), 'one line');
  checks.same('all of them', String(lines.length), '5');
  const errors = await loki.lines(`${selectorOf(own)} | level="error"`, since, new Date(Date.now() + 1000));
  checks.same(
    'lines whose level is error',
    errors.map(({ text }) => text).join(),
    '{"level":"error","message":"it broke"}',
  );
  const names = Object.keys(lines[0]?.labels ?? {}).sort();
  checks.same('labels', names.join(), 'app,container,namespace,node,pod');
  return { figures: {}, checks: checks.all };
}

const count = 10_000;
const piece = 50;
/** Of the pieces: two rotations, and kills of the agent before, between and after them. */
const rotations: readonly number[] = [60, 120];
const kills: readonly number[] = [30, 95, 165];
/** Pieces for which no agent runs then. */
const gone = 8;
/** Two seconds of lines: what an agent may have read, noted as read, and not handed over when it is killed. */
const inMemory = 400;

export const numberedContainer = { namespace: 'shop', pod: 'numbered-7d9f8b6c5d-x2z4b', container: 'numbered' };
const numberOf = (text: string): number => Number(/^line (\d+) of/.exec(text)?.[1]);

/** What was written, and which of it never came. */
export interface Numbered {
  readonly since: Date;
  readonly lost: readonly number[];
}

/** Ten thousand numbered lines, while files are rotated and the agent is killed. */
export async function numbered({ loki, agent }: Pair): Promise<Part & Numbered> {
  const since = new Date();
  const log = new ContainerLog(agent.disk, numberedContainer);
  const before = await loki.number('loki_distributor_lines_received_total');
  for (let index = 0; index < count / piece; index += 1) {
    if (kills.includes(index)) await agent.kill();
    if (kills.includes(index - gone)) agent.start();
    if (rotations.includes(index)) {
      // What is rotated away before an agent has come to it is lost, as the documentation says: files are not so short.
      await arrives(loki, index * piece);
      log.rotate();
    }
    log.write(Array.from({ length: piece }, (_, place) => `line ${index * piece + place + 1} of ${count}`));
    await delay(250);
  }
  await arrives(loki, count);
  await delay(3000);
  const sent = (await loki.number('loki_distributor_lines_received_total')) - before;
  const { lost, duplicates } = await numberedLines(loki, since, []);
  const others = lost.filter(
    (number) => !kills.some((kill) => number <= kill * piece && number > kill * piece - inMemory),
  );
  return {
    since,
    lost,
    figures: { lost: lost.length, duplicates, 'sent again': sent - count + lost.length },
    checks: [
      {
        what: `lines of ${count} that are missing, of which no agent had the last two seconds in its memory when it was killed`,
        expected: 'none',
        got: ranges(others),
      },
      { what: 'lines that are there more than once', expected: '0', got: String(duplicates) },
    ],
  };
}

function arrives(loki: Loki, number: number): Promise<unknown> {
  const query = `${selectorOf(numberedContainer)} |= "line ${number} of"`;
  const recent = (): [Date, Date] => [new Date(Date.now() - 600_000), new Date(Date.now() + 1000)];
  return waitFor(`line ${number}`, { atMost: 180, every: 500 }, async () => {
    return (await loki.lines(query, ...recent())).length > 0;
  });
}

/** @param known those that are known to be lost */
export async function numberedLines(
  loki: Loki,
  since: Date,
  known: readonly number[],
): Promise<{ readonly lost: readonly number[]; readonly duplicates: number }> {
  const numbers = (await linesOf(loki, numberedContainer, since)).map(({ text }) => numberOf(text));
  const there = new Set(numbers);
  const lost = Array.from({ length: count }, (_, index) => index + 1).filter(
    (number) => !there.has(number) && !known.includes(number),
  );
  return { lost, duplicates: numbers.length - there.size };
}

/** Such as `3 to 7, 9`. */
export function ranges(numbers: readonly number[]): string {
  const parts: [number, number][] = [];
  for (const number of numbers) {
    const last = parts.at(-1);
    if (last?.[1] === number - 1) last[1] = number;
    else parts.push([number, number]);
  }
  return parts.map(([first, end]) => (first === end ? String(first) : `${first} to ${end}`)).join(', ') || 'none';
}
