import fs from 'node:fs';
import path from 'node:path';
import { Recoverable } from '../../constructs/stateful/index.ts';
import { kinds } from '../../scripts/recover/kinds.ts';
import { root } from '../support/committed.ts';
import { bucket, generations, platformWith, Recovery, text } from './recovery.ts';

const to = '2025-11-22T10:00:00Z';

/** Stores whose backups are whole ones: of PostgreSQL any moment is recovered, which has tests of its own. */
const wholes = {
  redis: {
    store: 'redis',
    archive: 'redis/redis',
    scripts: ['redis-sentinel/files/member/start.sh', 'redis-sentinel/files/member/restore.sh'],
    logged: 4,
    /** What of a line is said by nobody alone. */
    between: /^\S+: | ?\.\.\. ?| primary: | s3:|\/\/.*|data.*|was.*/,
  },
  ad: {
    store: 'samba',
    archive: 'samba/ad',
    scripts: ['backup/restore.sh', 'backup/unpack.py', 'dc/domain.py'].map((name) => `samba-dc/files/${name}`),
    logged: 3,
    between: /^directory: | ?\.\.\.,? ?|s3:|\/\/.*/,
  },
} as const;

let recovery: Recovery;
beforeEach(() => {
  recovery = new Recovery();
});
afterEach(() => {
  recovery.repository.remove();
});

describe.each(Object.keys(wholes) as (keyof typeof wholes)[])('a recovery of %s', (kind) => {
  const { store, archive, scripts, logged, between } = wholes[kind];
  const page = fs.readFileSync(path.join(root, kinds[kind].runbook), 'utf8');
  const lines = new Set(page.split('\n').map((line) => line.trim()));

  test('writes the next generation, and leaves the others as they are', async () => {
    expect(await recovery.run(`${kind} --at ${to}`)).toBe(0);
    expect(recovery.tables()).toEqual({
      generations: { [store]: { number: 2, recovery: { from: 1, to: '2025-11-22 10:00:00+00' } } },
    });
    expect(recovery.stdout).toContain(`  reads  s3://${bucket}/${archive}-1, to 2025-11-22 10:00:00+00\n`);
    expect(recovery.stdout).toContain(`  writes s3://${bucket}/${archive}-2\n`);
    expect(recovery.stdout).toContain(`(the whole procedure: ${kinds[kind].runbook})`);
  });

  test.each([to, 'latest'])('has a page with each command that is printed for %s', async (moment) => {
    const printed = (await recovery.steps(`${kind} --at ${moment}`)).flatMap(({ commands }) => commands);
    expect(printed.length).toBeGreaterThan(10);
    expect(printed.filter((command) => !lines.has(command))).toEqual([]);
  });

  test('has a page with the lines that the log is said to have, which are those of the scripts', async () => {
    const [watch] = (await recovery.steps(`${kind} --at latest`)).filter((step) => step.text.startsWith('Watch'));
    const notes = watch!.notes.filter((note) => note.startsWith('  ')).map((note) => note.trim());
    const all = scripts.map((name) => fs.readFileSync(path.join(root, 'constructs', name), 'utf8')).join();
    expect(notes).toHaveLength(logged);
    for (const line of notes) {
      expect(page).toContain(line.split(bucket)[0]);
      expect(line.split(between).filter((part) => !all.includes(part))).toEqual([]);
    }
  });

  test('reads the folder of the generation in use, unless another one is named', async () => {
    recovery.commit(text(generations({ number: 2, recovery: { from: 1 } }, store)));
    await recovery.run(`${kind} --at latest --dry-run`);
    expect(recovery.stdout).toContain(`reads  s3://${bucket}/${archive}-2, to the newest backup`);
    await recovery.run(`${kind} --at latest --from 1 --dry-run`);
    expect(recovery.stdout).toContain(`reads  s3://${bucket}/${archive}-1, to the newest backup`);
  });

  test('is told a second attempt with the options of its kind', async () => {
    const [step] = (await recovery.steps(`${kind} --at ${to}`)).filter((each) => each.text.startsWith('If it waits'));
    expect(step!.notes).toContain(`  npm run recover -- ${kind} --from 1 --at TIME`);
  });
});

test('every kind has a page, and a cluster of production', () => {
  const names = platformWith({})
    .all(Recoverable)
    .map(({ kind, life }) => `${kind} ${life.name}`);
  expect(names.sort()).toEqual(
    Object.entries(kinds)
      .map(([kind, { cluster }]) => `${kind} ${cluster}`)
      .sort(),
  );
});
