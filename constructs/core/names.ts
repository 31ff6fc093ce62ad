import crypto from 'node:crypto';
import { InputError } from './error.ts';

const dnsLabel = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

interface Limit {
  readonly characters: number;
  readonly because: string;
}

/** @see https://kubernetes.io/docs/concepts/overview/working-with-objects/names/ (v1.36) */
export const nameLimits = {
  label: { characters: 63, because: 'a DNS label (RFC 1123) and a label value hold 63 characters' },
  cronJob: { characters: 52, because: 'a CronJob adds 11 characters to the names of its Jobs, which hold 63' },
  subdomain: { characters: 253, because: 'a DNS subdomain (RFC 1123) holds 253 characters' },
  /** The controllers add a dash, a template hash of 10 and a dash with 5 random characters to a Pod's name. */
  workload: {
    characters: 46,
    because: "a Deployment adds up to 17 characters to its Pods' names, whose host names hold 63",
  },
} as const satisfies Record<string, Limit>;

/**
 * Returns `name` when it is a DNS label within the limit.
 * @param where how messages call the owner, such as `NestBackend backend`
 * @throws InputError naming the limit and its reason
 */
export function checkName(where: string, name: string, limit: keyof typeof nameLimits = 'label'): string {
  const { characters, because } = nameLimits[limit];
  if (name.length > characters) {
    throw new InputError({
      where,
      what: `the name "${name}" has ${name.length} characters`,
      allowed: `at most ${characters}: ${because}`,
      remedy: 'choose a shorter name',
    });
  }
  const pattern = limit === 'subdomain' ? name.split('.').every((part) => dnsLabel.test(part)) : dnsLabel.test(name);
  if (!pattern) {
    throw new InputError({
      where,
      what: `"${name}" is no name that Kubernetes takes`,
      allowed: 'lower-case letters, digits and dashes, beginning and ending with a letter or digit',
      remedy: 'rename it',
    });
  }
  return name;
}

/** A DNS label made of a name that is none, or that is too long with what stands before it; each name has its own. */
export function derivedLabel(prefix: string, name: string): string {
  const plain = `${prefix}-${name}`;
  if (dnsLabel.test(plain) && plain.length <= nameLimits.label.characters) return plain;
  const hash = crypto.createHash('sha256').update(name).digest('hex').slice(0, 8);
  const readable = plain.replace(/[^a-z0-9]+/g, '-').slice(0, nameLimits.label.characters - hash.length - 1);
  return `${readable.replace(/-$/, '')}-${hash}`;
}

/** Whether it is the name of a server alone, or its IPv4 address: no URL, no port, no path. */
const isHost = (host: unknown): boolean =>
  typeof host === 'string' && /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/.test(host);

/** @throws InputError for what would be written behind `https://`, or be resolved, and is no host */
export function checkHost(where: string, host: string): void {
  if (isHost(host)) return;
  throw new InputError({
    where,
    what: `host: ${JSON.stringify(host)}`,
    allowed: 'the name of a host in lower case, without a scheme, a port and a path, such as api.example.com',
    remedy: 'write the name alone',
  });
}
