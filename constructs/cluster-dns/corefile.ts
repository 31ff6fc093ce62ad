import fs from 'node:fs';
import path from 'node:path';
import type { PodPeer } from '../core/endpoint.ts';
import { outsideNames } from '../core/outside-names.ts';
import type { ClusterDnsProps, StubZone } from './props.ts';

const folder = path.join(import.meta.dirname, 'files');

/** What CoreDNS reads, by name: all of it, or what K3s' own Corefile imports. */
export function corefiles({
  fetcher,
  whose = 'ours',
  outsideNames: told = 'wired',
  zones = [],
}: ClusterDnsProps): Readonly<Record<string, string>> {
  const ours = whose === 'ours';
  return {
    ...(ours ? { Corefile: fileOf('ours/Corefile') } : {}),
    ...(told === 'wired' ? { 'outside-names.server': forWired(fetcher) } : {}),
    ...(told === 'wired' && !ours ? { 'cluster-names.override': fileOf('k3s/cluster-names.override') } : {}),
    ...(told === 'all' && ours ? { 'all-names.server': fileOf('all-names.server') } : {}),
    ...Object.fromEntries(zones.map((zone) => [`${zone.zone}.server`, forZone(zone)])),
  };
}

/** Whether those files let pods ask outside. */
export function mayAskOutside({ name, namespace, selector }: PodPeer, fetcher: PodPeer): boolean {
  const isFetcher = name === fetcher.name && namespace === fetcher.namespace;
  return isFetcher || selector[outsideNames.key] === outsideNames.value;
}

function forWired({ name, namespace }: PodPeer): string {
  return fileOf('outside-names.server', { namespace, name, ...outsideNames });
}

function forZone({ zone, address }: StubZone): string {
  return fileOf('zone.server', { zone, address });
}

function fileOf(file: string, values: Readonly<Record<string, string>> = {}): string {
  const text = fs.readFileSync(path.join(folder, file), 'utf8');
  return text.replaceAll(/\{\{(\w+)\}\}/g, (_, key: string) => values[key] ?? '');
}
