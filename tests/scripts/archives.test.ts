import { data } from '../../apps/data.ts';
import { applicationsOf } from '../../apps/index.ts';
import { namespaceOf } from '../../apps/namespaces.ts';
import { environmentInput } from '../../config/index.ts';
import { application } from '../../constructs/core/application.ts';
import type { ApplicationChart } from '../../constructs/core/application-chart.ts';
import { Platform } from '../../constructs/core/platform.ts';
import { PatroniCluster } from '../../constructs/patroni-cluster/index.ts';
import { Recoverable } from '../../constructs/stateful/index.ts';
import { archivesCommand } from '../../scripts/archives/command.ts';
import type { ArchivesContext } from '../../scripts/archives/needs.ts';
import { backups, minimal } from '../support/patroni-cluster.ts';
import { bucket, copies, generations, platformWith, Recovery, second, text, unreadable } from './recovery.ts';

const address = (generation: number): string => `s3://${bucket}/postgres/17-${generation}`;
const third = { number: 3, recovery: { from: 2 } };
const full = (name: string, finished: string) => ({ name, finished: `2025-11-${finished}:00.123456+00:00` });

interface Archive {
  readonly address: string;
  readonly fulls: readonly { readonly name: string; readonly finished: string }[];
  readonly keptByHand: readonly string[];
  everySecondSince: string | null;
  missing: string[] | null;
}

const holding = (generation: number, ...fulls: ReturnType<typeof full>[]) => ({
  address: address(generation),
  files: 812,
  bytes: 3 * 1024 ** 3,
  written: '2025-11-20 08:01:00+00:00',
  fulls,
  keptByHand: [] as string[],
  everySecondSince: fulls[0]?.finished ?? null,
  missing: [] as string[] | null,
});

let recovery: Recovery;
/** What the cluster has. */
let archives: Archive[];
let own: string;
let running: string[];
let restored: string;
let asked: string[];
let stdout: string;
let stderr: string;

beforeEach(() => {
  recovery = new Recovery();
  recovery.commit(text(generations(second)));
  archives = [
    holding(1, full('base_1', '18 02:05'), full('base_2', '19 02:05')),
    holding(2, full('base_3', '20 08:09'), full('base_4', '21 02:05')),
  ];
  own = address(2);
  running = ['postgres-2'];
  restored = '2025-11-23T04:02:00Z';
  [asked, stdout, stderr] = [[], '', ''];
});

afterEach(() => {
  recovery.repository.remove();
});

function answer(args: readonly string[]): string {
  if (args.includes('list')) return JSON.stringify({ own, archives });
  if (args.includes('prune')) return '{}';
  if (args.includes('statefulset')) return running.includes(args[4] ?? '') ? `statefulset.apps/${args[4] ?? ''}\n` : '';
  return restored;
}

async function run(args = '', changes: Partial<ArchivesContext> = {}): Promise<number> {
  const context: ArchivesContext = {
    root: recovery.repository.clone,
    environments: ['production'],
    platformOf: (name) => {
      environmentInput(name);
      return platformWith(recovery.tables());
    },
    kubectl: (given) => {
      asked.push(given.join(' '));
      return Promise.resolve({ code: 0, stdout: answer(given), stderr: '' });
    },
    ...changes,
  };
  stdout = stderr = '';
  return archivesCommand(
    context,
    args.split(' ').filter((word) => word !== ''),
    { stdout: { write: (text) => (stdout += text) }, stderr: { write: (text) => (stderr += text) } },
  );
}

const pruned = (): string[] => asked.filter((line) => line.includes(' prune '));
const twice = (generation: number): string => `--prune ${address(generation)} --again ${address(generation)}`;

describe('the list', () => {
  test('says what each archive holds, and who needs it', async () => {
    expect(await run()).toBe(0);
    expect(stdout.split('\n')).toEqual([
      address(1),
      '  2 full backups from 2025-11-18 02:05 UTC to 2025-11-19 02:05 UTC, every second since 2025-11-18 02:05 UTC; 812 files, 3.00 GiB, written to until 2025-11-20 08:01 UTC',
      '  nobody needs it',
      address(2),
      '  2 full backups from 2025-11-20 08:09 UTC to 2025-11-21 02:05 UTC, every second since 2025-11-20 08:09 UTC; 812 files, 3.00 GiB, written to until 2025-11-20 08:01 UTC',
      '  kept: generation 2 of postgres in production writes to it',
      '  kept: generation 2 is the newest there was',
      '  kept: the cluster postgres-2 is still there',
      '',
      'To see what pruning one would mean: npm run archives -- --prune ADDRESS',
      '',
    ]);
  });

  test.each([
    [
      'after what is missing',
      '2025-11-19T02:05:00Z',
      ['a', 'b'],
      ', every second since 2025-11-19 02:05 UTC, 2 segments of WAL are missing before',
    ],
    ['of nothing that is whole', null, ['a'], ', 1 segment of WAL is missing'],
    ['as far as that is known', null, null, ', whether WAL is missing is not known'],
  ])('promises every second %s', async (_, everySecondSince, missing, expected) => {
    Object.assign(archives[0] ?? {}, { everySecondSince, missing });
    await run();
    expect(stdout).toContain(`2 full backups from 2025-11-18 02:05 UTC to 2025-11-19 02:05 UTC${expected}; 812 files`);
  });

  test('asks a member of the generation in use', async () => {
    await run();
    expect(asked[0]).toBe(
      '-n data exec postgres-2-0 -c agent -- python3 /opt/postgres/archives.py --config /etc/patroni/agent.json list',
    );
  });

  test('has no secret in what it calls', async () => {
    await run(twice(1));
    expect(asked.join('\n')).not.toMatch(/secret|key|password/i);
  });
});

describe('pruning', () => {
  test('asked once deletes nothing, tells what goes and what stays, and how to ask again', async () => {
    expect(await run(`--prune ${address(1)}`)).toBe(0);
    expect(pruned()).toEqual([]);
    expect(stdout).toContain(`${address(1)} would go: 2 full backups from 2025-11-18 02:05 UTC`);
    expect(stdout).toContain(`${address(2)} stays: 2 full backups from 2025-11-20 08:09 UTC`);
    expect(stdout).toContain(`\n    npm run archives -- ${twice(1)}\n`);
  });

  test('asked twice deletes that archive', async () => {
    expect(await run(twice(1))).toBe(0);
    expect(pruned()).toEqual([expect.stringMatching(new RegExp(` prune ${address(1)} --again ${address(1)}$`))]);
    expect(stdout).toContain(`${address(1)} is gone.`);
  });

  test.each([
    [`--prune ${address(1)} --again ${address(2)}`, '--again: it says'],
    [`--again ${address(1)}`, '--again: it says'],
    [twice(7), `there is no archive ${address(7)}\n  allowed: ${address(1)}, ${address(2)}`],
    [`--prune postgres/17-1 --again postgres/17-1`, 'there is no archive postgres/17-1'],
    [`${twice(1)} --cluster mysql`, 'there is no cluster mysql'],
  ])('"%s" is refused', async (args, words) => {
    expect(await run(args)).toBe(1);
    expect(stderr).toContain(words);
    expect(pruned()).toEqual([]);
  });

  /** What both askings are answered with; it begins otherwise where one of them was not refused. */
  async function refusal(generation: number): Promise<string> {
    const codes = [await run(`--prune ${address(generation)}`), await run(twice(generation))];
    return codes.every((code) => code === 1) && pruned().length === 0
      ? stderr
      : `not refused: ${codes.join()} ${stdout}`;
  }

  test('the archive in use is refused', async () => {
    expect(await refusal(2)).toContain('generation 2 of postgres in production writes to it');
  });

  test('the one that the generation in use began with is refused until that has a full backup', async () => {
    archives[1] = holding(2);
    expect(await refusal(1)).toContain(
      'generation 2, which is in use, has no full backup yet and it began with this one',
    );
  });

  test.each([
    ['never', ''],
    ['before its first full backup', '2025-11-20T08:00:00Z'],
  ])('it is refused where a backup was restored %s', async (_, time) => {
    restored = time;
    expect(await refusal(1)).toContain('no backup of generation 2, which is in use, was restored and read yet');
  });

  test('that of a generation whose pods are still there is refused', async () => {
    running.push('postgres');
    expect(await refusal(1)).toContain('the cluster postgres is still there');
  });

  test('that of the newest generation is refused, also when it was taken back', async () => {
    recovery.commit(text());
    own = address(1);
    running = ['postgres'];
    expect(await refusal(2)).toContain('generation 2 is the newest there was');
  });

  test('that of a copy is refused while it stands, with what it began from, and is pruned afterwards', async () => {
    const beside = { number: 3, recovery: { from: 1 } };
    recovery.commit(text({ ...generations(second), ...copies(beside) }));
    archives.push(holding(3));
    expect(await refusal(3)).toContain('generation 3 of postgres in production writes to it');
    expect(await refusal(1)).toContain('generation 3 of postgres in production begins with it');
    recovery.commit(text(generations(second)));
    expect(await run(twice(3))).toBe(0);
    expect(pruned()).toHaveLength(1);
  });

  test('a copy that became the one in use is a generation like any other', async () => {
    recovery.commit(text({ ...generations(second), ...copies(third) }));
    recovery.commit(text(generations(third)));
    recovery.commit(text(generations(second)));
    archives.push(holding(3));
    expect(await refusal(3)).toContain('generation 3 is the newest there was');
  });

  test.each([
    ['writes to it', generations({ number: 1 })],
    ['begins with it', generations({ number: 5, recovery: { from: 1 } })],
  ])('one that a cluster of another environment needs because it %s is refused', async (why, tables) => {
    const platformOf = (name: string) => platformWith(name === 'production' ? recovery.tables() : tables);
    const changes = { environments: ['production', 'other'], platformOf };
    expect(await run(twice(1), changes)).toBe(1);
    expect(stderr).toMatch(new RegExp(`generation \\d of postgres in other ${why}`));
    expect(pruned()).toEqual([]);
  });

  test.each(['copyOf', 'standbyOf'] as const)('that of a cluster beside, by %s, is refused', async (by) => {
    const environment = platformWith(recovery.tables()).environment;
    const beside = application(
      'beside',
      { namespace: namespaceOf('data'), layer: 'data', uses: () => ({ data }) },
      (_scope, _environment, { data: { postgres } }) => {
        const props = { ...minimal, backups, [by]: postgres, generation: { number: 7 } };
        return new PatroniCluster(postgres.node.scope as ApplicationChart, 'postgres-next', props);
      },
    );
    const platform = new Platform(environment, [...applicationsOf(environment), beside]);
    const store = platform.all(Recoverable).find(({ life }) => life.generation === 7);
    const theirs = store?.archive ? store.archive.prefix(7) : '';
    archives.push({ ...holding(7), address: theirs });
    for (const args of [`--prune ${theirs}`, `--prune ${theirs} --again ${theirs}`]) {
      expect(await run(args, { platformOf: () => platform })).toBe(1);
      expect(stderr).toContain('generation 7 of postgres in production writes to it');
    }
    expect(await run(twice(2), { platformOf: () => platform })).toBe(1);
    expect(stderr).toContain('generation 2 of postgres in production writes to it');
    expect(pruned()).toEqual([]);
  });

  test('one with a full backup that a person marked is refused', async () => {
    archives[0] = { ...archives[0]!, keptByHand: ['base_1'] };
    expect(await refusal(1)).toContain('a person marked base_1, to be kept');
  });

  test('in another cluster than the one that is committed is refused', async () => {
    own = address(1);
    expect(await run(twice(1))).toBe(1);
    expect(stderr).toContain(
      `that cluster archives to ${address(1)}\n  allowed: the one that archives to ${address(2)}`,
    );
  });

  test.each([
    ['answers nonsense', { code: 0, stdout: 'nothing', stderr: '' }, 'its answer is not what it should be'],
    ['does not answer', { code: 1, stdout: '', stderr: 'Unauthorized' }, 'it ended with 1: Unauthorized'],
  ])('of a cluster that %s is refused', async (_, ended, words) => {
    expect(await run(twice(1), { kubectl: () => Promise.resolve(ended) })).toBe(1);
    expect(stderr).toContain(words);
  });

  test("that fails half-way says so without the lines of kubectl's own log, and how to go on", async () => {
    const stderrOfKubectl = 'E1129 02:01:01.5 31421 memcache.go:265] "Unhandled Error"\nThe connection was lost\n';
    const kubectl = (given: readonly string[]) =>
      Promise.resolve(
        given.includes('prune')
          ? { code: 1, stdout: '', stderr: stderrOfKubectl }
          : { code: 0, stdout: answer(given), stderr: '' },
      );
    expect(await run(twice(1), { kubectl })).toBe(1);
    expect(stderr).toMatch(
      /it ended with 1: The connection was lost\n.*\n +remedy: +what it has deleted is gone, .*run this again\n\n1 to mend; nothing more was done\.\n$/,
    );
  });

  test('with generations that nobody committed is refused', async () => {
    recovery.repository.put('config/generations.json', text(generations(third)));
    expect(await run(twice(1))).toBe(1);
    expect(stderr).toContain('are changed and not committed');
  });

  test('with a history that can not be read is refused', async () => {
    recovery.commit(unreadable);
    recovery.commit(text(generations(second)));
    expect(await run(twice(1))).toBe(1);
    expect(stderr).toContain("can't be read, so a newer generation may have been");
  });
});

test('help is printed, and an option that does not exist answered with it', async () => {
  expect([await run('--help'), stdout.split('\n')[0]]).toEqual([0, 'npm run archives [-- OPTION...]']);
  expect(await run('--force')).toBe(2);
});
