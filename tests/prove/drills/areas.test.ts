import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { promises } from '../../../promises.ts';
import { promisesOf } from '../../../prove/drills/area.ts';
import type { AnyArea, Area, Outcome } from '../../../prove/drills/area.ts';
import { choose, platformMinutes } from '../../../prove/drills/choose.ts';
import type { History } from '../../../prove/drills/choose.ts';
import { Used } from '../../../prove/drills/ground.ts';
import { historyOf } from '../../../prove/drills/history.ts';
import { areas } from '../../../prove/drills/index.ts';
import { merged } from '../../../prove/drills/run.ts';
import { lackOf, runArea } from '../../../prove/verbs/area.ts';
import { listCommand } from '../../../prove/verbs/list.ts';
import { root } from '../../support/committed.ts';

const all: readonly (readonly [string, AnyArea])[] = Object.entries(areas);
const drilled = all.flatMap(([, area]) => promisesOf(area));

describe('areas', () => {
  test('prove promises that there are, by a drill', () => {
    const withDrill = promises.filter(({ proofs }) => proofs.some(({ kind }) => kind === 'drill')).map(({ id }) => id);
    expect(drilled.filter((id) => !withDrill.includes(id))).toEqual([]);
  });

  test('share no promise', () => {
    expect(drilled.filter((id, index) => drilled.indexOf(id) !== index)).toEqual([]);
  });

  test('are there for every promise that was ever measured', () => {
    const measured = fs.readdirSync(path.join(root, 'prove/results')).filter((file) => file.endsWith('.json'));
    const ids = measured.map((file) => path.basename(file, '.json'));
    expect(ids.filter((id) => !drilled.some((promise) => promise === id))).toEqual([]);
  });

  test('lie in folders of their names', () => {
    const folders = fs.readdirSync(path.join(root, 'prove/drills'), { withFileTypes: true });
    const names = folders.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    expect(names.sort()).toEqual(Object.keys(areas).sort());
  });

  test('are about files and folders that there are', () => {
    const missing = all.flatMap(([, { about }]) => about.filter((file) => !fs.existsSync(path.join(root, file))));
    expect(missing).toEqual([]);
  });

  test('stand in the table of README.md', () => {
    const output = new PassThrough();
    expect(listCommand(['--check'], { stdout: output, stderr: output }, root)).toBe(0);
  });

  test('are listed with their folders, for people and for programs', () => {
    const printed = (args: readonly string[]): string => {
      const stdout = new PassThrough();
      listCommand(args, { stdout, stderr: stdout });
      return String(stdout.read());
    };
    expect(printed([])).toMatch(/^scaling +hpa +platform +\d+ +prove\/drills\/scaling$/m);
    expect(JSON.parse(printed(['--json']))).toContainEqual(
      expect.objectContaining({ name: 'scaling', promises: ['hpa'] }),
    );
  });
});

function areaOf(needs: AnyArea['needs'], minutes: number): AnyArea {
  const run = (): Promise<Outcome> => Promise.resolve({});
  return { purpose: '', promises: {}, needs, minutes, programs: [], about: [], run };
}

describe('what CI runs', () => {
  const few = [
    ['a', areaOf('api', 4)],
    ['b', areaOf('platform', 6)],
    ['c', areaOf('cluster', 5)],
  ] as const;
  const chosen = (
    minutes: number,
    { day = 0, histories = {} }: { readonly day?: number; readonly histories?: Readonly<Record<string, History>> } = {},
  ): string[] =>
    choose(few, { minutes, day, historyOf: (name) => histories[name] ?? 'fresh', lackOf: () => undefined }).flatMap(
      ({ name, skipped }) => (skipped === undefined ? [name] : []),
    );

  test('is everything where there is time, what shares a platform last', () => {
    expect(chosen(4 + 6 + 5 + platformMinutes)).toEqual(['a', 'c', 'b']);
  });

  test('counts the time that a shared platform takes', () => {
    expect(chosen(4 + 6)).toEqual(['a', 'c']);
  });

  test('is first what was never measured, then what has changed', () => {
    const histories = { a: 'fresh', b: 'never', c: 'changed' } as const;
    expect(chosen(6 + platformMinutes, { histories })).toEqual(['b']);
    expect(chosen(6 + platformMinutes + 5, { histories })).toEqual(['c', 'b']);
  });

  test('begins with another area each day', () => {
    expect([0, 1, 2, 3].map((day) => chosen(5, { day }))).toEqual([['a'], ['c'], ['c'], ['a']]);
  });

  test('names what it skips, and why', () => {
    const skipped = choose(few, { minutes: 4, day: 0, historyOf: () => 'fresh', lackOf: () => undefined }).filter(
      (each) => each.skipped,
    );
    expect(skipped.map((each) => `${each.name}: ${each.skipped}`)).toEqual([
      `b: it takes ${6 + platformMinutes} min of 0 that are left; run npm run prove -- b`,
      'c: it takes 5 min of 0 that are left; run npm run prove -- c',
    ]);
  });
});

describe('the history of an area', () => {
  const area: Pick<AnyArea, 'promises' | 'about'> = { promises: { hpa: 'load' }, about: ['constructs'] };
  let folder: string;
  const put = (file: string, text: string): void => {
    fs.mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    fs.writeFileSync(path.join(folder, file), text);
  };
  const git = (...args: readonly string[]): void => {
    const own = ['-c', 'user.name=test', '-c', 'user.email=test@localhost', '-c', 'commit.gpgsign=false'];
    spawnSync('git', ['-C', folder, ...own, ...args]);
  };
  const commit = (file: string, text: string): void => {
    put(file, text);
    git('add', '--all');
    git('commit', '--quiet', '--message', file);
  };

  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-history-'));
    git('init', '--quiet');
    commit('constructs/web.ts', '1');
  });
  afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

  test('begins with its first result', () => {
    expect(historyOf(folder, 'scaling', area)).toBe('never');
    commit('prove/results/hpa.json', '{}');
    expect(historyOf(folder, 'scaling', area)).toBe('fresh');
  });

  test('goes on with every change of its drill or of what it is about, and with no other', () => {
    commit('prove/results/hpa.json', '{}');
    commit('docs/other.md', '1');
    expect(historyOf(folder, 'scaling', area)).toBe('fresh');
    commit('constructs/web.ts', '2');
    expect(historyOf(folder, 'scaling', area)).toBe('changed');
    commit('prove/results/hpa.json', '{ "again": true }');
    expect(historyOf(folder, 'scaling', area)).toBe('fresh');
    put('prove/drills/scaling/index.ts', '');
    git('add', '--all');
    expect(historyOf(folder, 'scaling', area)).toBe('changed');
  });

  test('is unknown, and counts as changed, where git knows none', () => {
    put('prove/results/hpa.json', '{}');
    fs.rmSync(path.join(folder, '.git'), { recursive: true });
    expect(historyOf(folder, 'scaling', area)).toBe('changed');
  });
});

describe('the rounds of an area', () => {
  const area: Area<'api'> = {
    ...{ purpose: '', promises: { hpa: 'load' }, needs: 'api', minutes: 1, programs: ['kwok'], about: [] },
    run: () => Promise.resolve({}),
  };
  const round = (seconds: number, standIns?: readonly string[]): Outcome => ({
    hpa: { figures: { seconds }, units: { seconds: 's' }, checks: [], standIns },
  });

  test('are one result for each promise, in their order', () => {
    const [result] = merged(area, [round(1), round(3)], new Used());
    expect(result).toMatchObject({ promise: 'hpa', drill: 'load' });
    expect(result?.rounds.map(({ figures }) => figures.seconds)).toEqual([1, 3]);
  });

  test('tell versions and stand-ins of what was used, each once', () => {
    const used = new Used();
    used.add({ standIns: ['nodes'], versions: { postgresql: '17' } });
    const [result] = merged(area, [round(1, ['a client', 'nodes']), round(2, ['a client'])], used);
    expect(result?.standIns).toEqual(['nodes', 'a client']);
    expect(Object.keys(result?.versions ?? {}).sort()).toEqual(['etcd', 'kubernetes', 'kwok', 'postgresql']);
  });

  test('the real thing takes the place of what stood in for it', () => {
    const used = new Used();
    used.add({ standIns: ['the backend: a small server', 'another'] });
    used.replace({ standIn: 'the backend: a small server' }, { standIn: 'libraries of this machine' });
    expect([...used.standIns]).toEqual(['another', 'libraries of this machine']);
  });

  test('that say nothing of a promise of their area are refused', () => {
    expect(() => merged(area, [{}], new Used())).toThrow('a round measured nothing of hpa');
  });

  test('names what the environment lacks that an area asks for', () => {
    const asking = [['edge', { ...areaOf('platform', 9), asks: 'edge' as const }]] as const;
    const options = { minutes: 60, day: 0, historyOf: (): History => 'never' };
    const skips = (without: boolean): (string | undefined)[] =>
      choose(asking, { ...options, lackOf: () => (without ? 'it has no edge' : undefined) }).map(
        ({ skipped }) => skipped,
      );
    expect([skips(true), skips(false)]).toEqual([['it has no edge'], [undefined]]);
  });

  test('with what an environment lacks are refused before anything is brought up', async () => {
    const output = new PassThrough();
    // Every environment has an edge; production shares nobody's cluster.
    const asking = { ...areaOf('platform', 9), asks: 'shares' as 'edge' };
    const run = (environment: string) =>
      runArea('asking', asking, ['--environment', environment], { stdout: output, stderr: output });
    await expect(run('production')).rejects.toThrow('production has no shares');
    await expect(run('nowhere')).rejects.toThrow('there is none called "nowhere"');
    const has = { ...asking, asks: 'edge' as const };
    expect([lackOf(has, 'production'), lackOf(areaOf('api', 1), 'production')]).toEqual([undefined, undefined]);
  });

  test('that do not run the samples in the place of the stand-ins refuse to', async () => {
    const output = new PassThrough();
    const options = ['--samples', '--environment', 'production'];
    const refusal = await runArea('heal', areas.heal, options, { stdout: output, stderr: output }).catch(String);
    expect(refusal).toContain('failures, scaling, updates');
  });
});
