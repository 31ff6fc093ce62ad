import { buildPlatform } from '../../apps/platform.ts';
import { SambaDC } from '../../constructs/samba-dc/index.ts';
import { whoisCommand } from '../../scripts/whois/command.ts';

async function called(
  args: readonly string[],
  ended: { code: number; stdout?: string; stderr?: string } = { code: 0 },
  clock: readonly [asked: string, answered: string] = ['2026-12-01T10:00:00Z', '2026-12-01T10:00:03Z'],
) {
  const times = [...clock];
  const asked: string[] = [];
  let [stdout, stderr] = ['', ''];
  const context = {
    directoriesOf: (environment: string) =>
      environment === 'production' ? buildPlatform(environment).all(SambaDC) : [],
    kubectl: (line: readonly string[]) => {
      asked.push(line.join(' '));
      return Promise.resolve({ stdout: '', stderr: '', ...ended });
    },
    now: () => new Date(times.shift()!),
  };
  const code = await whoisCommand(context, args, {
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: (text) => (stderr += text) },
  });
  return { code, stdout, stderr, asked };
}

test('asks the directory of the environment in its own pod, and hands its answer and its code on', async () => {
  const { code, stdout, asked } = await called(['anna', 'shop-editors'], { code: 1, stdout: 'anna: it is locked\n' });
  expect([code, stdout]).toEqual([1, 'anna: it is locked\n']);
  expect(asked).toEqual(['-n identity exec samba-0 -c samba -- python3 -B /opt/directory/whois.py anna shop-editors']);
});

test.each([
  ['right', '2026-12-01T10:00:00Z', '2026-12-01T10:00:09Z', 0, ''],
  ['four minutes ahead', '2026-12-01T10:04:01Z', '2026-12-01T10:04:09Z', 0, ''],
  ['ahead', '2026-12-01T10:10:01Z', '2026-12-01T10:10:09Z', 1, "10 minutes ahead of the directory's"],
  ['behind', '2026-12-01T09:49:00Z', '2026-12-01T09:49:09Z', 1, "10 minutes behind the directory's"],
  // Who waited for an answer for ten minutes has no clock that is off.
  ['right, and slow', '2026-12-01T09:54:00Z', '2026-12-01T10:04:00Z', 0, ''],
])('a clock that is %s', async (_, asked, answered, expected, said) => {
  const stdout = 'anna: nothing here keeps it\nthe clock here says 2026-12-01T10:00:01Z; Kerberos takes no ticket\n';
  const ended = await called(['anna'], { code: 0, stdout }, [asked, answered]);
  expect([ended.code, ended.stdout.includes('the clock of this computer')]).toEqual([expected, said !== '']);
  expect(ended.stdout).toContain(said);
});

test('a directory that can not be asked is told apart from a reason', async () => {
  const log = 'E1130 23:34:46.785652   25281 memcache.go:265] "Unhandled Error" err="connection refused"\n';
  const { code, stderr } = await called(['anna'], { code: 1, stderr: `${log}pods "samba-0" not found\n` });
  expect(code).toBe(1);
  expect(stderr).toContain('it ended with 1: pods "samba-0" not found');
});

test('an environment without a directory is refused', async () => {
  const { code, stderr, asked } = await called(['anna', '--environment', 'none']);
  expect([code, asked]).toEqual([1, []]);
  expect(stderr).toContain('it has no directory');
});

test.each([
  [[], 'whom? name a user'],
  [['anna', 'shop-editors', 'more'], '"more" is too much'],
])('called as %j it says how it is called, and asks nobody', async (args, message) => {
  const { code, stderr, asked } = await called(args);
  expect([code, asked]).toEqual([2, []]);
  expect(stderr).toContain(message);
});

test('tells how it is used', async () => {
  expect((await called(['--help'])).stdout).toContain('npm run whois -- USER');
});
