import path from 'node:path';
import { Size } from 'cdk8s';
import type { Construct } from 'constructs';
import { ConfigFiles } from '../core/config-files.ts';
import { Cpu } from '../core/cpu.ts';
import { emptyAnnotation } from '../core/data-format.ts';
import { persistentVolumeClaim } from '../core/pod-volume.ts';
import { execProbes } from '../core/probes.ts';
import { Workload } from '../core/workload.ts';
import { exporters } from './exporter.ts';
import type { RedisOptions } from './options.ts';
import { common, places, podVolumes, serviceNames } from './parts.ts';
import type { Parts } from './parts.ts';
import { configurationPath, ports, redisUser, script, scriptsPath } from './paths.ts';
import type { RedisSentinelProps } from './props.ts';
import { passwordFiles, usersAcl } from './users.ts';

/** Those that watch the members, and promote the replica where a majority sees that the primary is gone. */
export function sentinels(
  construct: Construct,
  props: RedisSentinelProps,
  options: RedisOptions,
  parts: Parts,
): Workload {
  const { life, passwords } = parts;
  const names = serviceNames(life.scope);
  const folder = path.join(import.meta.dirname, 'files');
  const workload = new Workload(construct, 'sentinels', {
    name: names.sentinel,
    program: options.engine,
    component: 'sentinel',
    controller: {
      kind: 'StatefulSet',
      replicas: options.sentinels,
      serviceName: names.sentinels,
      // What it voted for and whom it knows: one that forgot it could vote twice.
      volumeClaims: [persistentVolumeClaim('data', Size.gibibytes(1), options.storageClass)],
    },
    containers: [
      {
        name: 'sentinel',
        image: props.image,
        command: [script('start.sh')],
        environment: {
          ...common(parts),
          QUORUM: String(options.quorum),
          DOWN_AFTER: String(options.downAfterSeconds * 1000),
          FAILOVER_TIMEOUT: String(options.failoverTimeoutSeconds * 1000),
        },
        podFields: { POD_NAME: 'metadata.name' },
        secretFiles: passwordFiles(passwords),
        ports: [{ name: 'sentinel', port: ports.sentinel }],
        resources: {
          cpuRequest: Cpu.millicores(10),
          memory: Size.mebibytes(64),
          because: 'Measured: a Sentinel takes 10Mi, and what asks the others every two seconds some milliseconds.',
        },
        probes: execProbes(
          { live: [script('probe.sh'), 'live'], ready: [script('probe.sh'), 'ready'] },
          { startup: { timeoutSeconds: 5 }, readiness: { timeoutSeconds: 5 }, liveness: { timeoutSeconds: 5 } },
        ),
        files: {
          [configurationPath]: new ConfigFiles(construct, 'sentinel-configuration', {
            name: `${names.sentinel}-configuration`,
            folder,
            pick: ['sentinel/sentinel.conf'],
            data: { 'users.acl': usersAcl('sentinel', props) },
          }),
          [scriptsPath]: new ConfigFiles(construct, 'sentinel-scripts', {
            name: `${names.sentinel}-scripts`,
            folder,
            pick: [
              ...['ask.sh', 'configure.sh', 'redis.sh', 'serve.sh', 'spin.sh'].map((file) => `common/${file}`),
              ...['start.sh', 'adopt.sh', 'probe.sh'].map((file) => `sentinel/${file}`),
            ],
            executable: true,
          }),
        },
        ...places(parts),
      },
      ...exporters(parts, ports.sentinel),
    ],
    volumes: podVolumes(parts),
    priority: 'critical-data',
    spread: 'voters',
    user: redisUser,
    leaveLostNodeAfterSeconds: false,
  });
  // What those of another life know is of its members: these begin with what there is.
  if (life.generation > 1) workload.object.metadata.addAnnotation(emptyAnnotation, 'true');
  return workload;
}
