import type { Finding } from '../core/error.ts';
import { nearest } from '../core/nearest.ts';
import { patroniClusterDefaults } from './defaults.ts';
import { parameterNames, parameterType } from './parameter-table.ts';
import type { ParameterType } from './parameter-table.ts';
import { inUnit } from './parameter-values.ts';
import type { ParameterValue } from './parameter-values.ts';
import { postgresqlParameters } from './parameters.ts';
import type { PatroniClusterProps } from './props.ts';

type Problem = Omit<Finding, 'where'>;

/**
 * What is wrong with a parameter that Patroni would leave out, with no more than a line in its log: PostgreSQL has none of
 * that name, or takes no such value.
 * @param isJudged whether another rule knows the name
 */
export function unknownProblem(
  name: string,
  value: ParameterValue,
  version: number,
  isJudged: boolean,
): Problem | undefined {
  const type = parameterType(name, version);
  const isKnown = parameterNames.includes(name.toLowerCase());
  // With a dot they are an extension's, which alone knows them.
  if (name.includes('.') || (!isKnown && isJudged)) return undefined;
  if (type === undefined) return unknown(name, version, isKnown);
  const allowed = problemOf(type, value);
  if (allowed === undefined) return undefined;
  return { what: `parameters: ${name}: ${value}`, allowed, remedy: `correct ${name} in parameters` };
}

function unknown(name: string, version: number, isOfAnother: boolean): Problem {
  const near = isOfAnother ? undefined : nearest(name.toLowerCase(), parameterNames);
  return {
    what: `parameters: ${name}: PostgreSQL ${version} has none of that name`,
    allowed: `${near === undefined ? '' : `${near}; or `}another one of PostgreSQL ${version}, or of an extension, with a dot in its name`,
    remedy: 'correct or remove it',
  };
}

/** What a value would have to be. */
function problemOf(type: ParameterType, value: ParameterValue): string | undefined {
  const text = String(value).toLowerCase();
  const bool = ['on', 'off', 'true', 'false', 'yes', 'no', '1', '0'];
  switch (type.kind) {
    case 'text':
      return undefined;
    case 'bool':
      return bool.includes(text) ? undefined : 'on or off';
    case 'word': {
      const words = type.bool ? ['on', 'off', ...type.words] : type.words;
      return words.includes(text) || (type.bool && bool.includes(text)) ? undefined : words.filter(Boolean).join(', ');
    }
    case 'number': {
      const { least, most, unit } = type;
      const number = inUnit(value, unit);
      if (number !== undefined && number >= least && number <= most) return undefined;
      const range = most === Infinity ? `${least} or more` : `${least} to ${most}`;
      return unit === '' ? `a number: ${range}` : `${range} times ${unit}, or with a unit of its own`;
    }
  }
}

const shared = ['shared_buffers', 'wal_buffers', 'min_dynamic_shared_memory'];
const ofOneProcess = [
  ...['work_mem', 'maintenance_work_mem', 'autovacuum_work_mem', 'logical_decoding_work_mem', 'temp_buffers'],
];

/** What PostgreSQL is told that it may take has to be there. */
export function memoryFindings({ parameters = {}, size, storage, version }: PatroniClusterProps): Problem[] {
  const memory = size?.memory ?? patroniClusterDefaults.size.memory;
  const given = Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name.toLowerCase(), value]));
  const named = [...shared, ...ofOneProcess].filter((name) => given[name] !== undefined);
  const all: Readonly<Record<string, ParameterValue>> = { ...postgresqlParameters(memory, storage, true), ...given };
  const mebibytes = (name: string): number => {
    const type = parameterType(name, version ?? patroniClusterDefaults.version);
    const unit = type?.kind === 'number' ? type.unit : '';
    const inMebibytes = { kB: 1 / 1024, '8kB': 8 / 1024, MB: 1 }[unit] ?? 0;
    // -1 is as much as another one says.
    return Math.max(0, inUnit(all[name] ?? 0, unit) ?? 0) * inMebibytes;
  };
  const taken = shared.reduce((sum, name) => sum + mebibytes(name), Math.max(...ofOneProcess.map(mebibytes)));
  const most = Math.floor((memory.toMebibytes() * 3) / 4);
  if (named.length === 0 || taken <= most) return [];
  return [
    {
      what: `parameters: ${named.map((name) => `${name}: ${given[name]}`).join(', ')}: what all share and what one process takes are ${Math.ceil(taken)} MB`,
      allowed: `${most} MB together, three quarters of a member's memory: connections and the page cache live in the rest`,
      remedy: 'lower them, or raise memoryMebibytes of its size in the configuration',
    },
  ];
}
