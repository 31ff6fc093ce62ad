import process from 'node:process';
import { InputError } from '../../constructs/core/error.ts';
import { script } from '../../constructs/samba-dc/index.ts';
import type { SambaDC } from '../../constructs/samba-dc/index.ts';
import { parseArguments } from '../../synth/arguments.ts';
import { runCommand, UsageError } from '../../synth/command.ts';
import type { Output } from '../../synth/command.ts';
import type { Ended } from '../release/child-process.ts';

export interface WhoisContext {
  readonly directoriesOf: (environment: string) => readonly SambaDC[];
  readonly kubectl: (args: readonly string[]) => Promise<Ended>;
}

const help = `npm run whois -- USER [GROUP] [OPTION...]

Why somebody can't sign in, as the running directory knows it: disabled, locked, ended, a password that is too old or has to be
changed, no key for AES, not in the group. It asks by kubectl and its current context, changes nothing, and takes no password.

  --environment NAME  the environment of config/environments  [production]
  --help              this text

It ends with 0 where nothing keeps the user from signing in, and with 1 where something does.
`;

/** @returns the exit code: 0 nothing was found, 1 a reason was, or it can't be asked, 2 called wrongly */
export function whoisCommand(
  { directoriesOf, kubectl }: WhoisContext,
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
      const asked = ['-n', namespace, 'exec', `${scope}-0`, '--', 'python3', '-B', script('whois.py'), ...positionals];
      const { code, stdout, stderr } = await kubectl(asked);
      if (stdout !== '') {
        output.stdout.write(stdout);
        return code;
      }
      throw new InputError({
        where: `kubectl ${asked.join(' ')}`,
        what: `it ended with ${code}: ${stderr.trim()}`,
        allowed: "a cluster that answers by kubectl's current context, and the directory running in it",
        remedy: 'choose the context (kubectl config use-context NAME), see that the pod runs, and run this again',
      });
    },
    output,
    'nothing was asked',
  );
}
