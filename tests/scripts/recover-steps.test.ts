import { bucket, copies, generations, Recovery, second, text } from './recovery.ts';

const to = '2025-11-22T10:00:00Z';
const primary = (scope: string): string =>
  `$(kubectl -n data get pod -l app.kubernetes.io/instance=${scope},role=primary -o name)`;
const status = 'python3 /opt/postgres/agent.py --config /etc/patroni/agent.json status';
const shell = `kubectl -n data exec -it ${primary('postgres-2')} -c postgres -- psql -h /run/postgresql -d shop`;
const archived = 'select last_archived_wal, last_archived_time from pg_stat_archiver';
const confirmation =
  'kubectl -n argocd annotate application data --overwrite ' +
  'argocd.argoproj.io/deletion-approved=$(date -u +%Y-%m-%dT%H:%M:%SZ)';
const commit = ['git add config/generations.json dist/production argocd/production', 'git commit', 'npm run release'];

let recovery: Recovery;

beforeEach(() => {
  recovery = new Recovery();
});

afterEach(() => {
  recovery.repository.remove();
});

async function commands(args: string): Promise<(readonly string[])[]> {
  return (await recovery.steps(args)).map((step) => step.commands);
}

/** All that the step with these words says. */
async function step(args: string, words: string): Promise<string> {
  const found = (await recovery.steps(args)).filter((each) => each.text.includes(words));
  expect(found).toHaveLength(1);
  return found.flatMap((each) => [each.text, ...each.notes]).join('\n');
}

test('a recovery in place goes from the old members to the new ones, and back', async () => {
  expect(await commands(`pg --to ${to}`)).toEqual([
    [
      `kubectl -n data exec postgres-0 -c agent -- ${status}`,
      `kubectl -n data exec ${primary('postgres')} -c postgres -- psql -h /run/postgresql -d postgres -c '${archived}'`,
    ],
    commit,
    [
      'kubectl -n data get pods -l app.kubernetes.io/instance=postgres-2 --watch',
      'kubectl -n data logs postgres-2-0 -c postgres --follow',
      'kubectl -n data logs postgres-2-1 -c postgres --follow',
      'kubectl -n data exec postgres-2-0 -c postgres -- patronictl -c /etc/patroni/patroni.yml list',
    ],
    [
      'kubectl -n data logs postgres-2-0 -c postgres --previous',
      'kubectl -n data logs postgres-2-1 -c postgres --previous',
    ],
    expect.arrayContaining([shell]),
    [`kubectl -n data exec postgres-2-0 -c agent -- ${status}`],
    [confirmation],
    ['kubectl -n data delete pvc data-postgres-0 data-postgres-1'],
    ['git revert COMMIT', 'npm run release', 'argocd app terminate-op root', 'argocd app terminate-op data'],
  ]);
});

test('a later recovery names the generations it is about', async () => {
  recovery.commit(text(generations(second)));
  const list = (await commands(`pg --to ${to}`)).flat();
  expect(list[0]).toBe(`kubectl -n data exec postgres-2-0 -c agent -- ${status}`);
  expect(list).toContain('kubectl -n data logs postgres-3-0 -c postgres --follow');
  expect(list).toContain('kubectl -n data delete pvc data-postgres-2-0 data-postgres-2-1');
});

test('a cluster beside has one member, is taken or removed, and moves no client', async () => {
  const list = await commands(`pg --to ${to} --beside`);
  expect(list.slice(1)).toEqual([
    commit,
    [
      'kubectl -n data get pods -l app.kubernetes.io/instance=postgres-2 --watch',
      'kubectl -n data logs postgres-2-0 -c postgres --follow',
      'kubectl -n data exec postgres-2-0 -c postgres -- patronictl -c /etc/patroni/patroni.yml list',
    ],
    ['kubectl -n data logs postgres-2-0 -c postgres --previous'],
    expect.arrayContaining([shell]),
    ['npm run synth'],
    [confirmation, 'kubectl -n data delete pvc data-postgres-2-0'],
  ]);
});

describe('the archive of an earlier generation', () => {
  test('is asked for by its address', async () => {
    recovery.commit(text(generations(second)));
    const [first] = await commands(`pg --to ${to} --from 1`);
    expect(first).toEqual([
      `kubectl -n data exec postgres-2-0 -c agent -- env WALG_S3_PREFIX=s3://${bucket}/postgres/17-1 ${status}`,
    ]);
  });

  test('is what a second attempt reads as well', async () => {
    recovery.commit(text(generations(second)));
    expect(await step(`pg --to ${to} --from 1 --beside`, 'If it stops')).toContain(
      '  npm run recover -- pg --beside --from 1 --to TIME\n',
    );
  });
});

test('the log is told as it comes for a moment, and for all there is', async () => {
  expect(await step(`pg --to ${to}`, 'Watch')).toContain(
    '  starting point-in-time recovery to 2025-11-22 10:00:00+00\n',
  );
  const all = await step('pg --to latest', 'Watch');
  expect(all).toContain('  starting archive recovery\n');
  expect(all).not.toContain('recovery stopping');
});

test('what the repository can not know is said, with what tells it', async () => {
  const said = await step(`pg --to ${to}`, "The repository can't know");
  expect(said).toContain('`restorableSince` has to lie before it.');
  expect(said).toContain('`last_archived_time` has to lie after 2025-11-22 10:00:00+00');
});

test('a target behind the last change is explained where there is a target', async () => {
  const words = 'recovery ended before configured recovery target was reached';
  expect(await step(`pg --to ${to}`, 'If it stops')).toContain(words);
  expect(await step('pg --to latest', 'If it stops')).not.toContain(words);
});

test.each([
  ['', 'When you are sure'],
  [' --beside', 'Else remove'],
])(
  'a removal%s is confirmed after the sync that asks has begun: an older word counts for nothing',
  async (args, words) => {
    const said = await step(`pg --to ${to}${args}`, words);
    expect(said).toContain('A confirmation counts for the sync that waits for it, and for none that begins later.');
    expect(said).toContain('\n  argocd app sync data --prune --async');
  },
);

test('a copy whose place is taken is told where the new one is removed', async () => {
  recovery.commit(text(copies({ number: 2, recovery: { from: 1 } })));
  expect(await step(`pg --to ${to} --beside`, 'Else remove')).toContain('Generation 2, whose place it takes,');
});

test('the entry that takes a copy over is the one that was written', async () => {
  expect(await step(`pg --to ${to} --beside`, 'If that is what clients should have')).toContain(
    '  "postgres": {"number":2,"recovery":{"from":1,"to":"2025-11-22 10:00:00+00"}}\n',
  );
});

test.each([
  [`--to ${to}`, 'Recover postgres to 2025-11-22 10:00:00 UTC'],
  ['--to latest', 'Recover postgres to its newest archived change'],
  [`--to ${to} --beside`, 'Put postgres of 2025-11-22 10:00:00 UTC beside the running one'],
])('%s is committed as "%s"', async (args, title) => {
  await recovery.run(`pg ${args} --dry-run`);
  expect(recovery.stdout).toContain(
    `\nCommit message:\n\n    ${title}\n\n    Generation 2 begins with what the archive of generation 1 held then\n`,
  );
});
