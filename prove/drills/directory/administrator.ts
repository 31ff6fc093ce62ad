import crypto from 'node:crypto';
import { script } from '../../../constructs/samba-dc/index.ts';
import type { DirectoryServer } from '../../components/directory/server.ts';
import type { DrillCheck } from '../../results/index.ts';
import { codeOf } from './sign-in.ts';
import type { BackendClient } from './sign-in.ts';

/**
 * Administrator's password: what somebody gave in the directory outlives a restart, and the runbook's command gives the secret's. The
 * one before is taken by LDAPS for an hour, as in Active Directory; the command run twice ends that.
 */
export async function administrator(
  server: DirectoryServer,
  client: BackendClient,
  signal: AbortSignal,
): Promise<readonly DrillCheck[]> {
  const user = `Administrator@${server.directory.names.zone}`;
  const signsIn = async (password: string): Promise<string> => codeOf(await client.signIn(user, password));
  const give = () => server.run(['python3', '-B', script('reconcile.py'), '--password', 'Administrator']);
  const ofSecret = (await server.script('cat "$ADMINISTRATOR_PASSWORD_FILE"')).trim();
  const other = `Aa1-${crypto.randomBytes(12).toString('hex')}`;
  const first = await signsIn(ofSecret);
  await server.script('read -r password; samba-tool user setpassword Administrator --newpassword="$password"', other);
  await server.restart(signal);
  const restarted = await signsIn(other);
  await give();
  const given = [await signsIn(ofSecret), await signsIn(other)];
  await give();
  const twice = [await signsIn(ofSecret), await signsIn(other)];
  return [
    { what: "Administrator, with the secret's password", expected: '0', got: first },
    { what: 'with one that somebody gave, after a restart', expected: '0', got: restarted },
    {
      what: "with the secret's, and that one, after reconcile.py --password",
      expected: '0, 0',
      got: given.join(', '),
    },
    { what: 'with the same two after it was run twice', expected: '0, 49', got: twice.join(', ') },
  ];
}
