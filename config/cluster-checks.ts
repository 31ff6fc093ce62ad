import type { Finding } from '../constructs/core/error.ts';
import { values } from './untyped.ts';
import type { Values } from './untyped.ts';

/** What can't be installed on machines, though each value is right for itself. */
export function clusterFindings(file: string, input: Values): Finding[] {
  if (input.k3s === undefined) return [];
  const { snapshots } = values(input.k3s);
  const { store } = values(snapshots);
  const objectStores = values(input.objectStores);
  const findings: Finding[] = [];
  if (input.hetzner === undefined && input.shares === undefined) {
    findings.push({
      where: `${file}: k3s`,
      what: 'there is no hetzner that says what the machines are',
      allowed: 'k3s where hetzner is given',
      remedy: 'add hetzner, or remove k3s',
    });
  }
  if (typeof store === 'string' && !Object.hasOwn(objectStores, store)) {
    findings.push({
      where: `${file}: k3s.snapshots.store`,
      what: `there is no object store "${store}"`,
      allowed: Object.keys(objectStores).sort().join(', ') || 'none yet',
      remedy: 'add it to objectStores, or name one of these',
    });
  }
  return findings;
}
