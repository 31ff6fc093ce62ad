import { ForeignWorkload } from '../../../constructs/core/foreign-workload.ts';
import type { Manifest } from '../../../constructs/core/manifest.ts';
import type { Platform } from '../../../constructs/core/platform.ts';

/** What other makers' charts bring, as Deployments with the same labels, number, priority and requests. */
export function foreignDeployments(platform: Platform, manifests: readonly Manifest[]): Manifest[] {
  const limited = new Set(
    manifests.filter(({ kind }) => kind === 'LimitRange').map(({ metadata }) => metadata.namespace),
  );
  return platform.owners
    .filter((owner) => owner instanceof ForeignWorkload)
    .flatMap((owner): Manifest[] => {
      const { name, namespace, selector, requests } = owner;
      if (requests === undefined) return [];
      const priorityClassName = priorityOf(platform, owner);
      // Where a LimitRange gives them their requests, it does so here too.
      const resources = limited.has(namespace)
        ? {}
        : { resources: { requests: { cpu: requests.cpu.asString(), memory: requests.memory.asString() } } };
      const securityContext = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } };
      const spec = {
        ...(priorityClassName === undefined ? {} : { priorityClassName }),
        securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
        containers: [{ name: 'pods', image: 'proving.invalid/none:1', securityContext, ...resources }],
      };
      const template = { metadata: { labels: selector }, spec };
      return [
        {
          apiVersion: 'apps/v1',
          kind: 'Deployment',
          metadata: { name, namespace },
          spec: { replicas: requests.replicas, selector: { matchLabels: selector }, template },
        },
      ];
    });
}

/** The priority class in the values of the owner's chart, or in the patches of its manifests. */
export function priorityOf(platform: Platform, { application }: ForeignWorkload): string | undefined {
  const charts = platform.charts.filter((chart) => chart.application === application);
  const sources = charts.flatMap((chart) => platform.upstreamSources(chart));
  const patched = sources.flatMap(({ props }) =>
    (props.patches ?? []).flatMap((patch) => ('add' in patch ? Object.entries(patch.add) : [])),
  );
  const [, ofPatch] = patched.find(([place]) => place.endsWith('/priorityClassName')) ?? [];
  return ofPatch ?? sources.map(({ props }) => valueOf('priorityClassName', props.values)).find(Boolean);
}

function valueOf(key: string, values: unknown): string | undefined {
  if (typeof values !== 'object' || values === null) return undefined;
  for (const [name, value] of Object.entries(values)) {
    const found = name === key && typeof value === 'string' ? value : valueOf(key, value);
    if (found !== undefined) return found;
  }
  return undefined;
}
