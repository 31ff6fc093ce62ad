import { spawnSync } from 'node:child_process';
import process from 'node:process';

/** What `__main__.py --json` prints for each test. */
interface Ran {
  readonly suite: string;
  readonly test: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  readonly detail: string;
}

// The agent, the jobs and the member's scripts are tested in Python, by one process; this shows each of its tests. No
// Python that a version manager has to look for first.
const { stdout, stderr, error } = spawnSync('python3', ['-W', 'error', import.meta.dirname, '--json'], {
  encoding: 'utf8',
  env: { ...process.env, PATH: `/usr/bin:/bin:${process.env.PATH ?? ''}` },
});
// Nothing at all was written where there is no Python to start.
const ran = (error === undefined ? stdout : '')
  .split('\n')
  .filter((line) => line.startsWith('{"suite": '))
  .map((line) => JSON.parse(line) as Ran);

test('the tests in Python ran to their end', () => {
  expect(error).toBeUndefined();
  // With --json it writes nothing else, and ends with 1 where a test failed.
  expect(stderr).toBe('');
  expect(ran.length).toBeGreaterThan(200);
});

describe.each([...new Set(ran.map(({ suite }) => suite))])('%s', (suite) => {
  for (const { test: name, outcome, detail } of ran.filter((each) => each.suite === suite)) {
    (outcome === 'skipped' ? test.skip : test)(name, () => {
      if (outcome === 'failed') throw Object.assign(new Error(detail), { stack: detail });
    });
  }
});
