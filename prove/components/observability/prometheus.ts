import { setTimeout as delay } from 'node:timers/promises';
import { ObservabilityStack } from '../../../constructs/observability-stack/index.ts';
import { inNetworkOf } from '../../cluster/nodes.ts';
import { isInUse, podsOf } from '../../cluster/pods.ts';
import type { PodObject } from '../../cluster/pods.ts';
import type { PlatformGround } from '../../drills/ground.ts';
import { ProvingError } from '../../machine/error.ts';
import { run } from '../../machine/run.ts';
import type { Result } from '../../machine/run.ts';
import { waitFor } from '../../machine/wait-for.ts';
import { selectorArgument } from '../endpoints.ts';

type Labels = Readonly<Record<string, string>>;

/** A target that Prometheus reads, in its own words. */
export interface Target {
  readonly scrapePool: string;
  readonly health: 'up' | 'down' | 'unknown';
  readonly lastError: string;
  readonly labels: Labels;
}

/** An alert rule that Prometheus looks at, in its own words. */
export interface Rule {
  readonly name: string;
  readonly query: string;
  readonly health: 'ok' | 'err' | 'unknown';
  readonly state: 'inactive' | 'pending' | 'firing';
}

/** One of the answers to a question, with every moment of it where a range was asked for. */
export interface Sample {
  readonly metric: Labels;
  readonly value?: readonly [number, string];
  readonly values?: readonly (readonly [number, string])[];
}

/** What PromQL was parsed into, as far as names are looked for. */
interface Parsed {
  readonly type: string;
  readonly name?: string;
}

/** What Prometheus doesn't take, can't work out or doesn't answer. */
export class Refused extends ProvingError {}

/** The first Prometheus of a platform, asked from its node. */
export class Prometheus {
  readonly stack: ObservabilityStack;
  private readonly ground: PlatformGround;

  /** @throws ProvingError where nobody watches */
  constructor(ground: PlatformGround) {
    const [stack] = ground.platform.all(ObservabilityStack);
    if (stack === undefined) throw new ProvingError(`nobody watches ${ground.environment}`);
    this.stack = stack;
    this.ground = ground;
  }

  /** @throws ProvingError where none is ready within 120 s */
  async pod(): Promise<PodObject> {
    const { cluster, signal } = this.ground;
    const { namespace, selector } = this.stack.prometheus;
    return waitFor('Prometheus to be ready', { atMost: 120, every: 500, signal }, async () => {
      const pods = await podsOf(cluster, [`--namespace=${namespace}`, selectorArgument(selector)]);
      return pods.find(isInUse);
    });
  }

  targets(): Promise<readonly Target[]> {
    return this.data<{ activeTargets: Target[] }>('targets?state=active').then(({ activeTargets }) => activeTargets);
  }

  async rules(): Promise<readonly Rule[]> {
    const { groups } = await this.data<{ groups: { rules: Rule[] }[] }>('rules?type=alert');
    return groups.flatMap(({ rules }) => rules);
  }

  async query(expression: string): Promise<readonly Sample[]> {
    return (await this.data<{ result: Sample[] }>(`query?query=${encodeURIComponent(expression)}`)).result;
  }

  /** The same at two moments of each of the last minutes. */
  async range(expression: string, minutes: number): Promise<readonly Sample[]> {
    const end = Math.floor(Date.now() / 1000);
    const moments = `start=${end - 60 * minutes}&end=${end}&step=30`;
    return (await this.data<{ result: Sample[] }>(`query_range?query=${encodeURIComponent(expression)}&${moments}`))
      .result;
  }

  /** The one number that is the answer. @throws ProvingError where there is none, or there are more */
  async number(expression: string): Promise<number> {
    const answers = await this.query(expression);
    const value = answers[0]?.value?.[1];
    if (answers.length === 1 && value !== undefined) return Number(value);
    throw new ProvingError(`${answers.length} answers to ${expression}`);
  }

  /** Names of all that it has read of anybody. */
  names(): Promise<readonly string[]> {
    return this.data<string[]>('label/__name__/values');
  }

  /** Names that an expression asks for, as Prometheus itself reads it. */
  async namesIn(expression: string): Promise<readonly string[]> {
    return selectors(await this.data<Parsed>(`parse_query?query=${encodeURIComponent(expression)}`));
  }

  /** On a busy machine a question may not be answered in time: it is asked again. What is refused is refused again. */
  private async data<Data>(path: string): Promise<Data> {
    const { signal } = this.ground;
    const end = performance.now() + 30_000;
    for (;;) {
      const { status, stdout, stderr } = await this.ask(path);
      if (status === 0) return (JSON.parse(stdout) as { readonly data: Data }).data;
      const answer = stdout.trim();
      if (answer !== '' || performance.now() > end)
        throw new Refused(`Prometheus, asked for ${path}: ${answer || stderr.trim()}`);
      await delay(1000, undefined, { signal });
    }
  }

  private async ask(path: string): Promise<Result> {
    const { cluster } = this.ground;
    const { spec, status } = await this.pod();
    const url = `http://${status.podIP ?? ''}:${this.stack.prometheus.port('http')}/api/v1/${path}`;
    const [program, ...args] = [...inNetworkOf(cluster, spec.nodeName ?? ''), cluster.program('probe'), 'get', url];
    return run(program, [...args, '10s']);
  }
}

/** Names of series that are asked for, now or over a time, anywhere in a query as Prometheus tells what is in it. */
export function selectors(parsed: unknown): readonly string[] {
  if (typeof parsed !== 'object' || parsed === null) return [];
  const { type, name } = parsed as Parsed;
  const isSelector = type === 'vectorSelector' || type === 'matrixSelector';
  const own = isSelector && name !== undefined && name !== '' ? [name] : [];
  return [...new Set([...own, ...Object.values(parsed).flatMap(selectors)])];
}
