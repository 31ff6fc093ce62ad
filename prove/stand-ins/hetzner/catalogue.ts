import { locations as zones, serverTypes } from '../../../config/server-types.ts';

export interface Location {
  readonly id: number;
  readonly name: string;
  readonly network_zone: string;
  readonly [field: string]: unknown;
}

export interface ServerType {
  readonly id: number;
  readonly name: string;
  readonly disk: number;
  locations: {
    readonly id: number;
    readonly name: string;
    available: boolean;
    recommended: boolean;
    deprecation: unknown;
  }[];
  readonly [field: string]: unknown;
}

interface Named {
  readonly id: number;
  readonly name: string;
  readonly [field: string]: unknown;
}

export interface Catalogue {
  readonly locations: readonly Location[];
  server_types: readonly ServerType[];
  readonly images: readonly Named[];
  readonly load_balancer_types: readonly Named[];
}

/** What Hetzner sells: the types that the configuration knows, everywhere. */
export function catalogue(): Catalogue {
  const locations = Object.entries(zones).map(([name, network_zone], index) => {
    const place = { description: name, country: 'DE', city: name, latitude: 50, longitude: 12 };
    return { id: index + 1, name, network_zone, ...place };
  });
  const types = Object.entries(serverTypes).map(
    ([name, { vcpu, memoryGibibytes, diskGigabytes }], index): ServerType => {
      const dedicated = name.startsWith('ccx');
      return {
        ...{ id: index + 1, name, description: name, cores: vcpu, memory: memoryGibibytes, disk: diskGigabytes },
        ...{ storage_type: 'local', cpu_type: dedicated ? 'dedicated' : 'shared', architecture: 'x86' },
        ...{ category: dedicated ? 'general_purpose' : 'cost_optimized', included_traffic: 0, prices: [] },
        ...{ deprecated: false, deprecation: null },
        locations: locations.map(({ id, name: location }) => {
          return { id, name: location, available: true, recommended: true, deprecation: null };
        }),
      };
    },
  );
  const image = {
    type: 'system',
    status: 'available',
    image_size: null,
    disk_size: 5,
    created: '2026-01-01T00:00:00Z',
  };
  const images = ['debian-12', 'debian-13'].map((name, index) => ({
    ...{ id: index + 1, name, description: name, ...image, created_from: null, bound_to: null, os_flavor: 'debian' },
    ...{ os_version: name.slice(7), rapid_deploy: true, architecture: 'x86', protection: { delete: false } },
    ...{ deprecated: null, deleted: null, labels: {} },
  }));
  const limits = { max_connections: 20_000, max_services: 5, max_targets: 25, max_assigned_certificates: 10 };
  const lb11 = { id: 1, name: 'lb11', description: 'LB11', ...limits, deprecated: null, prices: [] };
  return { locations, server_types: types, images, load_balancer_types: [lb11] };
}

/** An entry by its name or number. */
export function entryOf<Entry extends { readonly id: number; readonly name: string }>(
  entries: readonly Entry[],
  key: unknown,
): Entry | undefined {
  return entries.find(({ id, name }) => name === key || String(id) === String(key));
}
