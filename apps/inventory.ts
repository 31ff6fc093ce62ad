import type { Platform } from '../constructs/core/platform.ts';
import type { SecretInventoryEntry } from '../constructs/core/secret.ts';
import { buildPlatform } from './platform.ts';

/** Every secret of an environment that some workload uses, by name. */
export function secretInventory(environment: string): SecretInventoryEntry[] {
  return inventoryOf(buildPlatform(environment));
}

/** The same of a platform that is built already. */
export function inventoryOf({ secrets }: Pick<Platform, 'secrets'>): SecretInventoryEntry[] {
  return secrets
    .map((secret) => secret.inventoryEntry())
    .filter(({ copies }) => copies.length > 0)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
