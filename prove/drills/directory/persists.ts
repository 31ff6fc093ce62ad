import { kubectl } from '../../cluster/kubectl.ts';
import type { DirectoryServer } from '../../components/directory/server.ts';
import { seconds } from '../../instruments/figures.ts';
import { withCleanUp } from '../../machine/clean-up.ts';
import { waitFor } from '../../machine/wait-for.ts';
import type { DrillCheck, Part } from '../../results/index.ts';
import type { PlatformGround } from '../ground.ts';
import type { BackendClient, Person } from './sign-in.ts';

/** What has to be as it was. */
export interface Known {
  readonly sid: string;
  readonly users: readonly string[];
}

export async function asBefore(server: DirectoryServer, known: Known, after: string): Promise<readonly DrillCheck[]> {
  return [
    { what: `the SID after ${after}`, expected: known.sid, got: await server.sid() },
    { what: `the users after ${after}`, expected: known.users.join(', '), got: (await server.users()).join(', ') },
  ];
}

/** Restarts, and whatever may be lost of the volume: it is the same domain, or it refuses. */
export async function survives(
  { report, signal }: Pick<PlatformGround, 'report' | 'signal'>,
  server: DirectoryServer,
): Promise<Part> {
  const known = { sid: await server.sid(), users: await server.users() };
  const volume = await server.volume();
  const checks: DrillCheck[] = [];
  const restart = await server.restart(signal);
  report(`its pod deleted: ready again after ${restart} s, as ${known.sid}`);
  checks.push(...(await asBefore(server, known, 'its pod was deleted')));

  await server.onVolume(volume, 'rm domain/domain.json');
  await server.restart(signal);
  checks.push(...(await asBefore(server, known, 'its marker was removed')), {
    what: 'what it says of the marker',
    expected: 'its marker is gone',
    got: /its marker is gone/.exec(await server.log())?.[0] ?? 'nothing',
  });

  await server.onVolume(volume, 'rm -r etc');
  await server.restart(signal);
  checks.push(...(await asBefore(server, known, 'the folder of its configuration was lost')));

  const losses = [
    { what: 'the folder of its database is lost', lose: 'mv lib lost+found/lib', back: 'mv lost+found/lib lib' },
    {
      what: 'that folder and the marker are lost',
      lose: 'mv lib domain lost+found/',
      back: 'rm -rf domain && mv lost+found/lib lost+found/domain .',
    },
    {
      what: 'a domain was begun and never finished',
      lose: 'mv domain/domain.json lost+found/ && date > domain/begun',
      back: 'rm domain/begun && mv lost+found/domain.json domain/',
    },
  ];
  await server.onVolume(volume, 'mkdir -p lost+found');
  for (const { what, lose, back } of losses) {
    const said = await withCleanUp([() => server.onVolume(volume, back)], async () => {
      await server.onVolume(volume, lose);
      await server.remove();
      return refusal(server, signal);
    });
    report(`${what}: ${said}`);
    const begun = await server.onVolume(volume, 'ls lib/private | grep -c sam.ldb$').catch(() => '0');
    checks.push(
      { what: `where ${what}`, expected: 'refuses to start', got: /refuses to start/.exec(said)?.[0] ?? said },
      { what: `databases where ${what}, once it is back`, expected: '1', got: begun.trim() },
    );
    await server.remove();
    await server.ready(signal);
    checks.push(...(await asBefore(server, known, what)));
  }
  await server.onVolume(volume, 'rmdir lost+found');
  return { figures: { 'until it is ready after its pod was deleted': restart }, checks };
}

/** Waits until it says why it does not start. */
function refusal(server: DirectoryServer, signal: AbortSignal): Promise<string> {
  return waitFor(
    'the directory to refuse',
    { atMost: 120, every: 1000, signal },
    async () => /^directory: (refuses to start: .*)$/m.exec(await server.log())?.[1],
  );
}

/** The certificate's Secret deleted, so that it is made anew, while people sign in. */
export async function renews(
  { cluster, report, signal }: PlatformGround,
  server: DirectoryServer,
  client: BackendClient,
  person: Person,
): Promise<Part> {
  const restarts = await server.restarts();
  const secret = `${server.directory.life.scope}-tls`;
  const start = performance.now();
  const serials = (lines: readonly string[]): string[] => [
    ...new Set(lines.flatMap((line) => line.split(' ')[1] ?? [])),
  ];
  const user = `${person.name}@${server.directory.names.zone}`;
  const before = serials(await client.signIn(user, person.password));
  await kubectl(cluster, ['delete', 'secret', secret, `--namespace=${server.namespace}`]);
  const lines: string[] = [];
  // The kubelet looks for new Secrets about once a minute.
  await waitFor('another certificate', { atMost: 240, signal }, async () => {
    lines.push(...(await client.signIn(user, person.password, 5)));
    return serials(lines).some((serial) => !before.includes(serial));
  });
  const took = seconds(performance.now() - start);
  const failed = lines.filter((line) => !line.startsWith('0 '));
  report(`another certificate after ${took} s, ${lines.length} sign-ins meanwhile, ${failed.length} of them failed`);
  return {
    figures: { 'until a renewed certificate is served': took, 'sign-ins while it was renewed': lines.length },
    checks: [
      { what: 'sign-ins that failed while the certificate was renewed', expected: '0', got: String(failed.length) },
      { what: 'restarts for it', expected: '0', got: String((await server.restarts()) - restarts) },
    ],
  };
}
