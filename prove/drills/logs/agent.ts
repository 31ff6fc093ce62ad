import path from 'node:path';
import { nodeVariable } from '../../../constructs/log-stack/index.ts';
import { promtailConfiguration } from '../../images/recipes/logs.ts';
import { freePorts, Processes } from '../../machine/processes.ts';
import { run } from '../../machine/run.ts';
import type { Result } from '../../machine/run.ts';
import { binary } from '../../tools/cache.ts';
import { Disk } from './disk.ts';

/** What the image of Alloy's stand-in starts it with. */
const command = ['/usr/bin/promtail', '-config.file=/etc/promtail/promtail.yaml', '-config.expand-env=true'];

const name = 'promtail';

/** Promtail as it stands in for Alloy, on the disk of a node. */
export class Agent {
  readonly disk: Disk;
  private readonly processes: Processes;
  private readonly command: readonly string[];
  private readonly variables: Readonly<Record<string, string>>;
  private runs = 0;

  private constructor(disk: Disk, processes: Processes, port: number, variables: Readonly<Record<string, string>>) {
    this.disk = disk;
    this.processes = processes;
    this.command = [...command, `-server.http-listen-port=${port}`];
    this.variables = variables;
  }

  /** @param to Loki's address @param node the node's name */
  static async prepare(folder: string, to: string, node: string): Promise<Agent> {
    const disk = new Disk(path.join(folder, name));
    disk.program('usr/bin/promtail', binary('promtail'));
    disk.write('etc/promtail/promtail.yaml', promtailConfiguration());
    for (const each of ['var/log/pods', 'var/lib/alloy']) disk.folder(each);
    const [port = 0] = await freePorts(1);
    const variables = { LOKI_URL: `${to}/loki/api/v1/push`, [nodeVariable]: node };
    return new Agent(disk, new Processes(path.join(folder, 'logs')), port, variables);
  }

  /** By its own checker. */
  check(): Promise<Result> {
    const [program, ...args] = this.disk.enter([...this.command, '-check-syntax'], this.variables);
    return run(program, args);
  }

  start(): void {
    const [program, ...args] = this.disk.enter(this.command, this.variables);
    this.runs += 1;
    this.processes.start(`${name}-${this.runs}`, program, args);
  }

  kill(): Promise<void> {
    return this.processes.killOne(`${name}-${this.runs}`);
  }

  /** In mebibytes, of this run. */
  get memory(): number {
    return this.processes.mostMemory(`${name}-${this.runs}`);
  }

  stop(): Promise<void> {
    return this.processes.stop();
  }
}
