/** What a Hetzner server type offers. */
export interface ServerType {
  readonly vcpu: number;
  readonly memoryGibibytes: number;
  readonly diskGigabytes: number;
}

/**
 * Types with dedicated vCPUs (one is a hyper-thread) and local NVMe, and the small shared ones that do for a witness.
 * @see https://docs.hetzner.com/cloud/servers/overview (read 2026-11-22; the mission's sketch gives CCX33 16 vCPUs, it has 8)
 */
export const serverTypes: Readonly<Record<string, ServerType>> = {
  cx23: { vcpu: 2, memoryGibibytes: 4, diskGigabytes: 40 },
  ccx13: { vcpu: 2, memoryGibibytes: 8, diskGigabytes: 80 },
  ccx23: { vcpu: 4, memoryGibibytes: 16, diskGigabytes: 160 },
  ccx33: { vcpu: 8, memoryGibibytes: 32, diskGigabytes: 240 },
  ccx43: { vcpu: 16, memoryGibibytes: 64, diskGigabytes: 360 },
};

/** Zones of Hetzner's network: a private network, and what is in it, lies in one. */
export type NetworkZone = 'eu-central' | 'us-east' | 'us-west' | 'ap-southeast';

/** @see https://docs.hetzner.com/cloud/networks/faq (read 2026-11-22) */
export const locations: Readonly<Record<string, NetworkZone>> = {
  fsn1: 'eu-central',
  nbg1: 'eu-central',
  hel1: 'eu-central',
  ash: 'us-east',
  hil: 'us-west',
  sin: 'ap-southeast',
};
