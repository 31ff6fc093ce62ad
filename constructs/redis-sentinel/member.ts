import path from 'node:path';
import type { Construct } from 'constructs';
import { ConfigFiles } from '../core/config-files.ts';
import type { ContainerProps } from '../core/container.ts';
import { persistentVolumeClaim } from '../core/pod-volume.ts';
import { execProbes } from '../core/probes.ts';
import { archiveScripts } from '../stateful/index.ts';
import type { Archive } from '../stateful/index.ts';
import { restoringScripts } from './backup.ts';
import { exporters } from './exporter.ts';
import type { RedisOptions } from './options.ts';
import { configurationPath, ports, redisUser, script, scriptsPath } from './paths.ts';
import type { RedisSentinelProps } from './props.ts';
import { Workload } from '../core/workload.ts';
import { common, membersOf, places, podVolumes, serviceNames } from './parts.ts';
import type { Parts } from './parts.ts';
import { passwordFiles, usersAcl } from './users.ts';

const folder = path.join(import.meta.dirname, 'files');

/** Seconds that a primary which is told to stop may take to hand over. */
const handOverSeconds = 30;

/** What a server reads, and no script. */
export function configurationOf(
  construct: Construct,
  props: RedisSentinelProps,
  options: RedisOptions,
  { life }: Pick<Parts, 'life'>,
): ConfigFiles {
  return new ConfigFiles(construct, 'configuration', {
    name: `${life.scope}-configuration`,
    folder,
    pick: ['member/redis.conf'],
    data: { 'settings.conf': settings(options), 'users.acl': usersAcl('member', props) },
  });
}

/** The primary and its replica: a StatefulSet whose pods decide among themselves who is which. */
export function members(
  construct: Construct,
  props: RedisSentinelProps,
  options: RedisOptions,
  parts: Parts,
  configuration: ConfigFiles,
  archive: Archive | false,
): Workload {
  const { life } = parts;
  const name = life.scope;
  // A life that begins with a backup of another one fetches it itself.
  const source = archive && life.recovery ? archive : undefined;
  const carrier = source?.carrier;
  const workload = new Workload(construct, 'members', {
    name,
    program: options.engine,
    component: 'server',
    controller: {
      kind: 'StatefulSet',
      replicas: membersOf(life).length,
      serviceName: serviceNames(name).members,
      // Until the Sentinels know that it may be promoted.
      minReadySeconds: 15,
      volumeClaims: [persistentVolumeClaim('data', props.storage, options.storageClass)],
    },
    containers: [server(construct, props, options, parts, configuration, source), ...exporters(parts, ports.redis)],
    ...(carrier ? { initContainers: [carrier.container] } : {}),
    volumes: { ...podVolumes(parts), ...carrier?.volumes },
    priority: 'critical-data',
    spread: 'strict',
    dataFormat: {
      program: options.program,
      ...options.version,
      recoveredFrom: life.recovery && life.scopeOf(life.recovery.from),
      empty: life.empty,
      encrypted: archive ? archive.encrypted : undefined,
      alternatives: [options.program === 'Redis' ? 'Valkey' : 'Redis'],
      runbook: 'redis-upgrade',
    },
    user: redisUser,
    // The hand-over, ten seconds for the replica to have everything, and the last write to the disk.
    terminationGracePeriodSeconds: handOverSeconds + 40,
    // Its data is on its node: there is nowhere to go.
    leaveLostNodeAfterSeconds: false,
  });
  if (source) workload.observes(source.bucket.endpoint, 'reads the backup that it begins with');
  workload.object.addJsonPatch(...(props.patches ?? []));
  return workload;
}

function server(
  construct: Construct,
  props: RedisSentinelProps,
  options: RedisOptions,
  parts: Parts,
  configuration: ConfigFiles,
  source: Archive | undefined,
): ContainerProps {
  const { life, passwords } = parts;
  const restore = source && {
    environment: { ...source.environment, ...source.beginning() },
    secretFiles: source.readerFiles(),
  };
  const { mounts = [], ...directories } = places(parts);
  return {
    name: 'redis',
    image: props.image,
    command: [script('start.sh')],
    environment: {
      ...common(parts),
      DOWN_AFTER: String(options.downAfterSeconds * 1000),
      REPAIR_BYTES: String(options.repairKibibytes * 1024),
      ...restore?.environment,
    },
    podFields: { POD_NAME: 'metadata.name' },
    secretFiles: { ...passwordFiles(passwords, props.users), ...restore?.secretFiles },
    ports: [{ name: 'redis', port: ports.redis }],
    resources: { cpuRequest: options.cpuRequest, memory: options.memory, because: options.because },
    probes: execProbes(
      { live: [script('probe.sh'), 'live'], ready: [script('probe.sh'), 'ready'] },
      // A log that is read at the start may be long.
      {
        startup: { withinSeconds: 300, timeoutSeconds: 5 },
        readiness: { periodSeconds: 5, timeoutSeconds: 5 },
        liveness: { timeoutSeconds: 5 },
      },
    ),
    beforeStop: { command: [script('before-stop.sh')], atMostSeconds: handOverSeconds },
    files: {
      [configurationPath]: configuration,
      [scriptsPath]: new ConfigFiles(construct, 'scripts', {
        name: `${life.scope}-scripts`,
        folder,
        pick: [
          ...['ask.sh', 'configure.sh', 'redis.sh', 'serve.sh', 'spin.sh'].map((file) => `common/${file}`),
          ...['start.sh', 'decide.sh', 'know.sh', 'damage.sh', 'watch.sh', 'probe.sh', 'before-stop.sh'].map(
            (file) => `member/${file}`,
          ),
          ...(restore ? restoringScripts : []),
        ],
        data: restore ? archiveScripts('bucket.sh') : {},
        executable: true,
      }),
    },
    ...directories,
    mounts: [...mounts, ...(source ? [source.carrier.mount] : [])],
  };
}

/** What follows from the options. */
function settings({ maxMemory, evictionPolicy, parameters }: RedisOptions): string {
  const lines = { maxmemory: `${maxMemory.toMebibytes()}mb`, 'maxmemory-policy': evictionPolicy, ...parameters };
  return Object.entries(lines)
    .map(([name, value]) => `${name} ${value}\n`)
    .join('');
}
