import { InputError } from '../core/error.ts';
import type { Finding } from '../core/error.ts';
import type { OptionNames } from '../core/option-names.ts';
import type { LogStoreOptions } from './options.ts';
import type { LogAgentProps, LogStoreProps } from './props.ts';

export const storeOptionNames: OptionNames<LogStoreProps> = {
  image: 'required',
  keysImage: 'required',
  store: 'required',
  alertmanagers: 'required',
  runbooks: 'required',
  cluster: 'required',
  retentionDays: true,
  storage: 'size',
  storageClass: true,
  mebibytesPerSecond: true,
  mostStreams: true,
  longestLine: 'size',
  size: true,
};

export const agentOptionNames: OptionNames<LogAgentProps> = { image: 'required', to: 'required', size: true };

/** @throws InputError where lines would go nowhere */
export function checkLogAgent({ to: { url } }: LogAgentProps): void {
  if (/^https?:\/\/[a-z0-9.-]+(:\d+)?$/.test(url)) return;
  throw new InputError({
    where: 'LogAgent',
    what: `the url of to: ${url}`,
    allowed: 'https://HOST or http://HOST, with a port or without, and without a path',
    remedy: 'change it: the path is that of Loki',
  });
}

type Rule = (options: LogStoreOptions) => readonly Omit<Finding, 'where'>[];

/** @throws InputError with every option that can't be met */
export function checkLogStore(options: LogStoreOptions): void {
  const where = 'LogStore';
  const findings = rules.flatMap((rule) => rule(options).map((finding) => ({ where, ...finding })));
  if (findings.length > 0) throw new InputError(findings);
}

const whole = (value: number, least: number, most: number): boolean =>
  Number.isInteger(value) && value >= least && value <= most;

/** Older ones write what object storage refuses or damages, unless it is Amazon's. */
const oldestLoki = [3, 7, 7] as const;

const rules: readonly Rule[] = [
  function lokiWritesWhatIsTaken({ image }) {
    const parts = /^v?(\d+)\.(\d+)\.(\d+)/.exec(image.tag)?.slice(1).map(Number) ?? [0, 0, 0];
    const first = oldestLoki.findIndex((oldest, index) => parts[index] !== oldest);
    if (first === -1 || (parts[first] ?? 0) > (oldestLoki[first] ?? 0)) return [];
    return [
      {
        what: `Loki ${image.tag}`,
        allowed: `${oldestLoki.join('.')} or newer: older ones write checksums that others than Amazon refuse, or keep damaged`,
        remedy: 'take a newer image',
      },
    ];
  },
  function numbersAreNumbers({ retentionDays, mebibytesPerSecond, mostStreams }) {
    const numbers = [
      ['retentionDays', retentionDays, 1, 3650],
      ['mebibytesPerSecond', mebibytesPerSecond, 1, 100],
      ['mostStreams', mostStreams, 100, 100_000],
    ] as const;
    return numbers
      .filter(([, value, least, most]) => !whole(value, least, most))
      .map(([name, value, least, most]) => ({
        what: `${name}: ${value}`,
        allowed: `a whole number from ${least} to ${most}`,
        remedy: `change ${name}`,
      }));
  },
  function volumeHoldsWhatWaits({ storage, mebibytesPerSecond }) {
    // What is taken at most in ten minutes without the bucket, in the log and in chunks.
    const least = mebibytesPerSecond * 600 * 2;
    if (storage.toMebibytes() >= least) return [];
    return [
      {
        what: `a volume of ${storage.toMebibytes()} MiB, for ${mebibytesPerSecond} MiB each second`,
        allowed: `at least ${least} MiB: ten minutes without the bucket, twice`,
        remedy: 'raise storage, or lower mebibytesPerSecond',
      },
    ];
  },
  function lineIsALine({ longestLine }) {
    if (longestLine.toKibibytes() >= 1 && longestLine.toKibibytes() <= 1024) return [];
    return [
      { what: `longestLine: ${longestLine.toKibibytes()} KiB`, allowed: '1 to 1024 KiB', remedy: 'change longestLine' },
    ];
  },
  function bucketLetsDelete({ store }) {
    if (!store.holdsCopies) return [];
    return [
      {
        what: `the bucket ${store.bucket} holds copies of backups, with a lock`,
        allowed: 'a bucket of its own, without a lock: lines are removed after retentionDays',
        remedy: 'name another object store',
      },
    ];
  },
  function namesAreNames({ cluster, runbooks }) {
    return [
      ...(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(cluster)
        ? []
        : [{ what: `cluster: ${cluster}`, allowed: 'lower-case letters, digits and dashes', remedy: 'change it' }]),
      ...(/^https:\/\/[a-z0-9.-]+(\/[^\s?#]*[^\s?#/])?$/.test(runbooks)
        ? []
        : [
            {
              what: `runbooks: ${runbooks}`,
              allowed: 'https://HOST/PATH without a slash at its end',
              remedy: 'change it',
            },
          ]),
    ];
  },
];
