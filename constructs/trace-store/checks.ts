import { InputError } from '../core/error.ts';
import type { Finding } from '../core/error.ts';
import { bytesOfSpan, fullAt } from './defaults.ts';
import type { TraceStoreOptions } from './options.ts';

type Rule = (options: TraceStoreOptions) => readonly Omit<Finding, 'where'>[];

/** @throws InputError with every option that can't be met */
export function checkTraceStore(options: TraceStoreOptions): void {
  const where = 'TraceStore';
  const findings = rules.flatMap((rule) => rule(options).map((finding) => ({ where, ...finding })));
  if (findings.length > 0) throw new InputError(findings);
}

/** Of the line that has its numbers, and what the configuration says. */
const oldestJaeger = [2, 13, 0] as const;

const rules: readonly Rule[] = [
  function jaegerReadsTheConfiguration({ image }) {
    const parts = /^v?(\d+)\.(\d+)\.(\d+)/.exec(image.tag)?.slice(1).map(Number) ?? [0, 0, 0];
    const first = oldestJaeger.findIndex((oldest, index) => parts[index] !== oldest);
    if (first === -1 || (parts[first] ?? 0) > (oldestJaeger[first] ?? 0)) return [];
    return [
      {
        what: `Jaeger ${image.tag}`,
        allowed: `${oldestJaeger.join('.')} or newer: the first line, up to 1.76, reads no such configuration`,
        remedy: 'take a newer image',
      },
    ];
  },
  function numbersAreNumbers({ keepHours, sharePercent, slowMilliseconds, mostSpansPerSecond }) {
    const numbers = [
      ['keepHours', keepHours, 1, 8760],
      ['sharePercent', sharePercent, 0, 100],
      ['slowMilliseconds', slowMilliseconds, 1, 60_000],
      ['mostSpansPerSecond', mostSpansPerSecond, 100, 10_000],
    ] as const;
    return numbers
      .filter(
        ([, value, least, most]) => value !== false && !(Number.isInteger(value) && value >= least && value <= most),
      )
      .map(([name, value, least, most]) => ({
        what: `${name}: ${value}`,
        allowed: `a whole number from ${least} to ${most}`,
        remedy: `change ${name}`,
      }));
  },
  function volumeHoldsAnHour({ mostSpansPerSecond, storage }) {
    const mebibytes = Math.ceil((3600 * mostSpansPerSecond * bytesOfSpan) / 2 ** 20 / fullAt);
    if (!(storage.toMebibytes() < mebibytes)) return [];
    return [
      {
        what: `a volume of ${storage.toMebibytes()} MiB, for ${mostSpansPerSecond} spans in a second`,
        allowed: `at least ${mebibytes} MiB: it is begun anew when it is full, and that is to take an hour at the least`,
        remedy: 'raise storage, or lower mostSpansPerSecond',
      },
    ];
  },
];
