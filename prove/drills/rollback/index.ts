import { setTimeout as delay } from 'node:timers/promises';
import { kubectl } from '../../cluster/kubectl.ts';
import { ArgoApi } from '../../components/argocd/api.ts';
import { applicationOf, argocdNamespace } from '../../components/argocd/applications.ts';
import { askOf, webOf } from '../../components/web.ts';
import { imageVersion, Releases } from '../../delivery/releases.ts';
import { publishImage } from '../../images/publish.ts';
import { applicationImage } from '../../images/recipes/platform.ts';
import { Recorder } from '../../instruments/recorder.ts';
import type { RecordedRequest } from '../../instruments/recorder.ts';
import { withCleanUp } from '../../machine/clean-up.ts';
import { ProvingError } from '../../machine/error.ts';
import { waitFor } from '../../machine/wait-for.ts';
import type { DrillCheck } from '../../results/index.ts';
import type { Area, Outcome } from '../area.ts';
import type { PlatformGround } from '../ground.ts';
import { Developer, forgetSwitch } from './developer.ts';

const application = 'backend';
/** Of the backend: one that people don't want. */
const mistake = '0.2.0';
/** Of the frontend. */
const next = '0.2.0';

export const area: Area<'platform'> = {
  purpose: 'rolls a release back as a developer, and lets nothing undo it',
  promises: {
    'gitops-rollback':
      'a release of the backend is rolled back by a developer through the API as the web interface does it; ' +
      'reconciliations, another release, and the way back',
  },
  needs: 'platform',
  minutes: 6,
  programs: [],
  about: ['constructs/app-of-apps', 'scripts/release', 'prove/components/argocd', 'prove/delivery/releases.ts'],
  run: rollback,
};

/**
 * A release turns out to be a mistake; a developer rolls the backend back, and it stays so over reconciliations and the
 * next release, until the mistake is out of git and the developer switches automatic synchronisation on again.
 */
async function rollback(platform: PlatformGround): Promise<Outcome> {
  const { cluster, environment, clone, applications, report } = platform;
  await publishImage(cluster, await applicationImage(environment, 'backend', mistake));
  await publishImage(cluster, await applicationImage(environment, 'frontend', next));
  const releases = await Releases.of(cluster, clone);
  const undo = [
    // Also after an interruption: nothing else brings an application back whose synchronisation is switched off.
    () => report('everything as before'),
    () => forgetSwitch(cluster, application),
    async () => {
      await releases.undo();
      await releases.applied(applications);
    },
  ];
  return withCleanUp(undo, async () => {
    await releases.pin();
    return await withClients(platform, releases);
  });
}

async function withClients(platform: PlatformGround, releases: Releases): Promise<Outcome> {
  const { cluster } = platform;
  const api = await ArgoApi.connect(cluster);
  return withCleanUp([() => api.close()], async () => {
    const recorder = await Recorder.start(cluster, {
      ...askOf(webOf(platform.platform, application), platform.web.paths[application]),
      name: 'rollback',
    });
    return withCleanUp([() => recorder.remove()], () => new RollbackDrill(platform, api, recorder, releases).run());
  });
}

class RollbackDrill {
  private readonly platform: PlatformGround;
  private readonly recorder: Recorder;
  private readonly releases: Releases;
  private readonly developer: Developer;
  private readonly checks: DrillCheck[] = [];

  constructor(platform: PlatformGround, api: ArgoApi, recorder: Recorder, releases: Releases) {
    this.platform = platform;
    this.recorder = recorder;
    this.releases = releases;
    this.developer = new Developer(api);
  }

  async run(): Promise<Outcome> {
    const { cluster, report, applications, signal } = this.platform;
    const good = await this.releases.versionAt('HEAD', application);
    await this.releases.applied(applications, signal);
    const start = new Date();

    report(`release ${mistake} of the ${application}`);
    await this.releases.release('A mistake', (clone) => clone.setImage(application, mistake));
    await this.releases.applied(applications, signal);
    await this.answers(mistake);

    report('a developer rolls back');
    const live = await this.rollBack(good);
    report(`${good} alone answers after ${live} s; three reconciliations`);
    let held = 0;
    for (const kind of ['hard', 'normal', 'normal'] as const) held += await this.reconciled(good, kind);

    report('the next release meanwhile');
    const before = (await applicationOf(cluster, application)).status?.reconciledAt;
    await this.releases.release('The next release', (clone) => clone.setImage('frontend', next));
    await this.releases.applied(
      applications.filter((name) => name !== application),
      signal,
    );
    await this.reconciledSince(before);
    held += await this.isHeld(good, 'the next release');
    const { spec, status } = await applicationOf(cluster, application);
    const state = [spec.source?.targetRevision, status?.sync?.status, status?.health?.status].join(' ');
    this.check(
      'the backend is told of the next release',
      `refs/tags/${await this.releases.tag()} OutOfSync Healthy`,
      state,
    );
    this.check('the frontend got the next release', next, await this.runningVersion('frontend'));

    report('the mistake is taken out of git, and the developer switches on again');
    await this.releases.release('Revert the mistake', (clone) => clone.setImage(application, good));
    const on = await this.developer.switchAutoSync(application, true);
    this.check('a developer switches automatic synchronisation on', '200', String(on.status));
    await this.releases.applied(applications, signal);
    await this.answers(good);
    const failed = (await this.recorder.requests(start)).filter(({ ok }) => !ok);
    for (const { at, text } of failed.slice(0, 5)) report(`failed: ${at.toISOString()} ${text}`);
    this.check('requests to the backend that failed from the first release on', '0', String(failed.length));
    return this.measured({ held, live });
  }

  /** As the web interface does it. @returns seconds until the version from before is the only one that answers */
  private async rollBack(good: string): Promise<number> {
    const { cluster } = this.platform;
    const early = await this.developer.rollBack(application, 0);
    this.check('a rollback while automatic synchronisation is on', '400', String(early.status));
    const off = await this.developer.switchAutoSync(application, false);
    this.check('a developer switches automatic synchronisation off', '200', String(off.status));
    const id = await this.historyOf(good);
    const start = new Date();
    const { status, body } = await this.developer.rollBack(application, id);
    this.check('a developer rolls back', '200', String(status));
    if (status !== 200) throw new ProvingError(`rollback: ${status} ${JSON.stringify(body)}`);
    await this.answers(good);
    const { name, namespace } = webOf(this.platform.platform, application);
    await kubectl(cluster, ['rollout', 'status', `deployment/${name}`, `--namespace=${namespace}`, '--timeout=180s'], {
      timeout: 200,
    });
    const others = (await this.recorder.requests(start)).filter((each) => versionOf(each) !== good);
    const last = others.at(-1)?.at ?? start;
    return Math.round((last.getTime() - start.getTime()) / 100) / 10;
  }

  /** The newest entry of the history with a version, as a person would choose it. */
  private async historyOf(version: string): Promise<number> {
    const { status } = await this.developer.read(application);
    for (const { id, revision = '' } of [...(status?.history ?? [])].reverse()) {
      if ((await this.releases.versionAt(revision, application)) === version) return id;
    }
    throw new ProvingError(`the history of ${application} has no ${version}`);
  }

  /** Lets Argo CD compare the backend with git. @returns 1 where it stays rolled back */
  private async reconciled(good: string, kind: 'hard' | 'normal'): Promise<number> {
    // The time of a reconciliation is known to the second.
    await delay(1100);
    const { status } = await applicationOf(this.platform.cluster, application);
    const refreshing = ['annotate', 'applications.argoproj.io', application, `--namespace=${argocdNamespace}`];
    await kubectl(this.platform.cluster, [...refreshing, '--overwrite', `argocd.argoproj.io/refresh=${kind}`]);
    await this.reconciledSince(status?.reconciledAt);
    return this.isHeld(good, `a ${kind} refresh`);
  }

  private async reconciledSince(before: string | undefined): Promise<void> {
    const { cluster, signal } = this.platform;
    await waitFor('a reconciliation of the backend', { atMost: 300, every: 500, signal }, async () => {
      const { status } = await applicationOf(cluster, application);
      return status?.reconciledAt !== before;
    });
  }

  private async isHeld(good: string, after: string): Promise<number> {
    // Long enough for a sync to begin and its pods to answer.
    const since = new Date();
    await delay(10_000);
    const { spec } = await applicationOf(this.platform.cluster, application);
    const answered = [...new Set((await this.recorder.requests(since)).map(versionOf))].join(' ');
    const automated = spec.syncPolicy?.automated?.enabled === false ? 'off' : 'on';
    const got = `${await this.runningVersion(application)}, answers ${answered}, automatic synchronisation ${automated}`;
    const expected = `${good}, answers ${good}, automatic synchronisation off`;
    this.check(`after ${after}`, expected, got);
    return got === expected ? 1 : 0;
  }

  /** Waits until one version gives all answers. */
  private async answers(version: string): Promise<void> {
    const { signal } = this.platform;
    await waitFor(`${version} to answer alone`, { atMost: 300, every: 1000, signal }, async () => {
      const last = (await this.recorder.requests()).slice(-50);
      return last.length === 50 && last.every((each) => versionOf(each) === version);
    });
  }

  /** What an application's Deployment runs. */
  private async runningVersion(kind: 'backend' | 'frontend'): Promise<string> {
    const { name, namespace } = webOf(this.platform.platform, kind);
    const image = '--output=jsonpath={.spec.template.spec.containers[0].image}';
    const printed = await kubectl(this.platform.cluster, [
      'get',
      'deployment',
      name,
      `--namespace=${namespace}`,
      image,
    ]);
    return imageVersion(`image: ${printed}`) ?? printed;
  }

  private check(what: string, expected: string, got: string): void {
    this.checks.push({ what, expected, got });
  }

  private measured(figures: { readonly held: number; readonly live: number }): Outcome {
    return {
      'gitops-rollback': {
        figures,
        units: { held: 'reconciliations', live: 's' },
        checks: this.checks,
        standIns: ["no single sign-on: the developer's group stands in a token signed with Argo CD's own key"],
      },
    };
  }
}

/** The version that answered; nothing where none did. */
export function versionOf({ text }: Pick<RecordedRequest, 'text'>): string {
  return /"version":"([^"]+)"/.exec(text)?.[1] ?? '';
}
