import net from 'node:net';
import { InputError } from '../core/error.ts';
import type { Finding } from '../core/error.ts';
import { checkOptions } from '../core/option-names.ts';
import type { OptionNames } from '../core/option-names.ts';
import type { ClusterDnsProps, StubZone } from './props.ts';

const optionNames: OptionNames<ClusterDnsProps> = {
  image: 'required',
  kubernetesApi: 'required',
  address: 'required',
  fetcher: 'required',
  whose: true,
  outsideNames: true,
  zones: true,
  size: true,
};

const zoneNames: OptionNames<StubZone> = { zone: 'required', address: 'required', endpoint: 'required' };

const where = 'ClusterDns';
const zonePattern = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+$/;

/** @throws InputError with every option that can't be met */
export function checkClusterDns(props: ClusterDnsProps): void {
  checkOptions(where, props, optionNames, { zones: zoneNames });
  const { address, whose, zones = [], size = {} } = props;
  const given = Object.values<unknown>(size).some((value) => value !== undefined);
  const findings: Omit<Finding, 'where'>[] = [
    ...(net.isIPv4(address)
      ? []
      : [{ what: `address: ${address}`, allowed: 'an IPv4 address of the network of Services', remedy: 'change it' }]),
    ...(whose === 'k3s' && given
      ? [
          {
            what: 'it has a size, and K3s runs it',
            allowed: 'a size of what is ours: K3s says what its own CoreDNS requests',
            remedy: "remove sizes.coredns from the configuration, or set clusterDns: 'ours'",
          },
        ]
      : []),
    ...zoneFindings(address, zones),
  ];
  if (findings.length > 0) throw new InputError(findings.map((finding) => ({ where, ...finding })));
}

function zoneFindings(own: string, zones: readonly StubZone[]): Omit<Finding, 'where'>[] {
  const names = zones.map(({ zone }) => zone);
  return zones.flatMap(({ zone, address }, index) => [
    ...(zonePattern.test(zone)
      ? []
      : [
          {
            what: `the zone ${zone}`,
            allowed: 'a domain of two parts or more, such as ad.example.com',
            remedy: 'change it',
          },
        ]),
    ...(`.${zone}`.endsWith('.cluster.local') || `.cluster.local`.endsWith(`.${zone}`)
      ? [
          {
            what: `the zone ${zone}`,
            allowed: "no name of the cluster's own domain: Services would be hidden",
            remedy: 'change it',
          },
        ]
      : []),
    ...(names.indexOf(zone) < index
      ? [{ what: `the zone ${zone} twice`, allowed: 'each once', remedy: 'remove one' }]
      : []),
    ...(net.isIPv4(address) && address !== own
      ? []
      : [
          {
            what: `${address} for the zone ${zone}`,
            allowed: "an IPv4 address that is not the cluster's DNS itself: it would ask itself for ever",
            remedy: 'give the address of the server that answers for the zone',
          },
        ]),
  ]);
}
