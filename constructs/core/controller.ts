import type { IObjectMeta } from '@kubernetes-models/apimachinery/apis/meta/v1/ObjectMeta';
import type { Duration } from 'cdk8s';
import type { IDaemonSet } from 'kubernetes-models/apps/v1/DaemonSet';
import type { IDeployment } from 'kubernetes-models/apps/v1/Deployment';
import type { IStatefulSet } from 'kubernetes-models/apps/v1/StatefulSet';
import type { ICronJob } from 'kubernetes-models/batch/v1/CronJob';
import type { IJob } from 'kubernetes-models/batch/v1/Job';
import type { IPersistentVolumeClaim } from 'kubernetes-models/v1/PersistentVolumeClaim';
import type { IPodTemplateSpec } from 'kubernetes-models/v1/PodTemplateSpec';
import type { Autoscaling } from './availability.ts';
import type { RollingUpdate } from './rolling-update.ts';
import type { Schedule } from './schedule.ts';

/** What makes the pods of a workload. */
export type Controller =
  | {
      readonly kind: 'Deployment';
      /** A number, or bounds between which an autoscaler decides. */
      readonly replicas: number | Autoscaling;
      /**
       * Seconds that a new pod has to stay ready before a rolling update takes the next one.
       * @default 0
       */
      readonly minReadySeconds?: number;
      /**
       * How many pods more there are while an update replaces them; with 0 the old one goes first, and is missing meanwhile.
       * @default 1, or 0 where every node has one that shares none
       */
      readonly maxSurge?: 0;
    }
  | {
      readonly kind: 'StatefulSet';
      readonly replicas: number;
      /** The headless Service that names the pods. Immutable after creation. */
      readonly serviceName: string;
      /** Immutable after creation. */
      readonly volumeClaims: readonly IPersistentVolumeClaim[];
      /**
       * Seconds that a new pod has to stay ready before a rolling update takes the next one.
       * @default 0
       */
      readonly minReadySeconds?: number;
    }
  | { readonly kind: 'DaemonSet' }
  | {
      readonly kind: 'Job';
      /** Attempts after the first; the pause between them doubles from 10 seconds. */
      readonly retries: number;
      readonly deadline: Duration;
    }
  | {
      readonly kind: 'CronJob';
      /** One that still runs is never joined by a second. */
      readonly schedule: Schedule;
      readonly retries: number;
      readonly deadline: Duration;
    };

export type ControllerManifest = IDeployment | IStatefulSet | IDaemonSet | IJob | ICronJob;

export interface ControllerParts {
  readonly metadata: IObjectMeta;
  readonly selector: { readonly matchLabels: Record<string, string> };
  readonly template: IPodTemplateSpec;
  /** Of a Deployment. */
  readonly rollingUpdate: RollingUpdate;
  /** Of a Deployment, and of a StatefulSet. */
  readonly progressDeadlineSeconds: number;
}

/** On a StatefulSet, which has no such field: its health script in constructs/app-of-apps/files/ reads it. */
export const progressDeadlineAnnotation = 'diptych/progress-deadline-seconds';

/** Seconds after its time in which a CronJob may still be started: a server that restarts misses none. */
const startingDeadlineSeconds = 3600;

export function controllerManifest(controller: Controller, parts: ControllerParts): ControllerManifest {
  const { metadata, selector, template } = parts;
  switch (controller.kind) {
    case 'Deployment':
      return {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata,
        spec: {
          // With an autoscaler it is where a new Deployment begins; afterwards Argo CD applies what there is. Never left
          // out: who gives the field up leaves it to the API server, whose default is one pod, until the autoscaler acts.
          replicas: typeof controller.replicas === 'number' ? controller.replicas : controller.replicas.minimum,
          revisionHistoryLimit: 3,
          ...(controller.minReadySeconds ? { minReadySeconds: controller.minReadySeconds } : {}),
          progressDeadlineSeconds: parts.progressDeadlineSeconds,
          selector,
          strategy: { type: 'RollingUpdate', rollingUpdate: parts.rollingUpdate },
          template,
        },
      };
    case 'StatefulSet':
      return {
        apiVersion: 'apps/v1',
        kind: 'StatefulSet',
        metadata: {
          ...metadata,
          annotations: {
            ...metadata.annotations,
            [progressDeadlineAnnotation]: String(parts.progressDeadlineSeconds),
          },
        },
        spec: {
          replicas: controller.replicas,
          revisionHistoryLimit: 3,
          serviceName: controller.serviceName,
          ...(controller.minReadySeconds ? { minReadySeconds: controller.minReadySeconds } : {}),
          // In order, one whose new pod never gets ready would stay so under the release that mends it, until somebody
          // deletes the pod.
          podManagementPolicy: 'Parallel',
          selector,
          template,
          volumeClaimTemplates: [...controller.volumeClaims],
        },
      };
    case 'DaemonSet':
      return {
        apiVersion: 'apps/v1',
        kind: 'DaemonSet',
        metadata,
        spec: { revisionHistoryLimit: 3, selector, template },
      };
    case 'Job':
      return { apiVersion: 'batch/v1', kind: 'Job', metadata, spec: jobSpec(controller, template) };
    case 'CronJob':
      return {
        apiVersion: 'batch/v1',
        kind: 'CronJob',
        metadata,
        spec: {
          schedule: controller.schedule.text,
          timeZone: 'Etc/UTC',
          concurrencyPolicy: 'Forbid',
          startingDeadlineSeconds,
          successfulJobsHistoryLimit: 1,
          failedJobsHistoryLimit: 3,
          jobTemplate: { spec: jobSpec(controller, template) },
        },
      };
  }
}

function jobSpec(
  { retries, deadline }: { readonly retries: number; readonly deadline: Duration },
  template: IPodTemplateSpec,
): NonNullable<IJob['spec']> {
  return {
    backoffLimit: retries,
    activeDeadlineSeconds: deadline.toSeconds(),
    // Never two at once: one that is told to stop goes on until it is gone, and migrates or backs up meanwhile.
    podReplacementPolicy: 'Failed',
    template,
  };
}
