import type { ApiObject } from 'cdk8s';
import { IntOrString, KubeHorizontalPodAutoscalerV2, KubePodDisruptionBudget } from './level1.ts';
import { InputError } from './error.ts';
import { kubeObject } from './kube-object.ts';
import type { Workload } from './workload.ts';

/** Bounds between which the horizontal autoscaler decides. */
export interface Autoscaling {
  readonly minimum: number;
  readonly maximum: number;
  /** Mean CPU use of the pods, in percent of their request, that it steers for. */
  readonly targetCpuPercent: number;
}

/** Seconds of calm before pods are taken away: longer than the gap between two bursts of ordinary traffic. */
const scaleDownStabilizationSeconds = 300;

/** @throws InputError when the bounds can't be met */
export function horizontalAutoscaler(
  workload: Workload,
  { minimum, maximum, targetCpuPercent }: Autoscaling,
): ApiObject {
  if (minimum < 1 || minimum > maximum) {
    throw new InputError({
      where: `workload ${workload.namespace}/${workload.name}`,
      what: `autoscaling between ${minimum} and ${maximum} replicas`,
      allowed: 'at least 1 replica, and no more at least than at most',
      remedy: 'set minReplicas and maxReplicas of its size in the configuration',
    });
  }
  return kubeObject(workload, 'horizontal-pod-autoscaler', KubeHorizontalPodAutoscalerV2, {
    metadata: { name: workload.name, labels: { ...workload.labels } },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: workload.name },
      minReplicas: minimum,
      maxReplicas: maximum,
      metrics: [
        {
          type: 'Resource',
          resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: targetCpuPercent } },
        },
      ],
      behavior: { scaleDown: { stabilizationWindowSeconds: scaleDownStabilizationSeconds } },
    },
  });
}

export function disruptionBudget(workload: Workload, maxUnavailable: number): void {
  kubeObject(workload, 'pod-disruption-budget', KubePodDisruptionBudget, {
    metadata: { name: workload.name, labels: { ...workload.labels } },
    spec: {
      maxUnavailable: IntOrString.fromNumber(maxUnavailable),
      selector: { matchLabels: { ...workload.selector } },
      // A pod that never got ready guards nothing; without this it would block every drain.
      unhealthyPodEvictionPolicy: 'AlwaysAllow',
    },
  });
}
