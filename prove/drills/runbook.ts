import { kubectlCommand } from '../cluster/kubectl.ts';
import type { Cluster } from '../cluster/handle.ts';
import { commandOnNode, initPid } from '../cluster/nodes.ts';
import { ProvingError } from '../machine/error.ts';
import { must } from '../machine/run.ts';

/** What a runbook has somebody type, block after block. @throws ProvingError where it has nothing to do */
export function blocksOf(page: string): readonly string[] {
  const [, todo] = page.split(/^## Do$/m);
  if (todo === undefined) throw new ProvingError('the runbook has nothing to do');
  return [...todo.matchAll(/^( *)```sh\n([\s\S]*?)^ *```$/gm)].map(([, indentation = '', block = '']) =>
    block.replaceAll(new RegExp(`^${indentation}`, 'gm'), ''),
  );
}

/** A block with what is known in the place of what the page has somebody fill in, such as `from=node1`. */
export function filledIn(block: string, given: Readonly<Record<string, string>>): string {
  return block.replaceAll(/(?<=^|\s)([a-z_]+)=(\S+)/gm, (all, name: string) =>
    given[name] === undefined ? all : `${name}=${given[name]}`,
  );
}

const quoted = (words: readonly string[]): string =>
  words.map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`).join(' ');

/** As functions of a shell: kubectl, which asks the cluster, and ssh, which goes to a node by its name, if it is on. */
export function programsOf(cluster: Cluster): string {
  const nodes = cluster.plan.nodes
    .filter(({ name }) => initPid(cluster, name) !== undefined)
    .map(({ name }) => `${name}) ${quoted(commandOnNode(cluster, name, ['sh', '-c']))} "$*" ;;`);
  return [
    `kubectl() { ${quoted(kubectlCommand(cluster, []))} "$@"; }`,
    // ssh -i KEY root@NODE COMMAND
    `ssh() { local node=\${3#root@}; shift 3; case $node in ${nodes.join(' ')} *) return 255 ;; esac; }`,
  ].join('\n');
}

/** The shell of somebody who follows a runbook. */
export class Shell {
  private readonly programs: string;
  private variables = '';

  /** @param programs that it has as functions, beside the machine's */
  constructor(programs: string) {
    this.programs = programs;
  }

  /** Types a block. Variables stay for the next one. @returns what it printed. @throws ProvingError where it fails */
  async type(block: string): Promise<string> {
    const mark = 'variables of the shell:';
    const names = [...`${this.variables}\n${block}`.matchAll(/(?<=^|\s)([a-z_]+)=/gm)].map(([, name]) => name);
    const keep = `echo '${mark}'; for name in ${[...new Set(names)].join(' ')}; do declare -p "$name" 2>/dev/null || true; done`;
    const script = ['set -Eeuo pipefail', this.programs, this.variables, block, keep].join('\n');
    // Of all that a runbook waits for, a pod takes the longest: five minutes, and then it says so.
    const [printed = '', kept = ''] = (await must('bash', ['-c', script], { timeout: 600 })).split(`${mark}\n`);
    this.variables = kept;
    return printed;
  }
}
