import type { OptionNames, OptionParts } from '../core/option-names.ts';
import { sized } from '../core/workload-size.ts';
import { Size, SizeRoundingBehavior } from 'cdk8s';
import { backupNames } from '../stateful/index.ts';
import { maxMemoryPercent, policies, redisSentinelDefaults as defaults } from './defaults.ts';
import type { RedisSentinelProps, RedisUser } from './props.ts';

const because =
  'Estimate until a load test says better: a twentieth of a core answers some thousand questions a second; 512Mi are 307Mi of ' +
  'keys and values, and what changes while the log is written anew.';

export type RedisOptions = ReturnType<typeof resolveOptions>;

/** What was given, and the defaults of what wasn't. */
export function resolveOptions(props: RedisSentinelProps) {
  const { size, engine = defaults.engine, use = defaults.use, sentinels = defaults.sentinels } = props;
  const resources = sized(size, defaults.size, because);
  return {
    engine,
    program: engine === 'redis' ? 'Redis' : 'Valkey',
    version: versionOf(props) ?? { major: 0, minor: 0 },
    ...resources,
    maxMemory:
      whole(props.maxMemory) ?? Size.mebibytes(Math.floor((resources.memory.toMebibytes() * maxMemoryPercent) / 100)),
    use,
    evictionPolicy: props.evictionPolicy ?? policies[use].usual,
    storageClass: props.storageClass ?? defaults.storageClass,
    sentinels,
    quorum: props.quorum ?? Math.floor(sentinels / 2) + 1,
    downAfterSeconds: props.downAfterSeconds ?? defaults.downAfterSeconds,
    failoverTimeoutSeconds: props.failoverTimeoutSeconds ?? defaults.failoverTimeoutSeconds,
    repairKibibytes: props.repairKibibytes ?? defaults.repairKibibytes,
    parameters: props.parameters ?? {},
  };
}

/** Redis reads no fractions; a size keeps one that it was given in mebibytes, however it is asked to round. */
function whole(size: Size | undefined): Size | undefined {
  return size && Size.mebibytes(Math.floor(size.toMebibytes({ rounding: SizeRoundingBehavior.NONE })));
}

/** Of the image, such as 8 and 2 of `8.2.3-bookworm`; undefined where it says none. */
export function versionOf({ image }: Pick<RedisSentinelProps, 'image'>) {
  const [, major, minor] = /^v?(\d+)\.(\d+)\b/.exec(image.version) ?? [];
  return major === undefined || minor === undefined ? undefined : { major: Number(major), minor: Number(minor) };
}

export const optionNames: OptionNames<RedisSentinelProps> = {
  image: 'required',
  exporter: 'required',
  proxy: 'required',
  storage: 'required size',
  authority: 'required',
  name: true,
  engine: true,
  storageClass: true,
  use: true,
  evictionPolicy: true,
  size: true,
  maxMemory: 'size',
  sentinels: true,
  quorum: true,
  downAfterSeconds: true,
  failoverTimeoutSeconds: true,
  repairKibibytes: true,
  backups: 'required',
  generation: true,
  users: true,
  parameters: true,
  patches: true,
};

const userNames: OptionNames<RedisUser> = { name: 'required', rules: 'required', password: 'required' };

export const optionParts: OptionParts<RedisSentinelProps> = { users: userNames, backups: backupNames };
