import net from 'node:net';
import type { IServiceSpec } from 'kubernetes-models/v1/ServiceSpec';
import { label, portOf, subdomain } from './forms.ts';
import { broken, outside, problem, unlisted } from './problem.ts';
import type { Problem } from './problem.ts';

export function serviceProblems(spec: IServiceSpec): Problem[] {
  const { type = 'ClusterIP', clusterIP, ports = [], externalTrafficPolicy, externalName } = spec;
  const isReachedFromOutside = type === 'NodePort' || type === 'LoadBalancer';
  return [
    ...unlisted('spec.type', type, ['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName']),
    ...(type === 'ExternalName' ? broken('spec.externalName', externalName ?? '', subdomain) : []),
    ...(ports.length === 0 && clusterIP !== 'None' && type !== 'ExternalName'
      ? [problem('spec.ports', 'there are none', 'one or more, but for a headless Service')]
      : []),
    ...(clusterIP === 'None' && isReachedFromOutside
      ? [problem('spec.clusterIP', `None, beside the type ${type}`, 'an address: ports of nodes lead to it')]
      : []),
    ...broken('spec.clusterIP', clusterIP, (text) =>
      text === '' || text === 'None' || net.isIP(text) !== 0 ? undefined : 'None, or an address',
    ),
    ...unlisted('spec.sessionAffinity', spec.sessionAffinity, ['None', 'ClientIP']),
    ...unlisted('spec.externalTrafficPolicy', externalTrafficPolicy, isReachedFromOutside ? ['Cluster', 'Local'] : []),
    ...unlisted('spec.trafficDistribution', spec.trafficDistribution, [
      'PreferClose',
      'PreferSameZone',
      'PreferSameNode',
    ]),
    ...ports.flatMap(({ name, port, targetPort, nodePort, protocol }, index) => {
      const at = `spec.ports[${index}]`;
      return [
        ...(ports.length > 1 || name ? broken(`${at}.name`, name ?? '', label) : []),
        ...outside(`${at}.port`, port, 1, 65_535),
        ...broken(`${at}.targetPort`, targetPort, portOf),
        ...unlisted(`${at}.protocol`, protocol, ['TCP', 'UDP', 'SCTP']),
        ...(nodePort === undefined || nodePort === 0
          ? []
          : isReachedFromOutside
            ? outside(`${at}.nodePort`, nodePort, 30_000, 32_767)
            : [problem(`${at}.nodePort`, `${nodePort}, beside the type ${type}`, 'none', 'remove it')]),
      ];
    }),
  ];
}
