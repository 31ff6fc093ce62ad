import type { Finding } from '../constructs/core/error.ts';
import type { Values } from './untyped.ts';

/** What can't be installed on machines, though each value is right for itself. */
export function clusterFindings(file: string, input: Values): Finding[] {
  if (input.k3s === undefined) return [];
  if (input.hetzner !== undefined || input.shares !== undefined) return [];
  return [
    {
      where: `${file}: k3s`,
      what: 'there is no hetzner that says what the machines are',
      allowed: 'k3s where hetzner is given',
      remedy: 'add hetzner, or remove k3s',
    },
  ];
}
