import path from 'node:path';
import { k3sConfiguration } from '../../../synth/install/k3s.ts';
import { installPlan } from '../../../synth/install/plan.ts';
import { run } from '../../machine/run.ts';
import type { Result } from '../../machine/run.ts';
import type { Round } from '../../results/index.ts';
import { Machines } from '../../stand-ins/machine/index.ts';
import { binary } from '../../tools/cache.ts';
import type { ProgramName } from '../../tools/programs.ts';
import { Checks } from '../hardware/checks.ts';
import { strangeKeys } from './k3s-keys.ts';
import { snapshotOf } from './snapshot.ts';

export const environments = ['production', 'three-node'] as const;

/** Which of the calls that change a machine is its last one before its power is gone, in the runs that are interrupted. */
const interruptions = [1, 4, 7, 10, 13, 16, 19, 22, 25];

/** The stages on machines that only note: from nothing, again, and after each of many interruptions. */
export async function stagesOf(root: string, folder: string, report: (line: string) => void): Promise<Round> {
  const checks = new Checks();
  const figures: Record<string, number> = {};
  for (const environment of environments) {
    report(`${environment}: from nothing, and again`);
    const whole = await Machines.make({ root, environment, folder: path.join(folder, environment) });
    const dry = await whole.install('--dry-run');
    checks.succeeds(`${environment}: a dry run`, dry);
    const untouched = whole.plan.nodes.map(({ name }) => Object.keys(whole.contentsOf(name)).join());
    checks.same(`${environment}: files on each machine after it`, [...new Set(untouched)].join(' | '), 'etc/hosts');
    const first = await whole.install();
    checks.succeeds(`${environment}: the first run`, first);
    const second = await whole.install();
    checks.succeeds(`${environment}: the second run`, second);
    const changes = changesOf(second);
    figures['second run'] = Math.max(figures['second run'] ?? 0, changes);
    checks.same(`${environment}: changes of the second run`, String(changes), '0');
    checks.same(
      `${environment}: the dry run told as many changes as the first one made`,
      near(changesOf(dry), changesOf(first)),
      'yes',
    );
    const told = JSON.stringify([dry, first, second]);
    checks.same(`${environment}: secrets in what it printed`, secretsIn(told, whole).join(), '');
    if (environment === environments[0]) await interrupted(whole, { root, folder, environment }, checks, report);
    for (const node of installPlan(environment)?.nodes ?? []) {
      const configuration = k3sConfiguration(whole.plan, node);
      checks.same(
        `${environment}: keys of ${node.name} that K3s does not know`,
        strangeKeys(configuration, node.role).join(),
        '',
      );
      await accepted(configuration, `${environment}: ${node.name}`, checks);
    }
  }
  report('a snapshot of etcd, as install/run --restore asks it');
  await snapshotOf(binary('etcd'), path.join(folder, 'etcd'), checks);
  return { figures, units: { 'second run': 'changes' }, checks: checks.all };
}

async function interrupted(
  whole: Machines,
  { root, folder, environment }: { readonly root: string; readonly folder: string; readonly environment: string },
  checks: Checks,
  report: (line: string) => void,
): Promise<void> {
  for (const number of interruptions) {
    report(`the power is gone at change ${number}`);
    const machines = await Machines.make({ root, environment, folder: path.join(folder, 'interrupted') });
    machines.ask('node1', 'break', String(number));
    const broken = await machines.install();
    checks.same(`interrupted at change ${number}: the run says that it failed`, String(broken.status), '1');
    checks.succeeds(`interrupted at change ${number}: the next run`, await machines.install());
    for (const node of machines.plan.nodes) {
      const [got, expected] = [machines, whole].map((each) => Object.entries(each.contentsOf(node.name)));
      // Keys, tokens and passwords are others in each world: their files are compared by name and mode.
      const shape = (entries: readonly (readonly [string, string])[] = []) =>
        entries
          .map(([file, text]) =>
            /wg0\.conf|token|node\/password/.test(file) ? `${file} ${text.split(' ')[0] ?? ''}` : `${file} ${text}`,
          )
          .join('\n');
      checks.same(
        `interrupted at change ${number}: ${node.name} afterwards`,
        difference(shape(got), shape(expected)),
        '',
      );
    }
    checks.same(
      `interrupted at change ${number}: changes after that`,
      String(changesOf(await machines.install())),
      '0',
    );
  }
}

/** The flags of the programs that K3s runs in itself, read by those programs. */
async function accepted(configuration: Readonly<Record<string, unknown>>, of: string, checks: Checks): Promise<void> {
  const programs: readonly (readonly [string, ProgramName])[] = [
    ['kube-apiserver-arg', 'kube-apiserver'],
    ['kube-controller-manager-arg', 'kube-controller-manager'],
    ['kube-scheduler-arg', 'kube-scheduler'],
    ['kubelet-arg', 'kubelet'],
  ];
  for (const [key, program] of programs) {
    const flags = configuration[key];
    if (!Array.isArray(flags)) continue;
    const args = flags.map((flag) => `--${String(flag)}`);
    // The flags are read before the help is printed: a wrong name or value is refused.
    const { status, stderr } = await run(binary(program), [...args, '--help']);
    checks.same(`${of}: flags of ${program}`, status === 0 ? 'accepted' : stderr.slice(0, 300), 'accepted');
  }
}

export const changesOf = ({ stdout }: Result): number => Number(/^[a-z0-9-]+: (\d+) changes/m.exec(stdout)?.[1] ?? NaN);

/** A dry run can't see what only the run before it would have made: units that are loaded anew, files of a cluster. */
const near = (dry: number, real: number): string =>
  dry > 0 && Math.abs(dry - real) <= real / 2 ? 'yes' : `${dry} of ${real}`;

function secretsIn(text: string, machines: Machines): string[] {
  return Object.entries(machines.secretValues()).flatMap(([name, value]) => (text.includes(value) ? name : []));
}

function difference(got: string, expected: string): string {
  const [a, b] = [got, expected].map((text) => new Set(text.split('\n')));
  return [
    ...[...(a ?? [])].filter((line) => !b?.has(line)).map((line) => `+ ${line}`),
    ...[...(b ?? [])].filter((line) => !a?.has(line)).map((line) => `- ${line}`),
  ].join('; ');
}
