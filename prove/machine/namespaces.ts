import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import process from 'node:process';
import { must, run } from './run.ts';
import type { Result, RunOptions } from './run.ts';
import { waitFor } from './wait-for.ts';

/** For unshare(1): namespaces of everything that a machine has one of; they end with their first process. */
export const ownNamespaces = [
  ...['--net', '--mount', '--uts', '--ipc', '--pid'],
  ...['--fork', '--kill-child', '--propagation', 'private'],
] as const;

/** A machine's network without the machine: namespaces of everything, with whatever is started in them. */
export class Namespaces {
  readonly name: string;
  /** The first process, seen from outside. */
  readonly pid: number;
  private readonly child: ChildProcess;
  private readonly kill = (): void => void this.child.kill('SIGKILL');

  private constructor(name: string, child: ChildProcess, pid: number) {
    this.name = name;
    this.child = child;
    this.pid = pid;
    process.once('exit', this.kill);
  }

  /** Starts them, with the loopback interface and an empty /run. @throws ProvingError */
  static async start(name: string): Promise<Namespaces> {
    // setpriv: when this process is killed outright, the kernel kills them too.
    const command = ['--pdeathsig', 'KILL', '--', 'unshare', ...ownNamespaces, 'sleep', 'infinity'];
    const child = spawn('setpriv', command, { stdio: 'ignore' });
    const parent = child.pid ?? 0;
    const pid = await waitFor(`the namespaces of ${name}`, { atMost: 10, every: 20 }, () => childOf(parent));
    const namespaces = new Namespaces(name, child, pid);
    await namespaces.must([
      'sh',
      '-ec',
      'mount -t proc proc /proc; mount -t sysfs sysfs /sys; mount -t tmpfs none /run; ip link set lo up',
    ]);
    return namespaces;
  }

  /** A command line that runs a command in them. */
  enter(command: readonly string[] = []): readonly string[] {
    return ['nsenter', '--target', String(this.pid), ...['--mount', '--uts', '--ipc', '--net', '--pid'], ...command];
  }

  /** @returns what it printed. @throws ProvingError where it fails */
  must(command: readonly string[], options: RunOptions = {}): Promise<string> {
    const [program = '', ...args] = this.enter(command);
    return must(program, args, options);
  }

  run(command: readonly string[], options: RunOptions = {}): Promise<Result> {
    const [program = '', ...args] = this.enter(command);
    return run(program, args, options);
  }

  /** Ends everything in them. */
  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    process.off('exit', this.kill);
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    process.kill(this.pid, 'SIGKILL');
    await ended;
  }
}

/** The first process of the namespaces, once it is there: what unshare has forked. */
function childOf(parent: number): number | undefined {
  try {
    const [child] = fs.readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8').split(' ');
    if (child === undefined || child === '') return undefined;
    return fs.readFileSync(`/proc/${child}/comm`, 'utf8') === 'sleep\n' ? Number(child) : undefined;
  } catch {
    return undefined;
  }
}
