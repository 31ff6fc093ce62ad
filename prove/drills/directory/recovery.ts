import { backupName } from '../../../constructs/samba-dc/index.ts';
import { kubectl } from '../../cluster/kubectl.ts';
import { confirmingPruning, endSync } from '../../components/argocd/pruning.ts';
import { backUp, backupsOf, changed, momentOf, wrongBucket, wrongBucketSaid } from '../../components/backups.ts';
import type { Stored } from '../../components/backups.ts';
import { runJob } from '../../components/cron-jobs.ts';
import { directoryOf } from '../../components/directory/server.ts';
import type { DirectoryServer } from '../../components/directory/server.ts';
import type { Releases } from '../../delivery/releases.ts';
import { seconds } from '../../instruments/figures.ts';
import { withCleanUp } from '../../machine/clean-up.ts';
import { ProvingError } from '../../machine/error.ts';
import { waitFor } from '../../machine/wait-for.ts';
import type { DrillCheck, Part } from '../../results/index.ts';
import { loseObjects, truncateObject } from '../../stand-ins/object-storage/index.ts';
import type { PlatformGround } from '../ground.ts';
import { keytabOf, opensTicket } from './keytab.ts';
import type { Person } from './sign-in.ts';

/** What has to be as it was when the backup was made. */
interface Known {
  readonly sid: string;
  readonly users: readonly string[];
  readonly keytab: string;
  readonly good: Stored;
  /** Of somebody who was made after the backup, and is lost. */
  readonly lateSid: string;
}

/** Backed up, its volume wiped, and recovered by the documented command and a release: the same domain, or a refusal. */
export async function recovers(ground: PlatformGround, releases: Releases, person: Person): Promise<Part> {
  const first = directoryOf(ground);
  const backup = await backedUp(ground, first, person);
  const { known } = backup;
  const empty = await wiped(ground, first);
  const before = backupsOf(first);
  const putBack = truncateObject(ground.cluster, first.archive.store, known.good.key);
  const refused = await withCleanUp([putBack], () => refusedAtFirst(ground, releases, momentOf(known.good)));
  const mended = performance.now();
  const second = directoryOf(ground);
  await second.ready(ground.signal);
  const back = seconds(performance.now() - mended);
  ground.report(`${second.pod} is ready ${back} s after the backup was whole again`);
  const same = await asItWas(second, known, person);
  return {
    figures: { backup: backup.seconds, 'from a whole backup until it serves': back },
    checks: [
      ...backup.checks,
      ...empty,
      ...refused,
      { what: 'backups that the refusals changed', expected: 'none', got: changed(before, backupsOf(first)) },
      ...same,
    ],
  };
}

async function backedUp(ground: PlatformGround, server: DirectoryServer, person: Person) {
  const { report, signal } = ground;
  const sid = await server.sid();
  const users = await server.users();
  const keytab = await keytabOf(server);
  const start = performance.now();
  const good = await backUp(server, 'directory-good', signal);
  const took = seconds(performance.now() - start);
  report(`${good.key}: ${good.size} bytes in ${took} s, of ${sid}`);
  const late = `${person.name}-late`;
  const lateSid = await makeAccount(server, late, person.password);
  const before = backupsOf(server);
  const wrong = await runJob(
    server,
    backupName(server.directory.life.scope),
    'directory-wrong-bucket',
    { env: { STORE_BUCKET: wrongBucket } },
    signal,
  );
  const known: Known = { sid, users, keytab, good, lateSid };
  return {
    known,
    seconds: took,
    checks: [
      { what: 'a backup to a wrong bucket', expected: 'Failed', got: wrong.outcome },
      {
        what: 'what it says, in one line',
        expected: wrongBucketSaid,
        got: /^.*: (there is no bucket \S+)$/.exec(wrong.log.trim())?.[1] ?? wrong.log.trim(),
      },
      { what: 'backups that it changed', expected: 'none', got: changed(before, backupsOf(server)) },
    ],
  };
}

/** An empty volume in place of the one with the domain: nothing is begun on it. */
async function wiped(ground: PlatformGround, server: DirectoryServer): Promise<readonly DrillCheck[]> {
  const { cluster, report, signal } = ground;
  await deleteVolume(server);
  await server.remove();
  const said = await waits(server, signal);
  report(`${server.pod} on an empty volume: ${said}`);
  const volume = await server.volume();
  const begun = await server.onVolume(volume, 'ls -d lib etc domain 2>/dev/null || true');
  const ready = await kubectl(cluster, [
    ...['get', 'pod', server.pod, `--namespace=${server.namespace}`],
    '--output=jsonpath={.status.conditions[?(@.type=="Ready")].status}',
  ]);
  return [
    {
      what: 'what it says on a volume that is empty although there are backups',
      expected: 'the volume is empty, and there are backups',
      got: /^the volume is empty, and \S+ .* has \d+ backups of this domain/.test(said)
        ? 'the volume is empty, and there are backups'
        : said,
    },
    { what: 'what it begins there', expected: 'nothing', got: begun.trim() || 'nothing' },
    { what: 'whether it is ready', expected: 'False', got: ready },
  ];
}

/** The command and its release, while the backup is no whole one. */
async function refusedAtFirst(ground: PlatformGround, releases: Releases, moment: string): Promise<DrillCheck[]> {
  const { clone, report, signal } = ground;
  const printed = await clone.npm('recover', ['ad', '--at', moment]);
  report(printed.split('\n')[0] ?? '');
  await releases.release(`Recover the directory to ${moment}`, () => undefined);
  const second = directoryOf(ground);
  const said = await waits(second, signal);
  report(`${second.pod} waits: ${said}`);
  const script = `mkdir -p /tmp/drill && VOLUME=/tmp/drill STORE_BUCKET=${wrongBucket} timeout 20 /opt/directory/restore.sh; true`;
  const wrong = /: (there is no bucket [^:\s]+)/.exec(await second.run(['bash', '-c', script]))?.[1];
  const begun = await second.run(['bash', '-c', 'ls -d /data/lib /data/etc /data/domain 2>/dev/null || true']);
  return [
    {
      what: 'what it says of a backup that was cut short',
      expected: 'is not what was backed up',
      got: /is not what was backed up/.exec(said)?.[0] ?? said,
    },
    { what: 'what it says of a wrong bucket', expected: wrongBucketSaid, got: wrong ?? 'nothing' },
    { what: 'what it begins with instead', expected: 'nothing', got: begun.trim() || 'nothing' },
  ];
}

async function asItWas(server: DirectoryServer, known: Known, person: Person): Promise<readonly DrillCheck[]> {
  const users = await server.users();
  const opened = await opensTicket(server, known.keytab, person);
  const later = await makeAccount(server, `${person.name}-later`, person.password);
  const number = (sid: string): number => Number(sid.split('-').at(-1));
  return [
    { what: 'the SID after the recovery', expected: known.sid, got: await server.sid() },
    { what: 'the users after the recovery', expected: known.users.join(', '), got: users.join(', ') },
    { what: 'a keytab of before opens a ticket of after', expected: 'yes', got: opened },
    {
      what: 'whether an account made after the recovery has a number that nobody had',
      expected: 'yes',
      got: number(later) > number(known.lateSid) ? 'yes' : `${later}, where ${known.lateSid} was lost`,
    },
  ];
}

/** What it waits for that begins nothing, as its log says. */
function waits(server: DirectoryServer, signal: AbortSignal): Promise<string> {
  return waitFor(
    `${server.pod} to say why it waits`,
    { atMost: 300, every: 1000, signal },
    async () => /^directory: waits: (.*): docs\/runbooks\/directory-recovery\.md$/m.exec(await server.log())?.[1],
  );
}

/** @returns its SID */
async function makeAccount(server: DirectoryServer, name: string, password: string): Promise<string> {
  const make = `read -r password; samba-tool user create ${name} "$password" >/dev/null; samba-tool user show ${name}`;
  const shown = await server.script(make, password);
  const sid = /^objectSid: (\S+)$/m.exec(shown)?.[1];
  if (sid === undefined) throw new ProvingError(`${name} has no SID: ${shown}`);
  return sid;
}

/** Its claim, and what of its jobs that are done still names it. */
async function deleteVolume(server: DirectoryServer): Promise<void> {
  const { scope } = server.directory.life;
  const where = [`--namespace=${server.namespace}`, '--ignore-not-found', '--wait=false'];
  await kubectl(server.cluster, [
    'delete',
    'pods',
    `--selector=app.kubernetes.io/instance=${backupName(scope)}`,
    ...where,
  ]);
  await kubectl(server.cluster, ['delete', 'pvc', `data-${server.pod}`, ...where]);
}

/** Lets Argo CD remove the directory that was lost, and removes its volume. */
export async function removeFormer(ground: PlatformGround, releases: Releases, former: DirectoryServer): Promise<void> {
  const { applications, signal } = ground;
  await confirmingPruning(ground, former.directory.workload.application, () => releases.applied(applications, signal));
  await deleteVolume(former);
}

/** The first life again, which begins a domain, whatever a drill that failed has left: so its backups go too. */
export async function backToFirst(ground: PlatformGround, releases: Releases, first: DirectoryServer): Promise<void> {
  const { cluster, applications } = ground;
  const last = directoryOf(ground);
  const { application } = last.directory.workload;
  // A sync that waits keeps the next one out.
  for (const name of [application, 'root']) await endSync(cluster, name);
  loseObjects(cluster, first.archive.store, first.archive.folder);
  await releases.undo();
  await confirmingPruning(ground, application, () => releases.applied(applications));
  if (last.pod !== first.pod) await deleteVolume(last);
}
