import { nameLimits } from '../../constructs/core/names.ts';
import type { Rules, ScalarCode } from './tables.ts';

const dnsLabel = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const dnsSubdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const qualifiedName = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const quantity = /^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?$/;
const dateTime = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;
const base64 = /^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function isInteger(value: unknown, limit: number): boolean {
  return Number.isInteger(value) && (value as number) >= -limit && (value as number) <= limit;
}

/** What a type code allows, in words and as a test. */
export const scalarTypes: Readonly<
  Record<ScalarCode, { readonly words: string; readonly test: (value: unknown) => boolean }>
> = {
  s: { words: 'a string', test: (value) => typeof value === 'string' },
  b: { words: 'true or false', test: (value) => typeof value === 'boolean' },
  i: { words: 'an integer of 32 bits', test: (value) => isInteger(value, 2 ** 31) && value !== 2 ** 31 },
  l: { words: 'an integer', test: (value) => isInteger(value, Number.MAX_SAFE_INTEGER) },
  q: {
    words: 'a quantity, such as 250m, 0.5, 64Mi or 1G',
    test: (value) =>
      typeof value === 'number' ? Number.isFinite(value) : typeof value === 'string' && quantity.test(value),
  },
  // Digits in quotes are neither: Kubernetes takes them for the name of a port, or wants a per cent sign.
  p: {
    words: 'an integer without quotes, or a string such as 25% or the name of a port',
    test: (value) => (typeof value === 'string' ? /\D/.test(value) : isInteger(value, 2 ** 31) && value !== 2 ** 31),
  },
  n: {
    words: 'an integer or a string',
    test: (value) => typeof value === 'string' || isInteger(value, Number.MAX_SAFE_INTEGER),
  },
  // The Go type writes null for a time that is not set, so Kubernetes' own output holds it.
  t: {
    words: 'a time, such as 2026-01-31T12:00:00Z',
    test: (value) => value === null || (typeof value === 'string' && dateTime.test(value)),
  },
  y: { words: 'a string of base64', test: (value) => typeof value === 'string' && base64.test(value) },
  '*': { words: 'anything', test: () => true },
};

/** Which rule a string or number breaks, in words: what it should be. */
export function brokenRule(value: unknown, rules: Rules): string | undefined {
  if (typeof value === 'number') return outside(value, rules.minimum, rules.maximum, 'a number of');
  if (typeof value !== 'string') return undefined;
  if (rules.enum?.includes(value) === false) return rules.enum.join(', ');
  if (rules.pattern?.test(value) === false) return `a string that matches ${rules.pattern.source}`;
  return outside(Array.from(value).length, rules.minLength, rules.maxLength, 'a number of characters of');
}

function outside(size: number, least: number | undefined, most: number | undefined, words: string): string | undefined {
  if (least !== undefined && size < least) return `${words} at least ${least}`;
  if (most !== undefined && size > most) return `${words} at most ${most}`;
  return undefined;
}

const pathSegmentKinds = new Set(['ClusterRole', 'ClusterRoleBinding', 'Role', 'RoleBinding']);
const labelKinds = new Set(['Namespace', 'Service']);

/** What the name of an object of this kind must be, in words, when it is not. */
export function brokenName(kind: string, name: string): string | undefined {
  if (pathSegmentKinds.has(kind)) {
    return name === '' || name === '.' || name === '..' || /[/%]/.test(name)
      ? 'a segment of a path: not ".", "..", "/" or "%"'
      : undefined;
  }
  const { characters } =
    kind === 'CronJob' ? nameLimits.cronJob : nameLimits[labelKinds.has(kind) ? 'label' : 'subdomain'];
  const form = labelKinds.has(kind) ? dnsLabel : dnsSubdomain;
  if (form.test(name) && name.length <= characters) return undefined;
  const dots = labelKinds.has(kind) ? '' : ' and dots';
  return `lower-case letters, digits, dashes${dots}, at most ${characters} characters, a letter or digit at both ends`;
}

/** What a namespace's name must be, in words, when it is not. */
export function brokenNamespace(name: string): string | undefined {
  return dnsLabel.test(name) ? undefined : brokenName('Namespace', name);
}

/** What a key of a label or annotation must be, in words, when it is not. */
export function brokenKey(key: string): string | undefined {
  const slash = key.indexOf('/');
  const prefix = key.slice(0, Math.max(slash, 0));
  if (slash >= 0 && !(prefix.length <= 253 && dnsSubdomain.test(prefix))) {
    return 'before the slash a DNS name in lower case of at most 253 characters';
  }
  if (qualifiedName.test(key.slice(slash + 1))) return undefined;
  return `${slash < 0 ? '' : 'after the slash '}at most 63 letters, digits, dashes, dots and underscores, a letter or digit at both ends`;
}

/** What a label's value must be, in words, when it is not. */
export function brokenLabelValue(value: string): string | undefined {
  if (value === '' || qualifiedName.test(value)) return undefined;
  return 'empty, or at most 63 letters, digits, dashes, dots and underscores, a letter or digit at both ends';
}
