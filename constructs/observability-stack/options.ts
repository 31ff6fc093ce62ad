import { Size } from 'cdk8s';
import { sized } from '../core/workload-size.ts';
import { observabilityStackDefaults as defaults, retentionShare, usualSeverities } from './defaults.ts';
import type { ObservabilityStackProps } from './props.ts';

export type ObservabilityOptions = ReturnType<typeof resolveOptions>;

/** What was given, and the defaults of what wasn't. */
export function resolveOptions(props: ObservabilityStackProps) {
  const storage = props.storage ?? defaults.storage;
  const usual = Size.mebibytes(Math.floor(storage.toMebibytes() * retentionShare));
  return {
    ...props,
    replicas: props.replicas ?? defaults.replicas,
    storage,
    storageClass: props.storageClass ?? defaults.storageClass,
    retentionDays: props.retentionDays ?? defaults.retentionDays,
    retentionSize: props.retentionSize ?? usual,
    scrapeSeconds: props.scrapeSeconds ?? defaults.scrapeSeconds,
    remoteWrite: props.remoteWrite ?? false,
    publicPaths: props.publicPaths ?? [],
    statusPage: props.statusPage,
    receivers: props.receivers.map((receiver) => ({ severities: usualSeverities, ...receiver })),
    resources: sized(
      props.size,
      defaults.size,
      "Estimate: some 15,000 series of which the last hours are in memory, and a query over days beside them; its makers' own " +
        'manifests request 400Mi for fewer.',
    ),
    alertmanagerResources: sized(
      props.alertmanagerSize,
      defaults.alertmanagerSize,
      "Estimate: some hundred alerts, most of them silent; its makers' own manifests request 100Mi.",
    ),
    blackboxResources: sized(
      props.blackboxSize,
      defaults.blackboxSize,
      'Estimate: two pages twice a minute, and the handshakes for them.',
    ),
    kubeStateMetricsResources: sized(
      props.kubeStateMetricsSize,
      defaults.kubeStateMetricsSize,
      'Estimate: it keeps the text of its numbers for some hundred pods, and its makers ask for 190Mi in clusters of a hundred nodes.',
    ),
  };
}
