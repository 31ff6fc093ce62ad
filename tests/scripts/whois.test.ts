import { buildPlatform } from '../../apps/platform.ts';
import { SambaDC } from '../../constructs/samba-dc/index.ts';
import { whoisCommand } from '../../scripts/whois/command.ts';

async function called(
  args: readonly string[],
  ended: { code: number; stdout?: string; stderr?: string } = { code: 0 },
) {
  const asked: string[] = [];
  let [stdout, stderr] = ['', ''];
  const context = {
    directoriesOf: (environment: string) =>
      environment === 'production' ? buildPlatform(environment).all(SambaDC) : [],
    kubectl: (line: readonly string[]) => {
      asked.push(line.join(' '));
      return Promise.resolve({ stdout: '', stderr: '', ...ended });
    },
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
  expect(asked).toEqual(['-n identity exec samba-0 -- python3 -B /opt/directory/whois.py anna shop-editors']);
});

test('a directory that can not be asked is told apart from a reason', async () => {
  const { code, stderr } = await called(['anna'], { code: 1, stderr: 'pods "samba-0" not found\n' });
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
