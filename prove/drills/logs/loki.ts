import fs from 'node:fs';
import path from 'node:path';
import type { IPodSpec } from 'kubernetes-models/v1/PodSpec';
import { freePorts, Processes } from '../../machine/processes.ts';
import { must, run } from '../../machine/run.ts';
import type { Result } from '../../machine/run.ts';
import { binary } from '../../tools/cache.ts';
import type { LogBucket } from './bucket.ts';
import { Disk, variablesOf } from './disk.ts';

/** A line as Loki has it. */
export interface StoredLine {
  readonly text: string;
  /** In nanoseconds. */
  readonly at: bigint;
  readonly labels: Readonly<Record<string, string>>;
}

export interface LokiOptions {
  readonly folder: string;
  /** Of its StatefulSet. */
  readonly pod: IPodSpec;
  /** Data of the ConfigMaps that it mounts. */
  readonly settings: Readonly<Record<string, string>>;
  readonly rules: Readonly<Record<string, string>>;
  /** What hands the keys over: the files of the init container. */
  readonly keyScript: string;
  readonly bucket: LogBucket;
  /** Where Alertmanager is. */
  readonly alertmanager: string;
}

/** Settings that would take hours, by the flags of the same names; all others are those of the file. */
const waits = ['-compactor.compaction-interval=15s', '-compactor.retention-delete-delay=1s'] as const;

const name = 'loki';

/** Loki with the command, the variables and the files of its pod, on a disk of its own. */
export class Loki {
  private readonly disk: Disk;
  private readonly processes: Processes;
  private readonly command: readonly string[];
  private readonly variables: Readonly<Record<string, string>>;
  private readonly port: number;
  private runs = 0;

  private constructor(disk: Disk, processes: Processes, options: LokiOptions, ports: readonly [number, number]) {
    this.disk = disk;
    this.processes = processes;
    this.variables = variablesOf(options.pod);
    this.command = [
      ...(options.pod.containers[0]?.command ?? []),
      ...[`-server.http-listen-port=${ports[0]}`, `-server.grpc-listen-port=${ports[1]}`],
      `-ruler.alertmanager-url=${options.alertmanager}`,
      ...waits,
    ];
    [this.port] = ports;
  }

  /** Writes what it finds when it starts. */
  static async prepare(options: LokiOptions): Promise<Loki> {
    const { folder, settings, rules, bucket } = options;
    const disk = new Disk(path.join(folder, name));
    disk.program('usr/bin/loki', binary('loki'));
    disk.mount('etc/loki', settings);
    disk.mount('etc/loki-rules/fake', rules);
    disk.folder('loki');
    disk.write('etc/hosts', `127.0.0.1 ${bucket.host}\n`);
    // Whom it trusts, beside nobody.
    disk.write('etc/ssl/certs/ca-certificates.crt', bucket.authority);
    await handKeysOver(disk, options);
    const [http = 0, grpc = 0] = await freePorts(2);
    const processes = new Processes(path.join(folder, 'logs'));
    return new Loki(disk, processes, options, [http, grpc]);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** By its own checker. */
  check(): Promise<Result> {
    const [program, ...args] = this.disk.enter([...this.command, '-verify-config'], this.variables);
    return run(program, args);
  }

  /** @returns seconds until it is ready. @throws ProvingError where it isn't within 180 s */
  async start(): Promise<number> {
    const [program, ...args] = this.disk.enter(this.command, this.variables);
    const start = performance.now();
    this.runs += 1;
    this.processes.start(`${name}-${this.runs}`, program, args);
    await this.processes.waitFor('Loki to be ready', 180, () =>
      fetch(`${this.url}/ready`).then(
        ({ status }) => status === 200,
        () => false,
      ),
    );
    return Math.round((performance.now() - start) / 100) / 10;
  }

  kill(): Promise<void> {
    return this.processes.killOne(`${name}-${this.runs}`);
  }

  /** With the patience of its pod. */
  stop(): Promise<void> {
    return this.processes.stopOne(`${name}-${this.runs}`, 300);
  }

  /** As when its volume is another one. */
  emptyVolume(): void {
    this.disk.remove('loki');
    this.disk.folder('loki');
  }

  /** Every line that a query gives between two moments, in the order of their times. */
  async lines(query: string, from: Date, to: Date): Promise<readonly StoredLine[]> {
    const end = BigInt(to.getTime()) * 1_000_000n;
    const found: StoredLine[] = [];
    const limit = 4000;
    for (let start = BigInt(from.getTime()) * 1_000_000n; ;) {
      const asked = new URLSearchParams({
        query,
        start: String(start),
        end: String(end),
        limit: String(limit),
        direction: 'forward',
      });
      const page = await this.ask(asked);
      found.push(...page);
      const latest = page.at(-1)?.at;
      if (page.length < limit || latest === undefined) return found;
      start = latest + 1n;
    }
  }

  /** Sum of a number of its own, over all of its labels. */
  async number(metric: string): Promise<number> {
    const text = await (await fetch(`${this.url}/metrics`)).text();
    const values = [...text.matchAll(new RegExp(`^${metric}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'))];
    return values.reduce((sum, [, value]) => sum + Number(value), 0);
  }

  /** Names of the numbers that it tells. */
  async names(): Promise<readonly string[]> {
    const text = await (await fetch(`${this.url}/metrics`)).text();
    return [...new Set([...text.matchAll(/^([a-z_]+)/gm)].map(([, found = '']) => found))];
  }

  /** In mebibytes, of this run. */
  get memory(): number {
    return this.processes.mostMemory(`${name}-${this.runs}`);
  }

  private async ask(asked: URLSearchParams): Promise<readonly StoredLine[]> {
    // Labels alone: not what is kept beside a line, such as its level.
    const headers = { 'x-loki-response-encoding-flags': 'categorize-labels' };
    const url = `${this.url}/loki/api/v1/query_range?${asked.toString()}`;
    // On a busy machine it may take longer to answer than it lets itself.
    const text = await this.processes.waitFor(`an answer to ${asked.get('query')}`, 180, () =>
      fetch(url, { headers }).then<string | false, false>(
        (response) => (response.status === 200 ? response.text() : false),
        () => false,
      ),
    );
    const { data } = JSON.parse(text) as {
      readonly data: {
        readonly result: readonly {
          readonly stream: Readonly<Record<string, string>>;
          readonly values: readonly (readonly [string, string])[];
        }[];
      };
    };
    return data.result
      .flatMap(({ stream, values }) => values.map(([at, line]) => ({ text: line, at: BigInt(at), labels: stream })))
      .sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
  }
}

/** As the init container does, with its own script. */
async function handKeysOver(disk: Disk, { pod, keyScript, bucket }: LokiOptions): Promise<void> {
  const script = disk.at('tmp/write-credentials.sh');
  fs.writeFileSync(script, keyScript);
  const of = (key: string): string => {
    const file = disk.at('tmp', key);
    fs.writeFileSync(file, bucket.keys[key] ?? '');
    return file;
  };
  const target = pod.initContainers?.[0]?.env?.find(({ name: variable }) => variable === 'CREDENTIALS')?.value ?? '';
  disk.folder(path.dirname(target));
  await must('sh', [script], {
    env: {
      PATH: '/usr/bin:/bin',
      CREDENTIALS: disk.at(target),
      ACCESS_KEY_ID_FILE: of('AWS_ACCESS_KEY_ID'),
      SECRET_ACCESS_KEY_FILE: of('AWS_SECRET_ACCESS_KEY'),
    },
  });
}
