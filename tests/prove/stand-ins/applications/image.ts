import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { load } from 'js-yaml';
import { applicationFiles } from '../../../../prove/stand-ins/applications/index.ts';

type Environment = Readonly<Record<string, string>>;

interface PodTemplate {
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly containers: readonly { readonly env: readonly { readonly name: string; readonly value: string }[] }[];
      };
    };
  };
}

const production = path.join(import.meta.dirname, '../../../../dist/production');

/** The variables that the committed tree gives to the first container of a workload. */
export function committedVariables(file: string): Environment {
  const { spec } = load(fs.readFileSync(path.join(production, file), 'utf8')) as PodTemplate;
  return Object.fromEntries((spec.template.spec.containers[0]?.env ?? []).map(({ name, value }) => [name, value]));
}

export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
}

/** Asks by GET; an agent keeps the connection for the next question. */
export function ask(port: number, target: string, agent?: http.Agent, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = http.request(
      { host: '127.0.0.1', port, path: target, method, agent: agent ?? false },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('error', reject).on('end', () => {
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
        });
      },
    );
    request.on('error', reject).end();
  });
}

/** One program of a laid out image. */
export class Program {
  output = '';
  readonly pid: number;
  private readonly child;

  constructor(folder: string, file: string, env: Environment) {
    // As in the cluster: another user than the owner of the files, who may write nowhere below /app.
    const user = process.getuid?.() === 0 ? { uid: 10001, gid: 10001 } : {};
    this.child = spawn(process.execPath, [file], { cwd: folder, env, stdio: 'pipe', ...user });
    this.pid = this.child.pid ?? 0;
    for (const stream of [this.child.stdout, this.child.stderr])
      stream.setEncoding('utf8').on('data', (chunk: string) => (this.output += chunk));
  }

  /** Waits until the server listens: its ports are free ones that it says itself. */
  async listening(): Promise<{ readonly port: number; readonly metricsPort: number }> {
    for (;;) {
      const said = /listens on (\d+), metrics on (\d+)/.exec(this.output);
      if (said !== null) return { port: Number(said[1]), metricsPort: Number(said[2]) };
      if (this.child.exitCode !== null) throw new Error(`it ended: ${this.output}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  terminate(): void {
    this.child.kill('SIGTERM');
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }

  /** The exit code, or null where a signal ended it. */
  async ended(): Promise<number | null> {
    if (this.child.stdout.closed && this.child.exitCode !== null) return this.child.exitCode;
    const [code] = (await once(this.child, 'close')) as [number | null];
    return code;
  }
}

/** An application laid out as in its image, and the secrets' files beside it; close() ends what runs and removes it. */
export class Image {
  readonly secrets: string;
  private readonly folder = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-application-'));
  private readonly programs: Program[] = [];

  constructor(name: 'backend' | 'frontend') {
    for (const [inImage, here] of Object.entries(applicationFiles(name))) {
      fs.mkdirSync(path.dirname(path.join(this.folder, inImage)), { recursive: true });
      fs.copyFileSync(here, path.join(this.folder, inImage));
    }
    this.secrets = path.join(this.folder, 'secrets');
    fs.mkdirSync(this.secrets);
    this.setModes(0o555, 0o444);
    fs.chmodSync(this.secrets, 0o755);
  }

  /** The committed variables with secrets' files of this machine and free ports on the loopback. */
  variables(file: string, changes: Environment = {}): Environment {
    const committed = Object.entries(committedVariables(file)).map(([name, value]) => {
      if (name.endsWith('_FILE')) return [name, this.writeSecret(name, `secret of ${name}`)];
      return [name, ['PORT', 'METRICS_PORT'].includes(name) ? '0' : name === 'HOSTNAME' ? '127.0.0.1' : value];
    });
    return { ...(Object.fromEntries(committed) as Environment), ...changes };
  }

  writeSecret(name: string, value: string): string {
    const file = path.join(this.secrets, name);
    fs.writeFileSync(file, `${value}\n`);
    return file;
  }

  start(file: string, env: Environment): Program {
    const program = new Program(path.join(this.folder, 'app'), file, env);
    this.programs.push(program);
    return program;
  }

  close(): void {
    for (const program of this.programs) program.kill();
    this.setModes(0o755, 0o644);
    fs.rmSync(this.folder, { recursive: true });
  }

  private setModes(ofFolder: number, ofFile: number): void {
    fs.chmodSync(this.folder, ofFolder);
    for (const entry of fs.readdirSync(this.folder, { recursive: true, withFileTypes: true }))
      fs.chmodSync(path.join(entry.parentPath, entry.name), entry.isDirectory() ? ofFolder : ofFile);
  }
}
