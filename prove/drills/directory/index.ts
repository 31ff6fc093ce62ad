import crypto from 'node:crypto';
import { directoryOf } from '../../components/directory/server.ts';
import type { DirectoryServer } from '../../components/directory/server.ts';
import { withCleanUp } from '../../machine/clean-up.ts';
import type { DrillCheck } from '../../results/index.ts';
import type { Area, Outcome } from '../area.ts';
import type { PlatformGround } from '../ground.ts';
import { renews, survives } from './persists.ts';
import { BackendClient, byKerberos, byLdaps, explained } from './sign-in.ts';
import type { Person } from './sign-in.ts';

export const area: Area<'platform'> = {
  purpose: 'signs people in at the directory by LDAPS and by Kerberos, and loses what its volume holds',
  promises: {
    'ad-auth':
      'a user made in the directory signs in by LDAPS from a pod of the backend with what the platform gives it, and gets a ' +
      "ticket for the backend that keys made of the backend's password open; without TLS, with a wrong password, locked, disabled and with RC4 refused",
    'ad-once':
      'the pod deleted, its marker removed, each folder of its volume lost, a domain that was begun and never finished: the same ' +
      'SID and users, or it refuses; its certificate renewed while people sign in',
  },
  needs: 'platform',
  minutes: 8,
  programs: [],
  about: ['constructs/samba-dc', 'constructs/stateful/authority.ts', 'prove/components/directory'],
  run: directory,
};

/** The image that stands in for the backend takes no tickets. */
const acceptor = "the backend's side of Kerberos: MIT's kvno, with keys made of the backend's password";

async function directory(ground: PlatformGround): Promise<Outcome> {
  const server = directoryOf(ground);
  await server.ready(ground.signal);
  const person = { name: `drill-${ground.round.number}`, password: `Aa1-${crypto.randomBytes(12).toString('hex')}` };
  return withCleanUp([() => removePerson(server, person)], async () => {
    await removePerson(server, person);
    // By standard input: arguments are in the list of processes.
    await server.script(
      'read -r password; samba-tool user create "$NAME" "$password"'.replace('$NAME', person.name),
      person.password,
    );
    const client = await BackendClient.of(ground);
    const signedIn = [...(await byLdaps(client, server, person)), ...(await byKerberos(client, server, person))];
    const privileges = await unprivileged(server);
    const renewed = await renews(ground, server, client, person);
    const survived = await survives(ground, server);
    const again = [...(await byLdaps(client, server, person)), ...(await explained(client, server, person))];
    return {
      'ad-auth': { figures: {}, units: {}, checks: [...signedIn, ...again], standIns: [acceptor] },
      'ad-once': {
        figures: { ...renewed.figures, ...survived.figures },
        units: {
          'until a renewed certificate is served': 's',
          'sign-ins while it was renewed': 'sign-ins',
          'until it is ready after its pod was deleted': 's',
        },
        checks: [...privileges, ...renewed.checks, ...survived.checks],
      },
    };
  });
}

async function removePerson(server: DirectoryServer, { name }: Person): Promise<void> {
  await server.tryRun(['samba-tool', 'user', 'delete', name]);
}

/** What its server may do, as the kernel says, and who it is on the node: there is no user namespace. */
async function unprivileged(server: DirectoryServer): Promise<readonly DrillCheck[]> {
  const status = await server.run(['cat', '/proc/1/status']);
  const field = (name: string): string => new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(status)?.[1] ?? 'unknown';
  return [
    { what: "the server's user", expected: '10001', got: field('Uid') },
    { what: 'its capabilities', expected: '0000000000000000', got: field('CapEff') },
    { what: 'whether it may get more', expected: '1', got: field('NoNewPrivs') },
  ];
}
