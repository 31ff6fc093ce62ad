import type { Cluster } from '../../cluster/handle.ts';
import { getJson, kubectl } from '../../cluster/kubectl.ts';
import { applicationOf, refresh } from '../../components/argocd/applications.ts';
import { askOf, webOf } from '../../components/web.ts';
import type { Web } from '../../components/web.ts';
import { Releases } from '../../delivery/releases.ts';
import { publishImage } from '../../images/publish.ts';
import { applicationImage } from '../../images/recipes/platform.ts';
import { seconds } from '../../instruments/figures.ts';
import { noneFailed, Recorder } from '../../instruments/recorder.ts';
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
import { readyAfter } from './order.ts';
import type { Timed } from './order.ts';

/** Versions of the stand-in applications that are published; the second never becomes ready. */
const published = { good: '0.2.0', neverReady: '0.3.0-never-ready' } as const;

/** Whom the clients ask. */
const clients = ['backend', 'frontend'] as const;

/** A version that nobody published. */
const missing = '9.9.9';

export const area: Area<'platform'> = {
  purpose: 'releases what works and what does not, under clients',
  promises: {
    'gitops-update':
      'one good release of database and backend, and three broken ones that are taken back, ' +
      'while two clients ask backend and frontend ten times a second',
  },
  needs: 'platform',
  minutes: 14,
  programs: [],
  about: ['constructs/app-of-apps', 'scripts/release', 'prove/components/argocd', 'prove/delivery/releases.ts'],
  run: updates,
};

/**
 * Releases while clients ask all the time: a good one of database and backend, and three broken ones, each taken back as
 * a person would, by a release of what was before.
 */
async function updates(platform: PlatformGround): Promise<Outcome> {
  const { cluster, environment, clone, report } = platform;
  for (const version of Object.values(published)) {
    await publishImage(cluster, await applicationImage(environment, 'backend', version));
  }
  const releases = await Releases.of(cluster, clone);
  const recorders: Recorder[] = [];
  try {
    for (const kind of clients) {
      const web = webOf(platform.platform, kind);
      recorders.push(await Recorder.start(cluster, { ...askOf(web), name: `asks-${web.name}` }));
    }
    return await new Updates(platform, releases, recorders).run();
  } finally {
    report('everything as before');
    for (const recorder of recorders) await recorder.remove();
    await releases.undo();
    await refresh(cluster);
    await releases.applied(platform.applications);
    await removeDatabase(cluster);
  }
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
    const { clone } = this.platform;
    // Earlier rounds have left tags.
    await this.releases.pin();
    await this.applied();
    await this.release('a database', () => addDatabase(clone));
    await this.applied();
    await this.inOrder();
    await this.broken('a database whose image is missing, with a new backend', 'drill-database', () => {
      clone.setImage('drill-database', missing);
      changeDatabase(clone, '3');
    });
    await this.broken('a backend that never becomes ready', 'backend', () =>
      clone.setImage('backend', published.neverReady),
    );
    await this.broken('a frontend whose image is missing', 'frontend', () => clone.setImage('frontend', missing));
    const seen = await Promise.all(this.recorders.map((recorder) => recorder.requests()));
    this.checks.push(...clients.map((name, index) => noneFailed(name, seen[index] ?? [])));
    const requests = seen.flat();
    return {
      'gitops-update': {
        figures: { failed: requests.filter(({ ok }) => !ok).length, asked: requests.length, ...this.figures },
        units: {
          failed: 'requests',
          asked: 'requests',
          ...Object.fromEntries(Object.keys(this.figures).map((name) => [name, 's'])),
        },
        checks: this.checks,
        standIns: [databaseStandIn],
      },
    };
  }

  /** A release that changes database and backend: the second waits for the first. */
  private async inOrder(): Promise<void> {
    const { clone, cluster, platform } = this.platform;
    const backend = webOf(platform, 'backend');
    const released = Date.now();
    await this.release('database and backend', () => {
      changeDatabase(clone, '2');
      clone.setImage('backend', published.good);
    });
    await this.applied();
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

  /** A release that can't work: Argo CD says so, what runs goes on, and a release of what was before heals it. */
  private async broken(what: string, application: string, change: () => void): Promise<void> {
    const { clone, cluster, platform, signal, report } = this.platform;
    const backend = webOf(platform, 'backend');
    const before = await clone.git(['rev-parse', 'HEAD']);
    const runs = await imageOf(cluster, backend);
    const start = performance.now();
    await this.release(what, change);
    await waitFor(`${application} to be Degraded`, { atMost: 420, every: 1000, signal }, async () => {
      const { status } = await applicationOf(cluster, application);
      return status?.health?.status === 'Degraded';
    });
    this.figures[`until Degraded: ${what}`] = seconds(performance.now() - start);
    await waitFor('the root to be Degraded', { atMost: 60, every: 1000, signal }, async () => {
      const { status } = await applicationOf(cluster, 'root');
      return status?.health?.status === 'Degraded';
    });
    if (application !== 'backend') {
      this.checks.push({
        what: `${what}: the backend's image`,
        expected: runs,
        got: await imageOf(cluster, backend),
      });
    }
    report(`${what}: Degraded; taking it back`);
    const back = performance.now();
    await clone.git(['restore', `--source=${before}`, '--staged', '--worktree', '--', 'apps', 'config/images.json']);
    await this.release(`Take back: ${what}`, () => undefined);
    await this.applied();
    this.figures[`until healed: ${what}`] = seconds(performance.now() - back);
  }

  private async release(message: string, change: () => void): Promise<void> {
    this.platform.report(`release: ${message}`);
    await this.releases.release(message, change);
  }

  private applied(): Promise<void> {
    const { clone, signal } = this.platform;
    return this.releases.applied(clone.applications(), signal);
  }
}

/** What a Deployment of the product asks for now. */
function imageOf(cluster: Cluster, { name, namespace }: Web): Promise<string> {
  const format = '--output=jsonpath={.spec.template.spec.containers[0].image}';
  return kubectl(cluster, ['get', 'deployment', name, `--namespace=${namespace}`, format]);
}
