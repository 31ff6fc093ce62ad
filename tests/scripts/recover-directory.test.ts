import fs from 'node:fs';
import path from 'node:path';
import { kinds } from '../../scripts/recover/kinds.ts';
import { root } from '../support/committed.ts';
import { bucket, generations, platformWith, Recovery, text } from './recovery.ts';
import { Recoverable } from '../../constructs/stateful/index.ts';

const page = fs.readFileSync(path.join(root, kinds.ad.runbook), 'utf8');
const lines = new Set(page.split('\n').map((line) => line.trim()));
const to = '2025-11-22T10:00:00Z';

let recovery: Recovery;
beforeEach(() => {
  recovery = new Recovery();
});
afterEach(() => {
  recovery.repository.remove();
});

test('a recovery writes the next generation of the directory, and leaves the others as they are', async () => {
  expect(await recovery.run(`ad --at ${to}`)).toBe(0);
  expect(recovery.tables()).toEqual({
    generations: { samba: { number: 2, recovery: { from: 1, to: '2025-11-22 10:00:00+00' } } },
  });
  expect(recovery.stdout).toContain(`  reads  s3://${bucket}/samba/ad-1, to 2025-11-22 10:00:00+00\n`);
  expect(recovery.stdout).toContain(`  writes s3://${bucket}/samba/ad-2\n`);
  expect(recovery.stdout).toContain('(the whole procedure: docs/runbooks/directory-recovery.md)');
});

test.each([`ad --at ${to}`, 'ad --at latest'])('its page has each command that "%s" prints', async (args) => {
  const printed = (await recovery.steps(args)).flatMap(({ commands }) => commands);
  expect(printed.length).toBeGreaterThan(10);
  expect(printed.filter((command) => !lines.has(command))).toEqual([]);
});

test('its page has the lines that the log is said to have, and they are those of the scripts', async () => {
  const [watch] = (await recovery.steps('ad --at latest')).filter((step) => step.text.startsWith('Watch'));
  const logged = watch!.notes.filter((note) => note.startsWith('  ')).map((note) => note.trim());
  const folder = path.join(root, 'constructs/samba-dc/files');
  const scripts = ['backup/restore.sh', 'backup/unpack.py', 'dc/domain.py']
    .map((name) => fs.readFileSync(path.join(folder, name), 'utf8'))
    .join();
  expect(logged).toHaveLength(3);
  for (const line of logged) {
    expect(page).toContain(line.split(bucket)[0]);
    const words = line.replace(/^directory: /, '').split(/ ?\.\.\.,? ?|s3:/);
    expect(words.filter((part) => part !== '' && !part.startsWith('//') && !scripts.includes(part))).toEqual([]);
  }
});

test('a second attempt is told with the options of its kind', async () => {
  const [step] = (await recovery.steps(`ad --at ${to}`)).filter((each) => each.text.startsWith('If it waits'));
  expect(step!.notes).toContain('  npm run recover -- ad --from 1 --at TIME');
});

test('a later one reads the folder of the generation in use', async () => {
  recovery.commit(text(generations({ number: 2, recovery: { from: 1 } }, 'samba')));
  await recovery.run('ad --at latest --dry-run');
  expect(recovery.stdout).toContain(`reads  s3://${bucket}/samba/ad-2, to the newest`);
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
