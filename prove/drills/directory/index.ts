import crypto from 'node:crypto';
import { script } from '../../../constructs/samba-dc/index.ts';
import { directoryOf } from '../../components/directory/server.ts';
import type { DirectoryServer } from '../../components/directory/server.ts';
import { withCleanUp } from '../../machine/clean-up.ts';
import type { DrillCheck, Part } from '../../results/index.ts';
import type { Area, Outcome } from '../area.ts';
import type { PlatformGround } from '../ground.ts';
import { Releases } from '../../delivery/releases.ts';
import { administrator } from './administrator.ts';
import { changes } from './data.ts';
import { moves } from './moves.ts';
import { renews, survives } from './persists.ts';
import { backToFirst, recovers, removeFormer } from './recovery.ts';
import { kerberosHangs } from './silent.ts';
import { BackendClient, byKerberos, byLdaps, byNames, explained } from './sign-in.ts';
import type { Person } from './sign-in.ts';

export const area: Area<'platform'> = {
  purpose:
    'signs people in at the directory by LDAPS and by Kerberos, loses what its volume holds, and recovers it from a backup',
  promises: {
    'ad-auth':
      'a user made in the directory signs in by LDAPS from a pod of the backend with what the platform gives it, and gets a ' +
      "ticket for the backend that keys made of the backend's password open; a pod finds the directory by the names of its realm; " +
      'without TLS, with a wrong password, locked, disabled, with RC4, and with keys for RC4 alone refused; npm run whois says why, and ' +
      'that a clock is off; a policy, units, groups and accounts changed, moved and renamed by their data, and removed by name ' +
      "alone; Administrator's password given in the directory, kept by a restart, given again as the secret has it, and the former " +
      'one ended; Kerberos stopped alone, which its numbers tell',
    'ad-once':
      'the pod deleted, its marker removed, each folder of its volume lost, a domain that was begun and never finished: the same ' +
      'SID and users, or it refuses; its certificate renewed while people sign in; its volume carried to another node by what its ' +
      'runbook has somebody type: the same SID, users and keys',
    'ad-persist':
      'a backup by its job, and one to a wrong bucket; the volume wiped, on which nothing is begun; npm run recover to the moment ' +
      'of the backup, a release; that backup cut short at first, and a wrong bucket, each refused; then the same SID and users, a ' +
      'keytab of before opens a ticket of after, a person signs in by LDAPS, and no number of a lost account is given again',
  },
  needs: 'platform',
  minutes: 12,
  programs: [],
  about: [
    ...['constructs/cluster-dns', 'constructs/samba-dc', 'docs/runbooks/directory-move.md'],
    'constructs/stateful',
    'prove/components/backups.ts',
    'prove/components/cron-jobs.ts',
    'prove/components/directory',
    'scripts/recover',
    'scripts/whois',
  ],
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
    const signedIn = [
      ...(await byNames(client, server)),
      ...(await byLdaps(client, server, person)),
      ...(await byKerberos(client, server, person)),
      ...(await kerberosHangs(ground, server, client, person)),
    ];
    const privileges = await unprivileged(server);
    const renewed = await renews(ground, server, client, person);
    const survived = await survives(ground, server);
    const moved = await moves(ground, server, person);
    const again = [
      ...(await byNames(client, server)),
      ...(await byLdaps(client, server, person)),
      ...(await explained(client, server, person)),
      ...(await changes(server, client, person)),
      ...(await asItsData(server)),
      ...(await administrator(server, client, ground.signal)),
    ];
    const recovered = await recovery(ground, person);
    return {
      'ad-auth': { figures: {}, units: {}, checks: [...signedIn, ...again], standIns: [acceptor] },
      'ad-once': {
        figures: { ...renewed.figures, ...survived.figures, ...moved.figures },
        units: {
          'until a renewed certificate is served': 's',
          'sign-ins while it was renewed': 'sign-ins',
          'until it is ready after its pod was deleted': 's',
          'until it serves on another node': 's',
        },
        checks: [...privileges, ...renewed.checks, ...survived.checks, ...moved.checks],
      },
      'ad-persist': {
        figures: recovered.figures,
        units: { backup: 's', 'from a whole backup until it serves': 's' },
        checks: recovered.checks,
      },
    };
  });
}

/** Last of all: the domain that was begun here is gone afterwards, and another one is there. */
async function recovery(ground: PlatformGround, person: Person): Promise<Part> {
  const { applications, cluster, clone, signal } = ground;
  const releases = await Releases.of(cluster, clone);
  const first = directoryOf(ground);
  return withCleanUp([() => backToFirst(ground, releases, first)], async () => {
    await releases.pin();
    await releases.applied(applications, signal);
    await first.ready(signal);
    const { figures, checks } = await recovers(ground, releases, person);
    await removeFormer(ground, releases, first);
    const signedIn = await byLdaps(await BackendClient.of(ground), directoryOf(ground), person);
    return { figures, checks: [...checks, ...signedIn] };
  });
}

async function removePerson(server: DirectoryServer, { name }: Person): Promise<void> {
  await server.tryRun(['samba-tool', 'user', 'delete', name]);
}

/** Units, groups, accounts and the policy are brought about by the pod itself, and nothing of them is left to do. */
async function asItsData(server: DirectoryServer): Promise<readonly DrillCheck[]> {
  const { status, stdout } = await server.tryRun(['python3', '-B', script('reconcile.py'), '--check']);
  return [
    { what: 'what its data would still change', expected: 'nothing', got: status === 0 ? 'nothing' : stdout.trim() },
  ];
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
