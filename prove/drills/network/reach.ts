import type { Cluster } from '../../cluster/handle.ts';
import { exec } from '../../cluster/kubectl.ts';
import { ProvingError } from '../../machine/error.ts';
import type { DrillCheck } from '../../results/index.ts';
import type { StandIn } from './stand-ins.ts';

/** Somewhere to connect to. */
export interface Target {
  /** As declared edges call it. */
  readonly name: string;
  /** The pod or server behind the address. */
  readonly place: string;
  readonly address: string;
  readonly protocol: 'TCP' | 'UDP';
  readonly port: number;
}

/** What one pod tried, and what answered it. */
export interface Reached {
  readonly source: StandIn;
  readonly tried: readonly Target[];
  readonly open: ReadonlySet<Target>;
}

/** Such as `data/postgres TCP 5432`. */
export const keyOf = ({ name, protocol, port }: Target): string => `${name} ${protocol} ${port}`;

/** Each is a kubectl of its own; more at once only wait for each other on few processors. */
const atOnce = 8;

/** How often what is declared and doesn't open is asked for again, each time for two seconds. */
const askedAgain = 8;

/** Every pod tries every target but its own address. @throws ProvingError where one can't try */
export async function reachedBy(
  cluster: Cluster,
  sources: readonly StandIn[],
  targets: readonly Target[],
  isDeclared: (source: StandIn, target: Target) => boolean,
): Promise<Reached[]> {
  const waiting = [...sources];
  const results = new Map<StandIn, Reached>();
  const work = async (): Promise<void> => {
    for (let source = waiting.shift(); source !== undefined; source = waiting.shift()) {
      const tried = targets.filter((target) => !isItself(source, target));
      const open = await openTo(cluster, source, tried);
      // On a busy machine answers are late, each time others: only what is declared and never opens is a finding.
      for (let time = 0; time < askedAgain; time += 1) {
        const late = tried.filter((target) => !open.includes(target) && isDeclared(source, target));
        if (late.length === 0) break;
        open.push(...(await openTo(cluster, source, late)));
      }
      results.set(source, { source, tried, open: new Set(open) });
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return sources.flatMap((source) => results.get(source) ?? []);
}

const isItself = ({ group, name }: StandIn, target: Target): boolean =>
  target.name === group.name && target.place === name;

async function openTo(cluster: Cluster, source: StandIn, targets: readonly Target[]): Promise<Target[]> {
  const { namespace, name } = source;
  const ways = targets.map(({ protocol, address, port }) => `${protocol.toLowerCase()}/${address}:${port}`);
  const command = ['probe', 'ways', '2s', ...ways];
  const { stdout, stderr } = await exec(cluster, { namespace, name, container: 'probe' }, command, { timeout: 60 });
  const lines = stdout.trimEnd().split('\n');
  if (lines.length !== ways.length || !lines.every((line, index) => line.startsWith(`${ways[index]} `)))
    throw new ProvingError(`${namespace}/${name} could not try its ways: ${stderr.trim()}`);
  return targets.filter((_, index) => lines[index] === `${ways[index]} open`);
}

/** Connections that are declared and don't open, or the other way round. */
export function differencesOf(
  { source, tried, open }: Reached,
  isDeclared: (source: StandIn, target: Target) => boolean,
): Target[] {
  return tried.filter((target) => open.has(target) !== isDeclared(source, target));
}

/** What the pods of one workload reach, against what is declared. */
export function checkOf(
  reached: readonly Reached[],
  isDeclared: (source: StandIn, target: Target) => boolean,
): DrillCheck {
  const ways = reached.flatMap(({ source, tried, open }) =>
    tried.map((target) => ({ source, target, key: keyOf(target), opens: open.has(target) })),
  );
  const keys = [...new Set(ways.map(({ key }) => key))].sort();
  const got = keys.flatMap((key) => {
    const all = ways.filter((way) => way.key === key);
    const open = all.filter(({ opens }) => opens);
    if (open.length === 0) return [];
    if (open.length === all.length) return [key];
    return [`${key} (only ${open.map(({ source, target }) => `${source.name} to ${target.place}`).join(', ')})`];
  });
  const declared = new Set(ways.filter(({ source, target }) => isDeclared(source, target)).map(({ key }) => key));
  return {
    what: `what ${reached[0]?.source.group.name ?? 'nobody'} reaches, of ${keys.length} ports`,
    expected: keys.filter((key) => declared.has(key)).join(', ') || 'nothing',
    got: got.join(', ') || 'nothing',
  };
}
