import { kubectl, tryKubectl } from '../../cluster/kubectl.ts';
import { applicationsOf, compareAgain, isSyncedAndHealthy, waitForSync } from '../../components/argocd/applications.ts';
import { waitFor } from '../../machine/wait-for.ts';
import type { DrillCheck } from '../../results/index.ts';
import type { Area, Outcome } from '../area.ts';
import type { PlatformGround } from '../ground.ts';
import { driftsOf, lastingDriftsOf } from './drifts.ts';
import type { Drift } from './drifts.ts';

export const area: Area<'platform'> = {
  purpose: 'changes and deletes by hand what Argo CD brings back',
  promises: { 'gitops-heal': 'objects and applications are edited, scaled and deleted by hand' },
  needs: 'platform',
  minutes: 5,
  programs: [],
  about: ['constructs/app-of-apps', 'prove/components/argocd'],
  run: heal,
};

/** Somebody changes the cluster by hand; Argo CD brings back what is committed. */
async function heal(platform: PlatformGround): Promise<Outcome> {
  const { applications, cluster, report, signal } = platform;
  const figures: Record<string, number> = {};
  for (const drift of driftsOf(platform.platform)) {
    const seconds = await healed(platform, drift);
    figures[drift.what] = seconds;
    report(`${drift.what}: ${seconds} s`);
  }
  await waitForSync(cluster, applications, { atMost: 300, signal });
  const checks = [await checkAllSynced(platform)];
  for (const { what, make, question, expected, undo } of lastingDriftsOf(platform.platform)) {
    await kubectl(cluster, make);
    await compareAgain(cluster, { atMost: 120, signal });
    const { stdout } = await tryKubectl(cluster, question);
    checks.push({ what: `${what}, which Argo CD does not correct`, expected, got: stdout.trim() });
    await kubectl(cluster, undo);
  }
  return {
    'gitops-heal': {
      figures: { healed: Math.max(...Object.values(figures)), ...figures },
      units: { healed: 's', ...Object.fromEntries(Object.keys(figures).map((name) => [name, 's'])) },
      checks,
    },
  };
}

/** Makes the drift. @returns seconds until the cluster's answer is the one from before, measured to a quarter */
async function healed({ cluster, signal }: PlatformGround, { what, make, question }: Drift): Promise<number> {
  const ask = async (): Promise<string> => {
    const { status, stdout } = await tryKubectl(cluster, question);
    return `${status} ${stdout.trim()}`;
  };
  const before = await ask();
  const start = performance.now();
  await kubectl(cluster, make, { timeout: 300 });
  const afterwards = await ask();
  if (afterwards !== before) {
    await waitFor(
      `${what}: Argo CD to bring back "${before}" in place of "${afterwards}"`,
      { atMost: 300, every: 250, signal },
      async () => (await ask()) === before,
    );
  }
  return Math.round((performance.now() - start) / 250) / 4;
}

async function checkAllSynced({ cluster }: PlatformGround): Promise<DrillCheck> {
  const open = (await applicationsOf(cluster)).filter((each) => !isSyncedAndHealthy(each));
  const got = open.map(({ metadata }) => metadata.name).join(', ') || 'none';
  return { what: 'applications that are not Synced and Healthy after all of it', expected: 'none', got };
}
