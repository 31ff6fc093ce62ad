import fs from 'node:fs';
import path from 'node:path';
import { kinds } from '../../scripts/recover/kinds.ts';
import { root } from '../support/committed.ts';
import { bucket, generations, Recovery, text } from './recovery.ts';

const page = fs.readFileSync(path.join(root, kinds.redis.runbook), 'utf8');
const lines = new Set(page.split('\n').map((line) => line.trim()));
const to = '2025-11-22T10:00:00Z';

let recovery: Recovery;
beforeEach(() => {
  recovery = new Recovery();
});
afterEach(() => {
  recovery.repository.remove();
});

test('a recovery writes the next generation of Redis, and leaves PostgreSQL as it is', async () => {
  expect(await recovery.run(`redis --at ${to}`)).toBe(0);
  expect(recovery.tables()).toEqual({
    generations: { redis: { number: 2, recovery: { from: 1, to: '2025-11-22 10:00:00+00' } } },
  });
  expect(recovery.stdout).toContain(`  reads  s3://${bucket}/redis/redis-1, to 2025-11-22 10:00:00+00\n`);
  expect(recovery.stdout).toContain(`  writes s3://${bucket}/redis/redis-2\n`);
  expect(recovery.stdout).toContain('(the whole procedure: docs/runbooks/redis-recovery.md)');
});

test.each([`redis --at ${to}`, 'redis --at latest'])('its page has each command that "%s" prints', async (args) => {
  const printed = (await recovery.steps(args)).flatMap(({ commands }) => commands);
  expect(printed.length).toBeGreaterThan(10);
  expect(printed.filter((command) => !lines.has(command))).toEqual([]);
});

test('its page has the lines that the log is said to have, and they are those of the scripts', async () => {
  const [watch] = (await recovery.steps('redis --at latest')).filter((step) => step.text.startsWith('Watch'));
  const logged = watch!.notes.filter((note) => note.startsWith('  ')).map((note) => note.trim());
  const folder = path.join(root, 'constructs/redis-sentinel/files/member');
  const scripts = ['start.sh', 'restore.sh'].map((name) => fs.readFileSync(path.join(folder, name), 'utf8')).join();
  expect(logged).toHaveLength(4);
  for (const line of logged) {
    expect(page).toContain(line.split(bucket)[0]);
    const words = line.replace(/^\S+: /, '').split(/ ?\.\.\. ?| primary: | s3:/);
    expect(words.filter((part) => part !== '' && !/^\/\/|^data|^was/.test(part) && !scripts.includes(part))).toEqual(
      [],
    );
  }
});

test('a later one reads the folder of the generation in use, unless another one is named', async () => {
  recovery.commit(text(generations({ number: 2, recovery: { from: 1 } }, 'redis')));
  await recovery.run('redis --at latest --dry-run');
  expect(recovery.stdout).toContain(`reads  s3://${bucket}/redis/redis-2, to the newest`);
  await recovery.run('redis --at latest --from 1 --dry-run');
  expect(recovery.stdout).toContain(`reads  s3://${bucket}/redis/redis-1, to the newest`);
});

test('a second attempt is told with the options of its kind', async () => {
  const [step] = (await recovery.steps(`redis --at ${to}`)).filter((each) => each.text.startsWith('If it waits'));
  expect(step!.notes).toContain('  npm run recover -- redis --from 1 --at TIME');
});
