import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import * as prettier from 'prettier';
import { promises } from '../promises.ts';
import { promisesCommand } from '../synth/promises/command.ts';
import type { PromiseEntry } from '../synth/promises/entry.ts';
import type { FiguresPage } from '../synth/promises/readme.ts';
import { ledger } from '../synth/promises/ledger.ts';
import type { LedgerRow } from '../synth/promises/ledger.ts';
import { testTitles } from '../synth/promises/named-tests.ts';

const repository = path.dirname(import.meta.dirname);

const idsOfTheMission = `
  synth gitops-auto gitops-waves gitops-update gitops-heal gitops-rollback gitops-rbac pg-failover pg-rpo pg-backup
  pg-pitr pg-spread redis-failover redis-persist rpo ad-auth ad-persist ad-once flow waf-block waf-allow tls rate client-ip
  edge-metrics hpa pod-crash node2-down node1-down both-down capacity ddos net-deny dns-outside pss secrets rbac firewall vpn
  terraform k3s metrics logs alerts slo tracing wazuh staging offsite third-node sso canary mesh`
  .trim()
  .split(/\s+/);

/** What we promise beside the mission, after the one it belongs to. */
const ours: Readonly<Record<string, readonly string[]>> = {
  'gitops-rbac': ['gitops-source'],
  'pg-spread': ['pg-pooler', 'pg-standby', 'pg-restore', 'pg-gapless', 'pg-verify', 'pg-rollout'],
  'redis-failover': ['redis-view', 'redis-switch', 'redis-server', 'redis-valkey', 'redis-damage'],
  'edge-metrics': ['edge-rollout', 'edge-split'],
  terraform: ['envelope'],
  'dns-outside': ['dns-node-down'],
  slo: ['status-page'],
};
const ids = idsOfTheMission.flatMap((id) => [id, ...(ours[id] ?? [])]);

const failover: PromiseEntry = {
  id: 'failover',
  promise: 'the standby takes over',
  bound: '< 20 s',
  proofs: [{ kind: 'drill', measures: { outage: { unit: 's', below: 20 } } }],
};
const calls: PromiseEntry = { id: 'calls', promise: 'roles', bound: 'a table', proofs: [{ kind: 'drill' }] };
const holds: PromiseEntry = {
  id: 'holds',
  promise: 'it holds over reconciliations',
  bound: '3 of them',
  proofs: [{ kind: 'drill', measures: { held: { unit: 'reconciliations', atLeast: 3 } } }],
};
const lossless: PromiseEntry = {
  id: 'lossless',
  promise: 'nothing is lost',
  bound: '0 lost',
  proofs: [{ kind: 'drill', measures: { lost: { unit: 'rows', atMost: 0 } } }],
};
const spread: PromiseEntry = {
  id: 'spread',
  promise: 'they never share a node',
  bound: 'strict',
  proofs: [{ kind: 'static', test: 'tests/spread.test.ts', name: 'never a shared node' }, { kind: 'drill' }],
};
const agent: PromiseEntry = {
  id: 'agent',
  promise: 'an agent on every node',
  bound: 'runs',
  proofs: [
    { kind: 'static', test: 'tests/agent.test.ts', name: 'an agent runs' },
    { kind: 'stated', reason: 'no manager here', check: 'install/90-verify' },
  ],
};
const mesh: PromiseEntry = {
  id: 'mesh',
  promise: 'mTLS',
  bound: 'documented',
  proofs: [{ kind: 'stated', reason: 'an option' }],
};
const allOfThem = [failover, calls, holds, lossless, spread, agent, mesh];

const outages = (...seconds: number[]) => seconds.map((outage) => ({ figures: { outage } }));
const failed = { what: 'a developer deletes a project', expected: 'denied', got: 'allowed' };
const held = (count: number) => ({ held: count, failed: [] });

function result(promise: string, changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    promise,
    drill: 'kill -9 of the primary',
    date: '2026-11-23',
    rounds: [{ checks: held(1) }],
    versions: { postgresql: '15.20' },
    standIns: [],
    passed: true,
    ...changes,
  };
}

const outageResult = (...seconds: number[]) =>
  result('failover', { units: { outage: 's' }, rounds: outages(...seconds) });

let root: string;

beforeEach(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-promises-'));
});

afterEach(() => {
  fs.rmSync(root, { recursive: true, force: true });
});

function put(file: string, content: string | Readonly<Record<string, unknown>>): void {
  fs.mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
  fs.writeFileSync(path.join(root, file), typeof content === 'string' ? content : JSON.stringify(content));
}

function rowOf(entry: PromiseEntry): LedgerRow {
  const row = ledger(root, allOfThem).find(({ id }) => id === entry.id);
  if (row === undefined) throw new Error(`no row for ${entry.id}`);
  return row;
}

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function run(
  args: readonly string[],
  {
    columns = 80,
    isTTY = false,
    of = allOfThem,
    colours = true,
    within = root,
    pages = [] as readonly FiguresPage[],
  } = {},
): Outcome {
  const stdout = Object.assign(new PassThrough(), { isTTY, columns });
  const stderr = new PassThrough();
  const code = promisesCommand({ arguments: args, root: within, promises: of, pages, stdout, stderr, colours });
  return { code, out: String(stdout.read() ?? ''), err: String(stderr.read() ?? '') };
}

describe('the table', () => {
  test('holds every promise of the mission, once', () => {
    expect(promises.map(({ id }) => id)).toEqual(ids);
  });

  test('judges by at most one limit a figure', () => {
    const measures = promises.flatMap(({ proofs }) =>
      proofs.flatMap((proof) => (proof.kind === 'drill' ? Object.values(proof.measures ?? {}) : [])),
    );
    expect(measures.filter((measure) => Object.keys(measure).length > 2)).toEqual([]);
  });

  test('calls nothing proven by a test that does not exist', () => {
    const named = ledger(repository, promises)
      .filter(({ status }) => status !== 'unproven')
      .flatMap(({ id }) => promises.find((entry) => entry.id === id)?.proofs ?? [])
      .filter((proof) => proof.kind === 'static');
    const dangling = named.filter(
      ({ test: file, name }) => !fs.readFileSync(path.join(repository, file), 'utf8').includes(`'${name}'`),
    );
    expect(dangling).toEqual([]);
  });
});

describe('a drill', () => {
  test('that never ran leaves its promise unproven', () => {
    expect(rowOf(failover)).toMatchObject({
      status: 'unproven',
      reason: 'no drill has run yet',
      measured: null,
      date: null,
    });
  });

  test('within the bound in every round proves its promise, with the worst round and the median', () => {
    put('prove/results/failover.json', outageResult(8, 12.5, 9));
    expect(rowOf(failover)).toMatchObject({
      status: 'proven',
      reason: null,
      measured: 'outage 12.5 s (median 9), 3 rounds',
      date: '2026-11-23',
    });
  });

  test('over the bound in one round of many proves nothing', () => {
    put('prove/results/failover.json', outageResult(8, 20, 9));
    expect(rowOf(failover)).toMatchObject({
      status: 'unproven',
      reason: 'outage 20 s in the worst round, not < 20 s',
      measured: 'outage 20 s (median 9), 3 rounds',
    });
  });

  test('takes the least figure for the worst where the bound is a least one', () => {
    put('prove/results/holds.json', {
      ...result('holds', { units: { held: 'reconciliations' } }),
      rounds: [{ figures: { held: 4 } }, { figures: { held: 2 } }],
    });
    expect(rowOf(holds)).toMatchObject({
      status: 'unproven',
      reason: 'held 2 reconciliations in the worst round, not >= 3 reconciliations',
      measured: 'held 2 reconciliations (median 3), 2 rounds',
    });
  });

  test.each([
    [0, 'proven'],
    [1, 'unproven'],
  ])('that loses %i rows where none may be lost leaves its promise %s', (lost, status) => {
    put('prove/results/lossless.json', {
      ...result('lossless', { units: { lost: 'rows' } }),
      rounds: [{ figures: { lost } }],
    });
    expect(rowOf(lossless).status).toBe(status);
  });

  test('with only checks proves its promise when all of them hold', () => {
    put('prove/results/calls.json', result('calls'));
    expect(rowOf(calls)).toMatchObject({ status: 'proven', measured: '1 of 1 checks' });
  });

  test('with a check that did not hold proves nothing, and says which', () => {
    const rounds = [{ checks: { held: 1, failed: [failed] } }];
    put('prove/results/calls.json', result('calls', { rounds }));
    expect(rowOf(calls)).toMatchObject({
      status: 'unproven',
      reason: '1 of 2 checks failed, first "a developer deletes a project": expected denied, got allowed',
    });
  });

  test('that says it failed proves nothing, whatever its figures', () => {
    put('prove/results/failover.json', { ...outageResult(8), passed: false });
    expect(rowOf(failover)).toMatchObject({ status: 'unproven', reason: 'the drill says that it failed' });
  });

  test('tells its stand-ins beside the promise', () => {
    put('prove/results/failover.json', { ...outageResult(8), standIns: ['network namespaces for nodes', 'kind'] });
    expect(rowOf(failover)).toMatchObject({
      status: 'proven',
      reason: 'stand-ins: network namespaces for nodes, kind',
    });
  });
});

describe('a static proof', () => {
  const drilled = (): void => put('prove/results/spread.json', result('spread'));

  test('of a named test and a drill together prove a promise', () => {
    put('tests/spread.test.ts', "test('never a shared node', () => {});");
    drilled();
    expect(rowOf(spread)).toMatchObject({ status: 'proven', reason: null });
  });

  test('alone is half of a promise that needs a drill too', () => {
    put('tests/spread.test.ts', "describe('pods', () => {\n  it(`never a shared node`, () => {});\n});");
    expect(rowOf(spread)).toMatchObject({ status: 'unproven', reason: 'static holds; drill: no drill has run yet' });
  });

  test('is missing beside a drill when there is no such file', () => {
    drilled();
    expect(rowOf(spread)).toMatchObject({
      status: 'unproven',
      reason: 'static: there is no tests/spread.test.ts yet; drill holds',
    });
  });

  test.each([
    ['with another name', "test('never a shared rack', () => {});"],
    ['that is skipped', "test.skip('never a shared node', () => {});"],
    ['in a skipped describe', "describe.skip('pods', () => {\n  test('never a shared node', () => {});\n});"],
    ['in a comment', "// test('never a shared node', () => {});"],
    ['in a text', 'const text = "test(\'never a shared node\', () => {});";'],
  ])('is no test %s', (_, content) => {
    put('tests/spread.test.ts', content);
    drilled();
    expect(rowOf(spread).reason).toBe("static: tests/spread.test.ts has no test 'never a shared node'; drill holds");
  });

  test('sees the tests that jest sees in this file', () => {
    expect(testTitles(repository, 'tests/promises.test.ts')).toContain('sees the tests that jest sees in this file');
  });
});

describe('what can only be stated', () => {
  test('is stated with its reason, never proven', () => {
    expect(rowOf(mesh)).toMatchObject({ status: 'stated', reason: 'an option' });
  });

  test('keeps a promise from being proven whose other half holds', () => {
    put('tests/agent.test.ts', "test('an agent runs', () => {});");
    expect(rowOf(agent)).toMatchObject({
      status: 'stated',
      reason: 'static holds; stated: no manager here (on the real thing: install/90-verify)',
    });
  });

  test('does not hide that the other half is missing', () => {
    expect(rowOf(agent)).toMatchObject({
      status: 'unproven',
      reason: 'static: there is no tests/agent.test.ts yet',
    });
  });
});

describe('a malformed result', () => {
  test.each<[string, string, string | Record<string, unknown>, string]>([
    ['that is no JSON', 'failover', '{', 'prove/results/failover.json: not JSON'],
    [
      'without rounds',
      'calls',
      result('calls', { rounds: [] }),
      'prove/results/calls.json: rounds: got []\n  allowed: at least one round',
    ],
    [
      'with an unknown key',
      'calls',
      result('calls', { bound: 20 }),
      'prove/results/calls.json: bound: unknown key "bound"',
    ],
    [
      'with an unknown key in a check',
      'calls',
      result('calls', { rounds: [{ checks: { held: 0, failed: [{ ...failed, note: '' }] } }] }),
      'prove/results/calls.json: rounds.0.checks.failed.0.note: unknown key "note"\n  allowed: what, expected, got',
    ],
    [
      'with a figure that is no number',
      'failover',
      { ...outageResult(8), rounds: [{ figures: { outage: '8 s' } }] },
      'rounds.0.figures.outage: got "8 s"\n  allowed: a number',
    ],
    ['with a negative figure', 'failover', outageResult(-1), 'rounds.0.figures.outage: got -1\n  allowed: 0 or more'],
    [
      'without a figure of the promise in one round',
      'failover',
      { ...outageResult(8), rounds: [...outages(8), {}] },
      'rounds.1.figures.outage: the value is missing\n  allowed: s',
    ],
    [
      'in another unit',
      'failover',
      { ...outageResult(8), units: { outage: 'ms' } },
      'units.outage: got "ms"\n  allowed: s',
    ],
    [
      'with a figure without a unit',
      'calls',
      result('calls', { rounds: [{ figures: { more: 1 }, checks: held(1) }] }),
      'units.more: the value is missing',
    ],
    ['with nothing that could fail', 'calls', result('calls', { rounds: [{}] }), 'rounds.0.checks: there are none'],
    ['of another promise', 'failover', result('calls'), 'failover.json: promise: got "calls"\n  allowed: "failover"'],
    ['of no promise', 'failovr', result('failovr'), 'prove/results/failovr.json: no promise "failovr" with a drill'],
    ['of a promise without a drill', 'mesh', result('mesh'), 'prove/results/mesh.json: no promise "mesh" with a drill'],
    [
      'of a day that never was',
      'calls',
      result('calls', { date: '2026-02-30' }),
      'date: got "2026-02-30"\n  allowed: a day in UTC',
    ],
    [
      'without versions',
      'calls',
      result('calls', { versions: {} }),
      'versions: got {}\n  allowed: the version of at least one program',
    ],
  ])('%s is refused by file, path, what and what is allowed', (_, id, content, message) => {
    put(`prove/results/${id}.json`, content);
    const { code, out, err } = run([]);
    expect({ code, out, says: err.includes(message) ? message : err }).toEqual({ code: 1, out: '', says: message });
  });

  test('is told together with the others', () => {
    put('prove/results/calls.json', result('calls', { rounds: [] }));
    put('prove/results/failover.json', '{');
    expect(run(['--json']).err.match(/^prove\/results\/\w+\.json/gm)).toEqual([
      'prove/results/calls.json',
      'prove/results/failover.json',
    ]);
  });
});

describe('npm run promises', () => {
  test('prints an aligned table within 120 columns, what stood in once, and the totals', () => {
    const standIns = ['network namespaces for nodes', `Debian's Redis`, 'a small server that keeps a contract'];
    put('prove/results/failover.json', { ...outageResult(8), standIns: [...standIns, standIns[0]] });
    put('prove/results/calls.json', { ...result('calls'), standIns: [standIns[0], standIns[2]], passed: false });
    put('tests/agent.test.ts', "test('an agent runs', () => {});");
    expect(run([], { of: [failover, calls, lossless, agent] }).out.split('\n')).toEqual([
      'ID        PROMISE                 BOUND    PROOF            STATUS    MEASURED',
      'failover  the standby takes over  < 20 s   drill            proven    outage 8 s on 2026-11-23',
      '          stand-ins: 1-3',
      'calls     roles                   a table  drill            unproven  1 of 1 checks on 2026-11-23',
      '          the drill says that it failed',
      '          stand-ins: 1, 3',
      'lossless  nothing is lost         0 lost   drill            unproven  no drill has run yet',
      'agent     an agent on every node  runs     static + stated  stated    static holds; stated: no manager here (on the real',
      '                                                                      thing: install/90-verify)',
      '',
      'What stood in for something else:',
      '       1  network namespaces for nodes',
      `       2  Debian's Redis`,
      '       3  a small server that keeps a contract',
      '',
      '1 proven, 2 unproven, 1 stated of 4 promises',
      '',
    ]);
  });

  test('stays within 120 columns and 5 lines a promise with everything that was ever measured', () => {
    const lines = run([], { of: [...promises], within: repository }).out.split('\n');
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(120);
    expect(lines.length).toBeLessThan(5 * promises.length);
  });

  test('cuts a sentence to two lines, or to those that its row has anyway', () => {
    const row = (promise: number, bound: number): PromiseEntry => {
      const [first, second] = [promise, bound].map((count) => Array(count).fill('word').join(' '));
      return { ...mesh, promise: first ?? '', bound: second ?? '' };
    };
    expect(run([], { of: [row(40, 1), row(13, 1), row(20, 20)] }).out.split('\n')).toEqual([
      'ID    PROMISE                                      BOUND                                       PROOF   STATUS  MEASURED',
      'mesh  word word word word word word word word      word                                        stated  stated  an option',
      '      word word word word word word word word...',
      'mesh  word word word word word word word word      word                                        stated  stated  an option',
      '      word word word word word',
      'mesh  word word word word word word word word      word word word word word word word word     stated  stated  an option',
      '      word word word word word word word word      word word word word word word word word',
      '      word word word word                          word word word word',
      '',
      '0 proven, 0 unproven, 3 stated of 3 promises',
      '',
    ]);
  });

  test('cuts no sentence where the terminal is wide', () => {
    const { out } = run([], { of: [...promises], columns: 400, isTTY: true, colours: false });
    expect(promises.filter(({ promise }) => !out.includes(promise))).toEqual([]);
  });

  test.each([
    ['colours statuses on a terminal', true, true, true],
    ['prints plain text into a pipe', false, true, false],
    ['prints plain text when colours are not wanted', true, false, false],
  ])('%s', (_, isTTY, colours, coloured) => {
    expect(run([], { isTTY, colours }).out.includes('\u001b[33munproven\u001b[39m')).toBe(coloured);
  });

  test('--json prints exactly the eight facts of each promise', () => {
    put('prove/results/failover.json', outageResult(8));
    expect(JSON.parse(run(['--json'], { of: [failover, agent] }).out)).toEqual([
      {
        id: 'failover',
        promise: 'the standby takes over',
        bound: '< 20 s',
        proof: 'drill',
        status: 'proven',
        measured: 'outage 8 s',
        reason: null,
        date: '2026-11-23',
      },
      {
        id: 'agent',
        promise: 'an agent on every node',
        bound: 'runs',
        proof: 'static + stated',
        status: 'unproven',
        measured: null,
        reason: 'static: there is no tests/agent.test.ts yet',
        date: null,
      },
    ]);
  });

  test('runs as a program of the repository', () => {
    const args = ['scripts/run.cjs', 'scripts/promises.ts', '--json'];
    const { stdout } = spawnSync(process.execPath, args, { cwd: repository, encoding: 'utf8' });
    expect((JSON.parse(stdout) as { id: string }[]).map(({ id }) => id)).toEqual(ids);
  });

  test('--help tells the options', () => {
    const { code, out } = run(['--help']);
    expect([code, out.match(/--[a-z-]+/g)]).toEqual([0, ['--json', '--check', '--write-readme', '--help']]);
  });

  test.each([[['--jsn']], [['all']], [['--json', '--check']], [['--json=yes']]])('%j is called wrongly', (args) => {
    const { code, out, err } = run(args);
    expect([code, out, err.includes('npm run promises -- [OPTION]')]).toEqual([2, '', true]);
  });
});

describe('the table of README.md', () => {
  const text = '# Title\n\n<!-- promises:begin -->\n<!-- promises:end -->\n\nMore.\n';
  const read = (): string => fs.readFileSync(path.join(root, 'README.md'), 'utf8');
  const current = [lossless, mesh];

  test('is written between its marks, and then current', () => {
    put('README.md', text);
    put('prove/results/lossless.json', {
      ...result('lossless', { units: { lost: 'rows' }, standIns: ['kind'] }),
      rounds: [{ figures: { lost: 0 } }],
    });
    const before = run(['--check'], { of: current }).code;
    run(['--write-readme'], { of: current });
    expect([before, run(['--check'], { of: current }).code, read()]).toEqual([
      1,
      0,
      `# Title

<!-- promises:begin -->

| id       | promise         | bound      | proof  | status                 |
| -------- | --------------- | ---------- | ------ | ---------------------- |
| lossless | nothing is lost | 0 lost     | drill  | proven, with stand-ins |
| mesh     | mTLS            | documented | stated | stated                 |

1 proven, 0 unproven, 1 stated of 2 promises. What was measured, when and with which stand-ins: \`npm run promises\`.

<!-- promises:end -->

More.
`,
    ]);
  });

  test('is not written again when it is current', () => {
    put('README.md', text);
    run(['--write-readme']);
    fs.utimesSync(path.join(root, 'README.md'), 1, 1);
    const { out } = run(['--write-readme']);
    expect([out, fs.statSync(path.join(root, 'README.md')).mtimeMs]).toEqual(['README.md unchanged\n', 1000]);
  });

  test('is no longer current when a status changes', () => {
    put('README.md', text);
    run(['--write-readme'], { of: [calls] });
    put('prove/results/calls.json', result('calls'));
    expect(run(['--check'], { of: [calls] })).toMatchObject({
      code: 1,
      err: expect.stringContaining('README.md: the table of promises is not current') as string,
    });
  });

  test('is as Prettier would write it', async () => {
    put('README.md', text);
    run(['--write-readme'], { of: [...promises, { ...mesh, id: 'bar', promise: 'a | b' }] });
    expect(await prettier.format(read(), { parser: 'markdown', printWidth: 120 })).toBe(read());
  });

  test.each([
    ['is missing', undefined],
    ['has no mark', '# Title\n'],
    ['has no second mark', '<!-- promises:begin -->\n'],
    ['has its marks the other way round', '<!-- promises:end -->\n<!-- promises:begin -->\n<!-- promises:end -->\n'],
    ['has the first mark twice', `${text}<!-- promises:begin -->\n`],
    ['has the second mark twice', `${text}<!-- promises:end -->\n`],
  ])('is refused when the file %s', (_, content) => {
    if (content !== undefined) put('README.md', content);
    const { code, err } = run(['--write-readme']);
    expect([code, err.startsWith('README.md: ')]).toEqual([1, true]);
  });

  test('passes the check while the file of a named test is still to be written, but not without the test itself', () => {
    put('README.md', text);
    run(['--write-readme'], { of: [agent] });
    expect(run(['--check'], { of: [agent] }).code).toBe(0);
    put('tests/agent.test.ts', "test('something else', () => {});\n");
    run(['--write-readme'], { of: [agent] });
    expect(run(['--check'], { of: [agent] })).toMatchObject({
      code: 1,
      err: expect.stringContaining('promises.ts: agent: tests/agent.test.ts has no test') as string,
    });
  });
});

describe('the figures of a page', () => {
  const file = 'docs/runbooks/failover.md';
  const pages = [{ file, promise: 'failover' }];
  const read = (): string => fs.readFileSync(path.join(root, file), 'utf8');
  const given = { of: [failover], pages };

  beforeEach(() => {
    put('README.md', '<!-- promises:begin -->\n<!-- promises:end -->\n');
    put(file, '# When\n\n<!-- figures:begin -->\n<!-- figures:end -->\n');
  });

  test('say that nothing was measured yet', () => {
    expect(run(['--write-readme'], given).out).toBe(`README.md written\n${file} written\n`);
    expect(read()).toContain('\n\nNot measured yet.\n\n');
  });

  test('are those of the slowest round, in their order, as Prettier would write them', async () => {
    run(['--write-readme'], given);
    put('prove/results/failover.json', {
      ...result('failover', { units: { outage: 's', 'standby again': 's' } }),
      rounds: [{ figures: { outage: 8.4, 'standby again': 30 } }, { figures: { outage: 9.1, 'standby again': 28 } }],
    });
    expect(run(['--check'], given).err).toContain(`${file}: the table of figures is not current`);
    run(['--write-readme'], given);
    expect(run(['--check'], given).code).toBe(0);
    expect(read()).toContain(`| what          | measured |
| ------------- | -------- |
| outage        | 9.1 s    |
| standby again | 30 s     |

On 2026-11-23, in 2 rounds, of which this is the slowest of each.
`);
    expect(await prettier.format(read(), { parser: 'markdown', printWidth: 120 })).toBe(read());
  });

  test('are told in seconds below a minute, also those of an older result, which has minutes alone', () => {
    const units = { before: 'min', rebuilt: 'min', opened: 'min', again: 's', stores: 's', lost: 'rows' };
    put('prove/results/failover.json', {
      ...result('failover', { units: { outage: 's', ...units } }),
      rounds: [{ figures: { outage: 59.6, before: 0, rebuilt: 5.6, opened: 0.1, again: 0.34, stores: 282, lost: 2 } }],
    });
    run(['--write-readme'], given);
    const told = [...read().matchAll(/^\| (\w+) +\| (.+?) +\|$/gm)].slice(1).map(([, what, figure]) => [what, figure]);
    expect(Object.fromEntries(told)).toEqual({
      ...{ outage: '60 s', before: 'under 3 s', rebuilt: '5.6 min', opened: '6 s' },
      ...{ again: '0.3 s', stores: '4.7 min', lost: '2 rows' },
    });
  });

  test('are refused without their page, or a place on it', () => {
    put(file, '# When\n');
    expect(run(['--check'], given).err).toContain(`${file}: the marks of the table of figures are missing`);
    fs.rmSync(path.join(root, file));
    expect(run(['--write-readme'], given)).toMatchObject({ code: 1, err: expect.stringContaining(file) as string });
  });
});
