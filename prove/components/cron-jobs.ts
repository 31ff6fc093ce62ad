import { setTimeout as delay } from 'node:timers/promises';
import type { Manifest } from '../../constructs/core/manifest.ts';
import type { Cluster } from '../cluster/handle.ts';
import { apply, getJson, kubectl, tryKubectl } from '../cluster/kubectl.ts';
import { withCleanUp } from '../machine/clean-up.ts';
import { ProvingError } from '../machine/error.ts';
import { waitFor } from '../machine/wait-for.ts';

/** Where a CronJob is: a store is such a place, with its own jobs. */
interface Place {
  readonly cluster: Cluster;
  readonly namespace: string;
}

interface CronJob {
  readonly spec: { readonly jobTemplate: { readonly spec: JobSpec } };
}

interface JobSpec {
  readonly template: {
    readonly spec: { readonly containers: readonly Container[]; readonly volumes?: readonly object[] };
  };
}

interface Container {
  readonly command: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly volumeMounts?: readonly object[];
}

/** How a job of a drill is other than its CronJob would make it. */
export interface JobChanges {
  /** Further arguments. @default none */
  readonly args?: readonly string[];
  /** Variables that differ. @default none */
  readonly env?: Readonly<Record<string, string>>;
  /** A further Secret, below /run/secrets. @default none */
  readonly secret?: string;
  /** Seconds it may take. @default 300 */
  readonly atMost?: number;
}

/** How a job ended, and what it said. */
export interface JobEnd {
  readonly outcome: 'Complete' | 'Failed';
  readonly log: string;
}

/** Runs the job of a CronJob now, and waits for its end. @returns its log. @throws ProvingError where it fails */
export async function runCronJob(
  place: Place,
  cronJob: string,
  id: string,
  { signal, ...changes }: JobChanges & { readonly signal: AbortSignal },
): Promise<string> {
  const { outcome, log } = await runJob(place, cronJob, id, changes, signal);
  if (outcome !== 'Complete') throw new ProvingError(`the job of ${cronJob} failed:\n${log.slice(-2000)}`);
  return log;
}

/** The same, where it may fail. */
export async function runJob(
  place: Place,
  cronJob: string,
  id: string,
  changes: JobChanges,
  signal: AbortSignal,
): Promise<JobEnd> {
  const { cluster, namespace } = place;
  const name = `drill-${id}`;
  await kubectl(cluster, ['delete', 'job', name, `--namespace=${namespace}`, '--ignore-not-found', '--wait']);
  await apply(cluster, [await jobOf(place, cronJob, name, changes)]);
  const undo = [() => kubectl(cluster, ['delete', 'job', name, `--namespace=${namespace}`, '--ignore-not-found'])];
  return withCleanUp(undo, async () => {
    const outcome = await finished(place, name, changes.atMost ?? 300, signal);
    const log = await kubectl(cluster, ['logs', `job/${name}`, `--namespace=${namespace}`]);
    return { outcome, log };
  });
}

async function jobOf(
  { cluster, namespace }: Place,
  cronJob: string,
  name: string,
  { args = [], env = {}, secret }: JobChanges,
): Promise<Manifest> {
  const { spec } = await getJson<CronJob>(cluster, ['cronjob', cronJob, `--namespace=${namespace}`]);
  const job = spec.jobTemplate.spec;
  const volumes =
    secret === undefined ? [] : [{ name: 'drill-secret', secret: { secretName: secret, defaultMode: 0o440 } }];
  const mounts = volumes.map(({ name: volume }) => ({
    name: volume,
    mountPath: `/run/secrets/${secret ?? ''}`,
    readOnly: true,
  }));
  const containers = job.template.spec.containers.map((container) => ({
    ...container,
    volumeMounts: [...(container.volumeMounts ?? []), ...mounts],
    command: [...container.command, ...args],
    env: [
      ...(container.env ?? []).filter((variable) => !(variable.name in env)),
      ...Object.entries(env).map(([key, value]) => ({ name: key, value })),
    ],
  }));
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, namespace },
    spec: {
      ...job,
      backoffLimit: 0,
      template: {
        ...job.template,
        spec: { ...job.template.spec, containers, volumes: [...(job.template.spec.volumes ?? []), ...volumes] },
      },
    },
  };
}

async function finished(
  { cluster, namespace }: Place,
  job: string,
  atMost: number,
  signal: AbortSignal,
): Promise<JobEnd['outcome']> {
  const format = '--output=jsonpath={.status.conditions[?(@.status=="True")].type}';
  const outcome = await waitFor(`the end of the job ${job}`, { atMost, every: 1000, signal }, async () => {
    const { stdout } = await tryKubectl(cluster, ['get', 'job', job, `--namespace=${namespace}`, format]);
    return (['Complete', 'Failed'] as const).find((each) => stdout.split(' ').includes(each));
  });
  // The last lines of the log are there a moment later.
  await delay(500);
  return outcome;
}
