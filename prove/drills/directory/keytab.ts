import fs from 'node:fs';
import path from 'node:path';
import type { DirectoryServer } from '../../components/directory/server.ts';
import { ProvingError } from '../../machine/error.ts';
import type { Person } from './sign-in.ts';

function principalOf(server: DirectoryServer): string {
  const [principal] = server.directory.directory('backend').keytab?.principals ?? [];
  if (principal === undefined) throw new ProvingError('the backend takes no tickets');
  return principal;
}

/** Of the backend's principal, in base64. */
export async function keytabOf(server: DirectoryServer): Promise<string> {
  const script = `samba-tool domain exportkeytab /tmp/drill.keytab --principal=${principalOf(server)} >/dev/null && base64 -w 0 /tmp/drill.keytab; rm -f /tmp/drill.keytab`;
  return (await server.run(['bash', '-c', script])).trim();
}

/** Whether a keytab opens the ticket that a person gets now. @returns `yes`, or what was said instead */
export async function opensTicket(server: DirectoryServer, keytab: string, person: Person): Promise<string> {
  const program = fs.readFileSync(path.join(import.meta.dirname, 'files', 'old-keytab.sh'), 'utf8');
  const { realm } = server.directory.directory('backend');
  const printed = await server.run(
    ['bash', '-c', program, 'old-keytab', realm, person.name, principalOf(server)],
    `${person.password}\n${keytab}\n`,
  );
  return /^opened: (.*)$/m.exec(printed)?.[1] ?? printed.trim();
}
