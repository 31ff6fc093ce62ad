import { Size } from 'cdk8s';
import type { Construct } from 'constructs';
import type { ApiRule } from '../core/api-rights.ts';
import type { ConfigFiles } from '../core/config-files.ts';
import type { ContainerProps } from '../core/container.ts';
import { Cpu } from '../core/cpu.ts';
import type { TrustedAuthority } from '../core/endpoint.ts';
import type { Image } from '../core/environment.ts';
import { persistentVolumeClaim } from '../core/pod-volume.ts';
import type { Mount, PodVolume } from '../core/pod-volume.ts';
import { httpProbes } from '../core/probes.ts';
import type { SecretKeyReference } from '../core/secret-ref.ts';
import { Workload } from '../core/workload.ts';
import type { Life } from '../stateful/index.ts';
import { dataFormatOf } from './data-format.ts';
import { passwordFiles } from './endpoints.ts';
import type { PatroniOptions } from './options.ts';
import {
  configurationPath,
  dataDirectory,
  exporterUser,
  ports,
  postgresGroup,
  postgresUser,
  reservePath,
  script,
  scriptsPath,
  socketDirectory,
  tlsPath,
  volumePath,
} from './paths.ts';
import { refuseOtherMemory } from './patched-memory.ts';
import type { PatroniClusterProps } from './props.ts';
import { roleLabel, serviceNames } from './services.ts';
import { copiedWithinSeconds, copiesFirst } from './volume.ts';

/** What the pods of a cluster are made of. */
export interface MemberProps extends PatroniOptions {
  readonly life: Life;
  readonly image: Image;
  readonly exporterImage: Image | undefined;
  /** Variables of WAL-G, and the files of its keys; none without an archive. */
  readonly archive:
    | {
        readonly environment: Readonly<Record<string, string>>;
        readonly secretFiles: Readonly<Record<string, SecretKeyReference>>;
      }
    | undefined;
  readonly memberSecrets: Readonly<Record<'replication' | 'rewind' | 'restapi', SecretKeyReference>>;
  readonly rolePasswords: Readonly<Record<string, SecretKeyReference>>;
  readonly scripts: ConfigFiles;
  readonly configuration: ConfigFiles;
  /** Who signed the members' certificate; undefined without TLS. */
  readonly authority: TrustedAuthority | undefined;
  /** The certificate that all members share. */
  readonly certificate: PodVolume | undefined;
}

export const claimName = 'data';
const database = 'postgres';

/** What their labels call them. */
export const program = { name: 'patroni', component: 'database' } as const;

/** The members of a cluster: a StatefulSet whose pods find each other. */
export function members(construct: Construct, props: PatroniClusterProps, member: MemberProps): Workload {
  const { life, version, consensus, storageClass } = member;
  const workload = new Workload(construct, 'members', {
    name: life.scope,
    program: program.name,
    component: program.component,
    controller: {
      kind: 'StatefulSet',
      replicas: member.members,
      serviceName: serviceNames(life.scope).members,
      minReadySeconds: synchronousWithinSeconds,
      volumeClaims: [persistentVolumeClaim(claimName, props.storage, storageClass)],
    },
    containers: memberContainers(member),
    volumes: memberVolumes(member),
    priority: 'critical-data',
    spread: 'strict',
    api: {
      endpoint: props.kubernetesApi,
      reason: 'holds the lock of the leader',
      // Patroni alone. Who has its token holds the lock.
      containers: [database],
      rules: patroniRules(life.scope, member.members, consensus),
    },
    runtimeLabels: [roleLabel],
    dataFormat: dataFormatOf(life, version, props),
    user: postgresUser,
    group: postgresGroup,
    progressDeadlineSeconds: copiesFirst(life, props) ? copiedWithinSeconds(props.storage) : undefined,
    // On SIGTERM Patroni writes a checkpoint, sends the last WAL to the standby and hands the lock over by itself. A
    // preStop hook that asks for a switchover only takes time from a pod that is killed soon: 22 s in place of 5. Ours
    // asks for nothing, and takes none where there is a successor.
    terminationGracePeriodSeconds: 180,
    // Its data is on its node: there is nowhere to go.
    leaveLostNodeAfterSeconds: false,
  });
  workload.object.addJsonPatch(...(props.patches ?? []));
  refuseOtherMemory(workload, database, member.memory);
  return workload;
}

/**
 * Seconds from a standby's return until it may take over, with room: it streams at once, and Patroni makes it synchronous
 * in the leader's next turn or the one after, each 5 seconds and two more. Measured with a rolling update: a primary that
 * was stopped before left nobody to write to for 10 to 22 s, one after 12 s for 3.
 *
 * Readiness doesn't say it: it is also who may be read from, and who counts in a drain, and a member alone, or one that
 * nobody makes synchronous, has to stay ready.
 */
const synchronousWithinSeconds = 15;

/**
 * Seconds that a primary which is told to stop waits for a successor: several returns of a standby. A rolling update that
 * begins while one is away, a second update during the first, and a deletion by hand don't ask who is ready.
 */
const successorWithinSeconds = 60;

/**
 * What Patroni asks of the Kubernetes API, as measured over bootstrap and failovers, and nothing more (Patroni 4.1,
 * dcs/kubernetes.py): its own objects and pods by name.
 */
function patroniRules(scope: string, members: number, consensus: 'endpoints' | 'configmaps'): readonly ApiRule[] {
  // With Endpoints, the lock is in those of the primary's Service.
  const lock = consensus === 'endpoints' ? scope : `${scope}-leader`;
  const unnamedBecause = 'Kubernetes knows no names here; it looks for the labels of its cluster';
  return [
    {
      apiGroups: [''],
      resources: [consensus],
      resourceNames: [lock, ...['config', 'failover', 'sync'].map((part) => `${scope}-${part}`)],
      verbs: ['get', 'patch'],
    },
    {
      apiGroups: [''],
      resources: [consensus],
      verbs: ['create'],
      unnamedBecause: 'Kubernetes knows no name yet: Patroni makes what it keeps its lock in',
    },
    { apiGroups: [''], resources: [consensus], verbs: ['list', 'watch'], unnamedBecause },
    // Its own role is a label of its pod.
    {
      apiGroups: [''],
      resources: ['pods'],
      resourceNames: Array.from({ length: members }, (_, index) => `${scope}-${index}`),
      verbs: ['patch'],
    },
    { apiGroups: [''], resources: ['pods'], verbs: ['list', 'watch'], unnamedBecause },
  ];
}

function memberVolumes(props: MemberProps): Readonly<Record<string, PodVolume>> {
  return {
    socket: { sizeLimit: Size.mebibytes(1) },
    // What queries share between their parallel workers.
    'shared-memory': { sizeLimit: Size.mebibytes(Math.floor(props.memory.toMebibytes() / 8)), inMemory: true },
    ...(props.certificate ? { tls: props.certificate } : {}),
  };
}

/** The database, the agent that looks after it, and the exporter of its numbers. */
function memberContainers(props: MemberProps): readonly [ContainerProps, ...ContainerProps[]] {
  const exporter = props.exporterImage;
  return [
    databaseContainer(props),
    agentContainer(props),
    ...(exporter === undefined ? [] : [exporterContainer(exporter)]),
  ];
}

function sharedFiles({ scripts, configuration }: MemberProps): Readonly<Record<string, ConfigFiles>> {
  return { [configurationPath]: configuration, [scriptsPath]: scripts };
}

function sharedMounts({ certificate }: MemberProps): readonly Mount[] {
  return [
    { volume: 'socket', path: socketDirectory },
    ...(certificate ? [{ volume: 'tls', path: tlsPath, readOnly: true }] : []),
  ];
}

function databaseContainer(props: MemberProps): ContainerProps {
  return {
    name: database,
    image: props.image,
    command: [script('start.sh')],
    environment: { ...props.archive?.environment, PGDATA: dataDirectory },
    podFields: { PATRONI_NAME: 'metadata.name', PATRONI_KUBERNETES_POD_IP: 'status.podIP' },
    secretFiles: { ...props.archive?.secretFiles, ...passwordFiles(props.memberSecrets) },
    authorities: props.authority ? [props.authority] : [],
    ports: [
      { name: 'postgres', port: ports.postgres },
      { name: 'patroni', port: ports.patroni },
    ],
    resources: { cpuRequest: props.cpuRequest, memory: props.memory, because: props.because },
    probes: patroniProbes,
    // The same whether it is alone, synchronous or follows another cluster: none of it may make new pods when it changes.
    beforeStop: {
      command: [
        ...['python3', script('before_stop.py')],
        ...[`${configurationPath}/agent.json`, String(successorWithinSeconds)],
      ],
      // And the last question, to each of two others.
      atMostSeconds: successorWithinSeconds + 15,
    },
    writableDirectories: [{ name: 'tmp', path: '/tmp', sizeLimit: Size.mebibytes(64) }],
    files: sharedFiles(props),
    mounts: [
      ...sharedMounts(props),
      { volume: 'shared-memory', path: '/dev/shm' },
      { volume: claimName, path: volumePath },
    ],
  };
}

/**
 * Patroni's own answers. Liveness is 503 when its loop stood still for longer than the leader's lock holds: it takes the
 * place of a watchdog. It stays 200 while a copy or a recovery runs, however long.
 * @see https://patroni.readthedocs.io/en/latest/rest_api.html#health-check-endpoints (4.1)
 */
const patroniProbes = httpProbes(
  'patroni',
  { live: '/liveness', ready: '/readiness' },
  {
    startup: { withinSeconds: 120 },
    readiness: { periodSeconds: 5 },
    liveness: { periodSeconds: 5, failureThreshold: 4 },
  },
);

function agentContainer(props: MemberProps): ContainerProps {
  return {
    name: 'agent',
    image: props.image,
    command: ['python3', script('agent.py'), '--config', `${configurationPath}/agent.json`],
    environment: {
      ...props.archive?.environment,
      // What WAL-G takes grows with a backup: 449 MB were measured for 5 GB, 297 to 345 MB with this.
      GOMEMLIMIT: '256MiB',
      PYTHONDONTWRITEBYTECODE: '1',
    },
    podFields: { POD_NAME: 'metadata.name' },
    secretFiles: {
      ...props.archive?.secretFiles,
      ...passwordFiles({ ...props.memberSecrets, ...props.rolePasswords }),
    },
    ports: [{ name: 'agent', port: ports.agent }],
    resources: {
      cpuRequest: Cpu.millicores(50),
      memory: Size.gibibytes(1),
      because:
        'Measured: 4m of CPU, up to 200m in a backup, which may wait for it; a backup of 5 GB was killed at 512Mi, with 327 MB of its own.',
    },
    probes: httpProbes('agent', { live: '/healthz' }),
    writableDirectories: [{ name: 'agent-tmp', path: '/tmp', sizeLimit: Size.mebibytes(64) }],
    files: sharedFiles(props),
    mounts: [
      ...sharedMounts(props),
      // WAL-G reads the data directory; it writes nothing there.
      { volume: claimName, path: volumePath, readOnly: true },
      { volume: claimName, path: reservePath, folder: 'reserve' },
    ],
  };
}

function exporterContainer(image: Image): ContainerProps {
  return {
    name: 'exporter',
    image,
    // Not PostgreSQL's, which lets its own user in as superuser.
    user: exporterUser.number,
    // Off by default, and what tells of a wraparound in time.
    command: ['/bin/postgres_exporter', '--collector.database_wraparound'],
    environment: {
      // By the socket, as a role without a password that may only look: PostgreSQL knows it by its user.
      DATA_SOURCE_NAME: `host=${socketDirectory} user=monitoring dbname=postgres sslmode=disable`,
    },
    ports: [{ name: 'metrics', port: ports.exporter }],
    resources: {
      cpuRequest: Cpu.millicores(10),
      memory: Size.mebibytes(64),
      because: 'Measured: 1m of CPU beside a scrape, 14Mi after a scrape of PostgreSQL 15.',
    },
    probes: httpProbes('metrics', { live: '/' }),
    // A client needs no more, and who may write there could take the server's place.
    mounts: [{ volume: 'socket', path: socketDirectory, readOnly: true }],
  };
}
