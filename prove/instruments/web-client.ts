import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import type { Cluster } from '../cluster/handle.ts';
import { fabricProcesses, inFabric, inNetworkOf, startInFabric } from '../cluster/nodes.ts';
import { must } from '../machine/run.ts';
import { withCleanUp } from '../machine/clean-up.ts';
import { waitFor } from '../machine/wait-for.ts';
import { parseRequest, settledSince } from './recorder.ts';
import type { RecordedRequest } from './recorder.ts';

/** A request of a client outside of the cluster. Without a `servername` it speaks without TLS. */
export interface WebRequest {
  readonly to: { readonly address: string; readonly port: number };
  /** Whose it is. @default whatever the fabric takes */
  readonly from?: string;
  readonly servername?: string;
  /** @default h1 */
  readonly protocol?: 'h1' | 'h2';
  /** @default GET */
  readonly method?: string;
  /** @default / */
  readonly path?: string;
  /** Names and values in turn, where one comes twice. */
  readonly headers?: Readonly<Record<string, string>> | readonly string[];
  /** In base64. */
  readonly body?: string;
  /** All bytes of the request in base64, in place of method, path, headers and body. */
  readonly raw?: string;
  /** Bytes in base64 that follow `raw` after the first answer. */
  readonly then?: string;
  /** Of a request in bytes: milliseconds without an answer after which no more is waited for. @default 1500 */
  readonly quiet?: number;
  /** Bytes in base64 that are sent before TLS begins. */
  readonly before?: string;
  /** For Node's `tls.connect`, such as `ca` and `maxVersion`. */
  readonly tls?: Readonly<Record<string, unknown>>;
  /** In milliseconds. @default 10000 */
  readonly timeout?: number;
}

export interface WebAnswer {
  /** 0 where none came. */
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  /** Its beginning; of a request in bytes, all that came. */
  readonly body: string;
  /** Why no answer came. */
  readonly error?: string;
  /** Of a request in bytes: `quiet`, `ended`, or how the connection broke. */
  readonly end?: string;
  readonly milliseconds: number;
  /** Milliseconds until the body began. */
  readonly firstByte?: number;
  readonly tls?: {
    readonly protocol: string;
    readonly cipher: string;
    readonly group?: string;
    readonly curve?: string;
    readonly serial?: string;
    readonly names?: string;
  };
}

export interface LoadOptions {
  readonly perSecond: number;
  readonly seconds: number;
  /** Kept open, as browsers do. @default 20 */
  readonly connections?: number;
}

export interface LoadResult {
  readonly offered: number;
  /** Until the last was answered. */
  readonly seconds: number;
  /** Answered from 200 to 399. */
  readonly accepted: number;
  /** How many got which status, or why they got none. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Of those that were accepted. */
  readonly milliseconds: { readonly median: number; readonly slow: number; readonly slowest: number };
}

const program = path.join(import.meta.dirname, 'web-client.js');

export const base64 = (text: string): string => Buffer.from(text, 'latin1').toString('base64');

export interface AskWebOptions {
  /** @default 4 */
  readonly atOnce?: number;
  /** Whose network it asks from, in place of the world. @default none's */
  readonly node?: string;
}

/** Asks from outside of the cluster. @returns the answers in the order of the requests */
export async function askWeb(
  cluster: Cluster,
  requests: readonly WebRequest[],
  { atOnce = 4, node }: AskWebOptions = {},
): Promise<readonly WebAnswer[]> {
  const options = { input: JSON.stringify({ ask: requests, atOnce }), timeout: 600 };
  const command = [process.execPath, program];
  const [first = '', ...rest] = node === undefined ? [] : [...inNetworkOf(cluster, node), ...command];
  const printed = await (node === undefined ? inFabric(cluster, command, options) : must(first, rest, options));
  return printed
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as WebAnswer);
}

/** Begins requests at a rate, however slowly they are answered. */
export async function loadWeb(cluster: Cluster, request: WebRequest, options: LoadOptions): Promise<LoadResult> {
  const input = JSON.stringify({ load: request, ...options });
  const timeout = options.seconds + 120;
  return JSON.parse(await inFabric(cluster, [process.execPath, program], { input, timeout })) as LoadResult;
}

export interface WebRecorderOptions {
  readonly name: string;
  /** In milliseconds. @default 100 */
  readonly milliseconds?: number;
  /** Whether one connection is used again, as long as it lives. @default each request has its own */
  readonly isKept?: boolean;
}

/** A client outside of the cluster that asks all the time and writes down what it got. */
export class WebRecorder {
  private readonly cluster: Cluster;
  private readonly log: string;
  private readonly task: string;
  private settled = new Date(0);

  private constructor(cluster: Cluster, name: string) {
    this.cluster = cluster;
    this.log = path.join(cluster.folder, 'logs', `web-recorder-${name}.log`);
    this.task = path.join(cluster.folder, 'world', `web-recorder-${name}.json`);
  }

  /** Starts one, in place of an older one of the name, and waits until it gets answers. What was before isn't counted. */
  static async start(
    cluster: Cluster,
    request: WebRequest,
    { name, milliseconds = 100, isKept = false }: WebRecorderOptions,
  ): Promise<WebRecorder> {
    const recorder = new WebRecorder(cluster, name);
    await recorder.stop();
    fs.rmSync(recorder.log, { force: true });
    fs.writeFileSync(recorder.task, JSON.stringify({ every: request, milliseconds, isKept }));
    startInFabric(cluster, [process.execPath, program, recorder.task], recorder.log);
    recorder.settled = await waitFor(`20 answers in a row of ${name}`, { atMost: 60, see: recorder.log }, () =>
      settledSince(recorder.all(), 20),
    ).catch((error: unknown) =>
      // Nobody else knows of it, who could end it.
      withCleanUp([() => recorder.stop()], () => Promise.reject(error as Error)),
    );
    return recorder;
  }

  /** What it asked since it got its first answers, or since a later moment. */
  requests(since = this.settled): readonly RecordedRequest[] {
    return this.all().filter(({ at }) => at >= since);
  }

  /** Ends it; what it asked stays readable. */
  async stop(): Promise<void> {
    const running = () => fabricProcesses(this.cluster).filter(({ command }) => command.includes(this.task));
    for (const { pid } of running()) process.kill(pid, 'SIGKILL');
    await waitFor('the end of the client', { atMost: 10, every: 50 }, () => running().length === 0);
  }

  private all(): readonly RecordedRequest[] {
    if (!fs.existsSync(this.log)) return [];
    return fs
      .readFileSync(this.log, 'utf8')
      .split('\n')
      .flatMap((line) => parseRequest(line) ?? []);
  }
}
