import fs from 'node:fs';
import path from 'node:path';
import { dump, load } from 'js-yaml';
import { paths } from '../../../constructs/trace-store/index.ts';
import { ProvingError } from '../../machine/error.ts';
import { freePorts, Processes } from '../../machine/processes.ts';
import { must, run } from '../../machine/run.ts';
import { binary } from '../../tools/cache.ts';
import type { Declared } from './declared.ts';

/** A span as Jaeger's own API tells it. */
export interface Span {
  readonly spanID: string;
  readonly operationName: string;
  readonly references: readonly { readonly refType: string; readonly spanID: string }[];
  readonly processID: string;
  readonly tags: readonly { readonly key: string; readonly value: unknown }[];
}

export interface Trace {
  readonly traceID: string;
  readonly spans: readonly Span[];
  readonly processes: Readonly<Record<string, { readonly serviceName: string }>>;
}

interface Settings {
  readonly service: { telemetry: { metrics: { readers: { pull: { exporter: { prometheus: object } } }[] } } };
  readonly extensions: {
    healthcheckv2: { http: object };
    jaeger_query: { http: object; grpc: object };
    jaeger_storage: { backends: { files: { badger: { ttl: object; directories: object } } } };
  };
  readonly receivers: { otlp: { protocols: { http: object; grpc: object } } };
}

interface Life {
  /** In which the construct's own files are copied, and the traces lie. */
  readonly folder: string;
  readonly declared: Declared;
  /** Instead of what the volume leaves. */
  readonly mostKibibytes?: number;
  /** Instead of the hours that the environment says, which no drill waits for. */
  readonly keepSeconds?: number;
}

/** Real Jaeger on the loopback interface, as the construct starts and configures it; but for its ports and folders. */
export class Jaeger {
  readonly otlp: string;
  readonly declared: Declared;
  private readonly queries: string;
  private readonly metrics: string;
  private readonly variables: Readonly<Record<string, string>>;
  private readonly scripts: string;
  private readonly processes: Processes;
  private readonly command: readonly string[];

  private constructor(
    { folder, declared, mostKibibytes, keepSeconds }: Life,
    [otlp = 0, grpc = 0, queries = 0, queriesGrpc = 0, metrics = 0, health = 0]: readonly number[],
  ) {
    this.declared = declared;
    this.otlp = `http://127.0.0.1:${otlp}`;
    this.queries = `http://127.0.0.1:${queries}`;
    this.metrics = `http://127.0.0.1:${metrics}/metrics`;
    const here = (port: number) => ({ endpoint: `127.0.0.1:${port}` });
    const traces = path.join(folder, 'traces');
    const settings = load(declared.file('jaeger-settings', 'jaeger.yaml')) as Settings;
    for (const { pull } of settings.service.telemetry.metrics.readers) {
      Object.assign(pull.exporter.prometheus, { host: '127.0.0.1', port: metrics });
    }
    Object.assign(settings.extensions.healthcheckv2.http, here(health));
    Object.assign(settings.extensions.jaeger_query, { http: here(queries), grpc: here(queriesGrpc) });
    const { badger } = settings.extensions.jaeger_storage.backends.files;
    badger.directories = { keys: traces, values: traces };
    if (keepSeconds !== undefined) badger.ttl = { spans: `${keepSeconds}s` };
    Object.assign(settings.receivers.otlp.protocols, { http: here(otlp), grpc: here(grpc) });
    // Traces of a run before would be found too.
    fs.rmSync(folder, { recursive: true, force: true });
    fs.mkdirSync(folder, { recursive: true });
    const file = path.join(folder, 'jaeger.yaml');
    fs.writeFileSync(file, dump(settings));
    this.scripts = path.join(folder, 'scripts');
    fs.mkdirSync(this.scripts, { recursive: true });
    for (const name of ['start.sh', 'within.sh', 'alive.sh']) {
      fs.writeFileSync(path.join(this.scripts, name), declared.file('jaeger-scripts', name));
    }
    const own = declared.variables('StatefulSet', 'jaeger');
    this.variables = {
      ...own,
      TRACES: (own.TRACES ?? '').replace(`${paths.data}/traces`, traces),
      MOST_KIBIBYTES: String(mostKibibytes ?? own.MOST_KIBIBYTES),
      HEALTH: (own.HEALTH ?? '').replace(/:\d+/, `:${health}`),
    };
    this.command = [path.join(this.scripts, 'start.sh'), binary('jaeger'), `--config=${file}`];
    this.processes = new Processes(path.join(folder, 'logs'));
  }

  /** @throws ProvingError where it isn't healthy within a minute */
  static async start(life: Life): Promise<Jaeger> {
    const jaeger = new Jaeger(life, await freePorts(6));
    await jaeger.begin();
    return jaeger;
  }

  /** Starts it as its container does. */
  async begin(): Promise<void> {
    this.processes.start('jaeger', 'sh', this.command, this.variables);
    await this.processes.waitFor('Jaeger', 60, () => this.isAlive());
  }

  end(): Promise<void> {
    return this.processes.stop();
  }

  /** What the kubelet asks. */
  async isAlive(): Promise<boolean> {
    const env = { ...process.env, ...this.variables };
    return (await run('sh', [path.join(this.scripts, 'alive.sh')], { env })).status === 0;
  }

  /** Kibibytes of the disk that the traces take. */
  async disk(): Promise<number> {
    return Number.parseInt(await must('du', ['-sk', this.variables.TRACES ?? '']));
  }

  /** Whether it is healthy by itself, whatever its disk. */
  answers(): Promise<boolean> {
    return fetch(this.variables.HEALTH ?? '').then(
      ({ ok }) => ok,
      () => false,
    );
  }

  /** Traces of a service, as Jaeger 2.13 is asked for them. @throws ProvingError where it does not answer */
  async traces(service: string): Promise<readonly Trace[]> {
    const answer = await fetch(`${this.queries}/api/traces?service=${service}&limit=20000&lookback=1h`);
    if (!answer.ok) throw new ProvingError(`Jaeger, asked for ${service}: ${answer.status} ${await answer.text()}`);
    return ((await answer.json()) as { readonly data: readonly Trace[] | null }).data ?? [];
  }

  /** Names of the numbers that it tells. */
  async names(): Promise<readonly string[]> {
    return [...new Set((await this.told()).flatMap((line) => /^[a-z]\w*/.exec(line)?.[0] ?? []))];
  }

  /** The sum of all series of a number; undefined where there is none. */
  async number(name: string): Promise<number | undefined> {
    const lines = (await this.told()).filter((line) => line.startsWith(name) && /^[{ ]/.test(line.slice(name.length)));
    return lines.length === 0 ? undefined : lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  }

  private async told(): Promise<readonly string[]> {
    return (await (await fetch(this.metrics)).text()).split('\n');
  }
}
