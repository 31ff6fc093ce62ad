import { entry, makePair, Repository, temporaryFolder } from './fixture.ts';

const folder = temporaryFolder();
const pair = makePair(folder, 'sealing');
const cert = ['--cert', pair.cert];
const kept = entry('archive-key', { rotationDays: false });

test('a value that nothing may replace is never due, and --rotate refuses it', async () => {
  const repository = new Repository(kept);
  await repository.run(cert);
  const sealed = repository.secrets();
  const { out } = await repository.run(['--status', '--json'], { now: '2036-01-01' });
  expect(JSON.parse(out)).toMatchObject([{ state: 'sealed', rotationDays: null }]);
  const rotated = await repository.run([...cert, '--rotate', 'archive-key']);
  expect([rotated.code, rotated.err]).toEqual([1, expect.stringContaining('means archive-key, and what was written')]);
  expect(repository.secrets()).toEqual(sealed);
});
