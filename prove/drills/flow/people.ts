import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { DirectoryServer } from '../../components/directory/server.ts';
import type { Person } from '../directory/sign-in.ts';

const program = fs.readFileSync(path.join(import.meta.dirname, 'files', 'token.py'), 'utf8');

/** Whose members may change prices, as the sample has it; made from the platform's data. */
const group = 'shop-editors';

/** Each with a lot of its own. */
export const roles = ['editor', 'reader', 'locked', 'expired'] as const;

export type People = Readonly<Record<(typeof roles)[number], Person>>;

const nameOf = (role: string): string => `flow-${role}`;

/** Makes them in the directory, in place of those of a run that was cut off. */
export async function makePeople(server: DirectoryServer): Promise<People> {
  await removePeople(server);
  const made = roles.map((role) => ({
    name: nameOf(role),
    password: `Aa1-${crypto.randomBytes(12).toString('hex')}`,
  }));
  for (const { name, password } of made) {
    // By standard input: arguments are in the list of processes.
    await server.script(`read -r password; samba-tool user create ${name} "$password"`, password);
  }
  await server.run(['samba-tool', 'group', 'addmembers', group, nameOf('editor')]);
  await server.run(['samba-tool', 'user', 'setexpiry', nameOf('expired'), '--days=0']);
  return Object.fromEntries(roles.map((role, index) => [role, made[index]])) as unknown as People;
}

export async function removePeople(server: DirectoryServer): Promise<void> {
  for (const role of roles) await server.tryRun(['samba-tool', 'user', 'delete', nameOf(role)]);
}

/** A ticket for a host, good for once. */
export async function ticketOf(server: DirectoryServer, { name, password }: Person, host: string): Promise<string> {
  return (await server.run(['python3', '-c', program, name, host], `${password}\n`)).trim();
}
