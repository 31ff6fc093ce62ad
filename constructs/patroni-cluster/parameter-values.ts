/** What PostgreSQL takes a text for, where it stands for a parameter of that kind; undefined for what it refuses. */

export type ParameterValue = string | number;

/** Any beginning that only one of the words has. */
export function asBoolean(value: ParameterValue): boolean | undefined {
  const text = String(value).toLowerCase();
  if (text === '') return undefined;
  const says = (...words: readonly string[]): boolean => words.some((word) => word.startsWith(text));
  const on = text === '1' || says('true', 'yes', 'on');
  const off = text === '0' || says('false', 'no', 'off');
  return on === off ? undefined : on;
}

const seconds: Readonly<Record<string, number>> = { us: 1e-6, ms: 1e-3, s: 1, min: 60, h: 3600, d: 86_400 };
const mebibytes: Readonly<Record<string, number>> = { B: 1 / 1024 ** 2, kB: 1 / 1024, MB: 1, GB: 1024, TB: 1024 ** 2 };

/** @param unit of a value without one */
export function asSeconds(value: ParameterValue, unit: 'ms' | 's'): number | undefined {
  return withUnit(value, unit, seconds);
}

/** Without a unit they are mebibytes, as for all parameters about WAL. */
export function asMebibytes(value: ParameterValue): number | undefined {
  return withUnit(value, 'MB', mebibytes);
}

export function asNumber(value: ParameterValue): number | undefined {
  return withUnit(value, '', { '': 1 });
}

/**
 * How many of that unit a value is.
 * @param unit such as `8kB`, that of a value without one; empty for plain numbers
 */
export function inUnit(value: ParameterValue, unit: string): number | undefined {
  const [, count = '1', name = ''] = /^(\d*)(.*)$/.exec(unit) ?? [];
  const units = name in seconds ? seconds : name in mebibytes ? mebibytes : {};
  const own = (units[name] ?? 1) * Number(count || 1);
  const found = withUnit(value, unit, { ...units, [unit]: own });
  return found === undefined ? undefined : found / own;
}

const numberWithUnit = /^\s*([+-]?(?:0x[\da-f]+|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?))\s*([a-z]*)\s*$/i;

function withUnit(value: ParameterValue, unit: string, units: Readonly<Record<string, number>>): number | undefined {
  const [, number, named] = numberWithUnit.exec(String(value)) ?? [];
  const factor = units[named === undefined || named === '' ? unit : named];
  return number === undefined || factor === undefined ? undefined : inDecimal(number) * factor;
}

/** As in C: modes of files are octal, `0640`. */
function inDecimal(number: string): number {
  const [, sign, digits = ''] = /^([+-]?)(.*)$/.exec(number) ?? [];
  return (sign === '-' ? -1 : 1) * Number(/^0[0-7]+$/.test(digits) ? `0o${digits}` : digits);
}
