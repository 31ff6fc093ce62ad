import { frontend } from '../../../apps/frontend.ts';
import type { Cluster } from '../../cluster/handle.ts';
import { getJson, kubectl } from '../../cluster/kubectl.ts';
import { applicationOf, isDegradedSince, isSyncedAndHealthy, refresh } from '../../components/argocd/applications.ts';
import { membersOf } from '../../components/postgres/members.ts';
import { askOf, webOf } from '../../components/web.ts';
import type { Web } from '../../components/web.ts';
import { Releases } from '../../delivery/releases.ts';
import { publishImage } from '../../images/publish.ts';
import { applicationImage } from '../../images/recipes/platform.ts';
import { seconds } from '../../instruments/figures.ts';
import { noneFailed, Recorder } from '../../instruments/recorder.ts';
import { withCleanUp } from '../../machine/clean-up.ts';
import { waitFor } from '../../machine/wait-for.ts';
import type { DrillCheck } from '../../results/index.ts';
import type { Area, Outcome } from '../area.ts';
import {
  addDatabase,
  changeDatabase,
  databaseNamespace,
  databaseSelector,
  databaseStandIn,
  removeDatabase,
} from '../gitops/database.ts';
import type { PlatformGround } from '../ground.ts';
import { changedByMistakes, fixReplicas, isStuck, mistakes, published, shortenDeadlines } from './mistakes.ts';
import type { Mistake } from './mistakes.ts';
import { readyAfter } from './order.ts';
import type { Timed } from './order.ts';
import { ReplicasWatch } from './replicas.ts';

/** Whom the clients ask. */
const clients = ['backend', 'frontend'] as const;

/** How many pods the frontend has without an autoscaler: more than its least. */
const fixed = 3;

export const area: Area<'platform'> = {
  purpose: 'releases what works and what does not, under clients',
  promises: {
    'gitops-update':
      'one good release of database and backend that also leaves the replicas of the frontend to an autoscaler, and four ' +
      'mistakes, each mended by the next release without a hand: a tag that was never pushed, PostgreSQL without an image ' +
      'and without its configuration, a backend that never becomes ready; while two clients ask backend and frontend ten ' +
      'times a second',
  },
  needs: 'platform',
  takesSamples: true,
  minutes: 15,
  programs: [],
  about: ['constructs/app-of-apps', 'scripts/release', 'prove/components/argocd', 'prove/delivery/releases.ts'],
  run: updates,
};

/**
 * Releases while clients ask all the time: a good one of database and backend, and mistakes, each taken back by the release
 * after it, which brings the next one; the last by a release of what was before.
 */
async function updates(platform: PlatformGround): Promise<Outcome> {
  const { cluster, environment, clone, report, web } = platform;
  const { good, next, neverReady } = published;
  for (const version of [good, next]) await publishImage(cluster, await web.image('backend', version));
  await publishImage(cluster, await applicationImage(environment, 'backend', neverReady));
  const releases = await Releases.of(cluster, clone);
  const recorders: Recorder[] = [];
  const undo = [
    () => report('everything as before'),
    () => Promise.all(recorders.map((recorder) => recorder.remove())),
    async () => {
      await releases.undo();
      await refresh(cluster);
      await releases.applied(platform.applications);
    },
    () => removeDatabase(cluster),
  ];
  return withCleanUp(undo, async () => {
    for (const kind of clients) {
      const asked = webOf(platform.platform, kind);
      recorders.push(await Recorder.start(cluster, { ...askOf(asked, web.paths[kind]), name: `asks-${asked.name}` }));
    }
    return await new Updates(platform, releases, recorders).run();
  });
}

class Updates {
  private readonly platform: PlatformGround;
  private readonly releases: Releases;
  private readonly recorders: readonly Recorder[];
  private readonly checks: DrillCheck[] = [];
  private readonly figures: Record<string, number> = {};

  constructor(platform: PlatformGround, releases: Releases, recorders: readonly Recorder[]) {
    this.platform = platform;
    this.releases = releases;
    this.recorders = recorders;
  }

  async run(): Promise<Outcome> {
    const { clone, signal } = this.platform;
    const members = membersOf(this.platform);
    // Earlier rounds have left tags.
    await this.releases.pin();
    await this.applied();
    const before = await clone.git(['rev-parse', 'HEAD']);
    await this.release('a database, deadlines of a minute, a frontend without autoscaler', () => {
      addDatabase(clone);
      shortenDeadlines(clone);
      fixReplicas(clone, fixed);
    });
    await this.applied();
    await this.inOrder(before);
    const good = await clone.git(['rev-parse', 'HEAD']);
    const { image } = members.container('postgres');
    let former: (Mistake & { readonly from: number }) | undefined;
    for (const mistake of mistakes) former = await this.mistaken(mistake, good, former);
    await this.restored('what was before', good);
    await this.applied();
    this.healed(former);
    const { standby } = await members.whole(signal, 300);
    const found = await imageOf(this.platform.cluster, 'pod', { name: standby, namespace: members.namespace });
    this.checks.push({
      what: 'the image of the standby at the end',
      expected: image.tag,
      got: found.split(':').at(-1) ?? '',
    });
    const seen = await Promise.all(this.recorders.map((recorder) => recorder.requests()));
    this.checks.push(...clients.map((name, index) => noneFailed(name, seen[index] ?? [])));
    const requests = seen.flat();
    return {
      'gitops-update': {
        figures: { failed: requests.filter(({ ok }) => !ok).length, asked: requests.length, ...this.figures },
        units: {
          failed: 'requests',
          asked: 'requests',
          ...Object.fromEntries(Object.keys(this.figures).map((name) => [name, name.includes('least') ? 'pods' : 's'])),
        },
        checks: this.checks,
        standIns: [databaseStandIn, 'deadlines of a minute for PostgreSQL and the backend, which have three and four'],
      },
    };
  }

  /**
   * A release that changes database and backend: the second waits for the first. It also has an autoscaler for the frontend
   * again, which begins with the replicas that there are.
   */
  private async inOrder(before: string): Promise<void> {
    const { clone, cluster, platform } = this.platform;
    const backend = webOf(platform, 'backend');
    const released = Date.now();
    const watch = new ReplicasWatch(cluster, webOf(platform, 'frontend'));
    const undo = [
      async () => {
        this.figures['least replicas of the frontend'] = await watch.stop();
      },
    ];
    await withCleanUp(undo, async () => {
      await clone.git(['restore', `--source=${before}`, '--', `apps/${frontend.name}.ts`]);
      await this.release('database, backend and an autoscaler', () => {
        changeDatabase(clone, '2');
        clone.setImage('backend', published.good);
      });
      await this.applied();
    });
    this.checks.push({
      what: 'the least replicas of the frontend while an autoscaler takes them over',
      expected: String(fixed),
      got: String(this.figures['least replicas of the frontend']),
    });
    const { items } = await getJson<{ readonly items: readonly Timed[] }>(cluster, [
      ...['pods', `--namespace=${databaseNamespace(cluster)}`, `--selector=${databaseSelector}`],
    ]);
    const ready = readyAfter(released, items);
    const migrations = await getJson<Timed>(cluster, [
      'job',
      `${backend.name}-migrations`,
      `--namespace=${backend.namespace}`,
    ]);
    const margin = (Date.parse(migrations.metadata.creationTimestamp) - ready) / 1000;
    this.figures['from the database ready to the backend changed'] = Math.max(0, margin);
    this.checks.push({
      what: 'the new database is ready before anything of the new backend is applied',
      expected: 'yes',
      got: margin >= 0 ? 'yes' : `no: ${-margin} s after`,
    });
  }

  /**
   * A release that can't work: Argo CD says so, and what runs goes on.
   * @param good the commit with everything as it should be
   * @param former the mistake that this release mends
   */
  private async mistaken(
    mistake: Mistake,
    good: string,
    former: (Mistake & { readonly from: number }) | undefined,
  ): Promise<Mistake & { readonly from: number }> {
    const { cluster, platform, signal, report } = this.platform;
    const { what, application } = mistake;
    const backend = webOf(platform, 'backend');
    const runs = await imageOf(cluster, 'deployment', backend);
    const start = performance.now();
    await this.restored(what, good, mistake);
    const released = { tag: await this.releases.tag(), moment: Date.now() };
    if (former !== undefined && former.application !== application) {
      const { application: mended } = former;
      await waitFor(`${mended} to be mended`, { atMost: 300, every: 1000, signal }, async () =>
        isSyncedAndHealthy(await applicationOf(cluster, mended)),
      );
      this.healed(former);
    }
    await waitFor(`${application} to be stuck`, { atMost: 420, every: 1000, signal }, async () =>
      isStuck(released, await applicationOf(cluster, application)),
    );
    await waitFor('the root to be Degraded', { atMost: 300, every: 1000, signal }, async () =>
      isDegradedSince(released.moment, await applicationOf(cluster, 'root')),
    );
    this.figures[`until Degraded: ${what}`] = seconds(performance.now() - start);
    if (application !== backend.application) {
      this.checks.push({
        what: `${what}: the backend's image`,
        expected: runs,
        got: await imageOf(cluster, 'deployment', backend),
      });
    }
    report(`${what}: Degraded`);
    return { ...mistake, from: performance.now() };
  }

  private healed(former: (Mistake & { readonly from: number }) | undefined): void {
    if (former === undefined) return;
    this.figures[`until healed: ${former.what}`] = seconds(performance.now() - former.from);
  }

  /** Releases what is good, with a mistake in it. */
  private async restored(message: string, good: string, { change, tagged }: Partial<Mistake> = {}): Promise<void> {
    const { clone } = this.platform;
    await clone.git(['restore', `--source=${good}`, '--staged', '--worktree', '--', ...changedByMistakes]);
    await this.release(message, () => change?.(clone), { tagged });
  }

  private async release(message: string, change: () => void, options?: { readonly tagged?: boolean }): Promise<void> {
    this.platform.report(`release: ${message}`);
    await this.releases.release(message, change, options);
  }

  private applied(): Promise<void> {
    const { clone, signal } = this.platform;
    return this.releases.applied(clone.applications(), signal);
  }
}

/** What the first container of an object's pods, or of a pod, is to run now. */
function imageOf(
  cluster: Cluster,
  kind: 'deployment' | 'pod',
  { name, namespace }: Pick<Web, 'name' | 'namespace'>,
): Promise<string> {
  const spec = kind === 'pod' ? 'spec' : 'spec.template.spec';
  const format = `--output=jsonpath={.${spec}.containers[0].image}`;
  return kubectl(cluster, ['get', kind, name, `--namespace=${namespace}`, format]);
}
