import process from 'node:process';
import { InputError } from '../../constructs/core/error.ts';
import { script } from '../../constructs/samba-dc/index.ts';
import type { SambaDC } from '../../constructs/samba-dc/index.ts';
import { parseArguments } from '../../synth/arguments.ts';
import { runCommand, UsageError } from '../../synth/command.ts';
import type { Output } from '../../synth/command.ts';
import { saidByKubectl } from '../release/child-process.ts';
import type { Ended } from '../release/child-process.ts';

export interface WhoisContext {
  readonly directoriesOf: (environment: string) => readonly SambaDC[];
  readonly kubectl: (args: readonly string[]) => Promise<Ended>;
  /** What time it is on this computer. */
  readonly now: () => Date;
}

const help = `npm run whois -- USER [GROUP] [OPTION...]

Why somebody can't sign in, as the running directory knows it: disabled, locked, ended, a password that is too old or has to be
changed, hours or computers that it is held to, a smart card, Protected Users, no key for AES, not in the group; and what mends it. Of a clock that is off too, the directory's or this computer's. It asks by kubectl and its current context, changes nothing, and takes no password.

  --environment NAME  the environment of config/environments  [production]
  --help              this text

It ends with 0 where nothing keeps the user from signing in, and with 1 where something does.
`;

/** @returns the exit code: 0 nothing was found, 1 a reason was, or it can't be asked, 2 called wrongly */
export function whoisCommand(
  { directoriesOf, kubectl, now }: WhoisContext,
  args: readonly string[],
  output: Output = process,
): Promise<number> {
  return runCommand(
    help,
    async () => {
      const options = {
        environment: { type: 'string', default: 'production' },
        help: { type: 'boolean', default: false },
      } as const;
      const { values, positionals } = parseArguments({ args: [...args], options, allowPositionals: true });
      if (values.help) {
        output.stdout.write(help);
        return 0;
      }
      const [user, , tooMuch] = positionals;
      if (user === undefined) throw new UsageError('whom? name a user');
      if (tooMuch !== undefined) throw new UsageError(`a user and a group: "${tooMuch}" is too much`);
      const [directory] = directoriesOf(values.environment);
      if (directory === undefined) {
        throw new InputError({
          where: `npm run whois: ${values.environment}`,
          what: 'it has no directory',
          allowed: 'an environment with a SambaDC',
          remedy: 'name another one by --environment',
        });
      }
      const { namespace, scope } = directory.life;
      const pod = ['-n', namespace, 'exec', `${scope}-0`, '-c', 'samba', '--'];
      const asked = [...pod, 'python3', '-B', script('whois.py'), ...positionals];
      const began = now();
      const ended = await kubectl(asked);
      if (ended.stdout !== '') {
        const difference = clocksOf(ended.stdout, began, now());
        output.stdout.write(ended.stdout + difference);
        return difference === '' ? ended.code : 1;
      }
      throw new InputError({
        where: `kubectl ${asked.join(' ')}`,
        what: `it ended with ${ended.code}: ${saidByKubectl(ended)}`,
        allowed: "a cluster that answers by kubectl's current context, and the directory running in it",
        remedy: 'choose the context (kubectl config use-context NAME), see that the pod runs, and run this again',
      });
    },
    output,
    'nothing was asked',
  );
}

/** Minutes that Kerberos lets two clocks differ. */
const tolerated = 5;

/** What is wrong with the directory's clock or with this one's, which the question was asked and answered by; nothing where neither is. */
function clocksOf(said: string, asked: Date, answered: Date): string {
  const there = Date.parse(/the clock here says ([\dTZ:-]+)/.exec(said)?.[1] ?? '');
  const minutes = (milliseconds: number): number => Math.floor(milliseconds / 60_000);
  const [ahead, behind] = [minutes(asked.getTime() - there), minutes(there - answered.getTime())];
  const off = Math.max(ahead, behind);
  if (!(off >= tolerated)) return '';
  const which = ahead > behind ? 'ahead of' : 'behind';
  return `the clock of this computer is ${off} minutes ${which} the directory's: one of the two is wrong, and Kerberos refuses everybody there: docs/runbooks/node-clock.md\n`;
}
