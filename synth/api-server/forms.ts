import { quantity } from '../../constructs/core/quantity.ts';
import { brokenKey } from '../schema/values.ts';

const dnsLabel = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const dnsSubdomain = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** Each says what would be right where a text isn't, as the API server has it. */
type Form = (text: string) => string | undefined;

const form =
  (allowed: string, fits: (text: string) => boolean): Form =>
  (text) =>
    fits(text) ? undefined : allowed;

export const label = form('lower-case letters, digits and dashes, a letter or digit at both ends, at most 63', (text) =>
  dnsLabel.test(text),
);

export const subdomain = form(
  'lower-case letters, digits, dashes and dots, a letter or digit at both ends, at most 253',
  (text) => dnsSubdomain.test(text),
);

/** @see https://www.rfc-editor.org/rfc/rfc6335#section-5.1 */
export const portName = form(
  'at most 15 lower-case letters, digits and single dashes, one letter at least, no dash at either end',
  (text) => /^[a-z0-9-]{1,15}$/.test(text) && /[a-z]/.test(text) && !/--|^-|-$/.test(text),
);

/** A key of a ConfigMap or Secret: it becomes the name of a file. */
export const dataKey = form(
  'at most 253 letters, digits, dashes, underscores and dots, not two dots first',
  (text) => /^[-.\w]{1,253}$/.test(text) && !/^\.$|^\.\./.test(text),
);

/** @see https://kubernetes.io/docs/tasks/inject-data-application/define-environment-variable-container/ (v1.36) */
export const variableName = form(
  'printable ASCII characters without "="',
  (text) => /^[ -~]+$/.test(text) && !text.includes('='),
);

export const relativePath = form(
  'a path below the folder, without ".." in it',
  (text) => text !== '' && !text.startsWith('/') && !text.split('/').includes('..'),
);

/** A name that is part of an address of the API. */
export const pathSegment = form(
  'a name without "/" and "%", not "." and ".."',
  (text) => text !== '' && !/[/%]|^\.\.?$/.test(text),
);

/** A port by its name or number. */
export function portOf(port: number | string): string | undefined {
  if (typeof port === 'string') return portName(port);
  return port >= 1 && port <= 65_535 ? undefined : '1 to 65535, or the name of a port';
}

/** A number of pods, or a share of them. */
export function countOrShare(value: number | string): string | undefined {
  if (typeof value === 'number') return value >= 0 ? undefined : 'a number from 0, or a share such as 25%';
  return /^\d+%$/.test(value) ? undefined : 'a number from 0, or a share such as 25%';
}

/** What a quantity such as `250m` or `64Mi` is as a number; of form the schema says whether it is one. */
export function amount(given: number | string): number {
  return quantity(given) ?? NaN;
}

/** What a container may be given without a prefix. */
const ofContainers = /^(cpu|memory|ephemeral-storage|hugepages-.+)$/;

const counted = 'configmaps|persistentvolumeclaims|pods|replicationcontrollers|resourcequotas|secrets|services';
const ofQuotas = new RegExp(
  `^(((requests|limits)\\.)?(cpu|memory|ephemeral-storage)|requests\\.storage|services\\.(nodeports|loadbalancers)|${counted})$`,
);

/** The name of what is counted, and that only whole ones are counted of what has a prefix of its own. */
export function resourceOf(name: string, given: number | string, kind: 'container' | 'quota'): string | undefined {
  const key = brokenKey(name);
  if (key !== undefined) return key;
  if (name.includes('/')) return Number.isInteger(amount(given)) ? undefined : 'a whole number';
  return (kind === 'quota' ? ofQuotas : ofContainers).test(name) ? undefined : 'cpu, memory or ephemeral-storage';
}
