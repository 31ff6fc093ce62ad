import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { parseArguments } from '../../synth/arguments.ts';
import type { Output } from '../../synth/command.ts';
import { adminKubeconfig, clusterOf, readState } from '../cluster/handle.ts';
import type { Cluster } from '../cluster/handle.ts';
import { kubectlCommand, readinessOf } from '../cluster/kubectl.ts';
import { initPid, onNode } from '../cluster/nodes.ts';
import { netpoldReady } from '../cluster/services.ts';
import { deliver } from '../delivery/deliver.ts';
import { down, exists, up } from '../delivery/lifecycle.ts';
import { ProvingError } from '../machine/error.ts';
import { untilInterrupted } from '../machine/interruption.ts';
import type { Progress } from '../machine/interruption.ts';
import type { Command } from './index.ts';

/** The verbs of `npm run prove` that are about the cluster. */
export const clusterCommands: Readonly<Record<string, Command>> = {
  up: {
    usage: 'up [--environment NAME] [--empty]',
    purpose: 'brings up a real cluster with the platform, as Argo CD applies it from this tree; --empty: no platform',
    run: upCommand,
  },
  down: {
    usage: 'down [--environment NAME]',
    purpose: 'takes it down, also what a crashed run left; nothing stays',
    run: downCommand,
  },
  status: {
    usage: 'status [--environment NAME]',
    purpose: 'tells which nodes have power and are ready; exit code 1 if it is not up',
    run: statusCommand,
  },
  shell: {
    usage: 'shell [--environment NAME] [-- COMMAND...]',
    purpose: "opens a shell, or runs a command, in a server's network and with its kubectl",
    run: shellCommand,
  },
};

export function upCommand(args: readonly string[], output: Output): Promise<number> {
  const empty = args.includes('--empty');
  const others = args.filter((arg) => arg !== '--empty');
  return command(others, output, async (cluster, progress) => {
    await up(cluster, progress);
    if (!empty) await deliver(cluster, process.cwd(), progress);
  });
}

export function downCommand(args: readonly string[], output: Output): Promise<number> {
  return command(args, output, (cluster, progress) => down(cluster, progress));
}

export function statusCommand(args: readonly string[], output: Output): Promise<number> {
  return command(args, output, (cluster, { report }) => status(cluster, report));
}

export function shellCommand(args: readonly string[], output: Output): Promise<number> {
  const end = args.includes('--') ? args.indexOf('--') : args.length;
  return command(args.slice(0, end), output, (cluster) => shell(cluster, args.slice(end + 1)));
}

/** @returns the exit code; nothing for 0 */
type Action = (cluster: Cluster, progress: Progress) => Promise<unknown>;

async function command(args: readonly string[], { stdout, stderr }: Output, action: Action): Promise<number> {
  const { values } = parseArguments({
    args: [...args],
    options: { environment: { type: 'string', default: 'production' } },
  });
  const cluster = clusterOf(values.environment);
  const report = (line: string): void => {
    stdout.write(`${line}\n`);
  };
  const interrupted = (name: string): void => {
    stderr.write(`${name}: stopping and cleaning up, which takes some seconds\n`);
  };
  try {
    const code = await untilInterrupted(interrupted, (signal) => action(cluster, { report, signal }));
    return typeof code === 'number' ? code : 0;
  } catch (error) {
    if (!(error instanceof ProvingError)) throw error;
    stderr.write(`${error.message}\n`);
    return 1;
  }
}

async function status(cluster: Cluster, report: (line: string) => void): Promise<number> {
  const { plan, folder } = cluster;
  if (!exists(cluster)) {
    report(`there is no cluster ${plan.name}`);
    return 1;
  }
  const state = readState(cluster);
  report(
    `${plan.name}: ${state === undefined ? 'remains of a run that failed' : `${state.phase} since ${state.since}`}`,
  );
  for (const { name, role, address } of plan.nodes) {
    report(`  ${name}  ${role}  ${address}  ${await stateOfNode(cluster, name)}`);
  }
  report(`logs: ${path.join(folder, 'logs')}`);
  return state?.phase === 'up' ? 0 : 1;
}

async function stateOfNode(cluster: Cluster, name: string): Promise<string> {
  if (initPid(cluster, name) === undefined) return 'off';
  const readiness = await readinessOf(cluster, name).catch(() => undefined);
  if (readiness === undefined) return 'has power; the API does not answer';
  const enforced = fs.existsSync(onNode(cluster, name, netpoldReady)) ? '' : ', policies not enforced';
  return `${readiness === 'True' ? 'ready' : 'not ready'}${enforced}`;
}

function shell(cluster: Cluster, words: readonly string[]): Promise<number> {
  const [nsenter = '', network = ''] = kubectlCommand(cluster, []);
  const { PATH = '', SHELL = '/bin/bash' } = process.env;
  const env = {
    ...process.env,
    KUBECONFIG: adminKubeconfig(cluster),
    KUBECACHEDIR: path.join(cluster.folder, 'kubectl'),
    PATH: `${path.dirname(cluster.program('kubectl'))}:${PATH}`,
  };
  return new Promise((resolve, reject) => {
    const child = spawn(nsenter, [network, ...(words.length > 0 ? words : [SHELL])], { stdio: 'inherit', env });
    child.on('error', reject);
    child.on('exit', (code) => resolve(code ?? 1));
  });
}
