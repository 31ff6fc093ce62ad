import { Duration, Size } from 'cdk8s';
import type { ApplicationChart } from '../../constructs/core/application-chart.ts';
import { Cpu } from '../../constructs/core/cpu.ts';
import type { Generation } from '../../constructs/core/environment.ts';
import type { Manifest } from '../../constructs/core/manifest.ts';
import { Schedule } from '../../constructs/core/schedule.ts';
import { Bucket, KeeperJob, Life, OffsiteCopy, RestoreTest } from '../../constructs/stateful/index.ts';
import type { KeeperJobProps, OffsiteCopyProps, RestoreTestProps } from '../../constructs/stateful/index.ts';
import { restrictedViolations } from '../../synth/pod-security.ts';
import { podTemplateOf } from '../../synth/pods.ts';
import { built, egressPorts, nextVersion, yamlOf } from '../support/constructs.ts';
import type { Built } from '../support/constructs.ts';
import { at, image, only, refusal, testEnvironment } from '../support/harness.ts';

const environment = testEnvironment();
const store = environment.objectStore('backups');
const elsewhere = environment.objectStore('offsite');
const bucketIn = (scope: ApplicationChart): Bucket =>
  new Bucket(scope, { name: 'redis-backups', store, purpose: 'keeps what the tests write' });
const resources = { cpuRequest: Cpu.millicores(1), memory: Size.mebibytes(1), because: 'measured' };
const lifeOf = (scope: ApplicationChart, generation?: Generation, before?: Life): Life =>
  new Life(scope, 'redis', generation, before);
const only1 = <T>(make: (scope: ApplicationChart) => T): Built<T> => built((scope) => make(scope));

describe('a life', () => {
  test('has the name of the store, and from the second on its number', () => {
    const { value } = only1((scope) => [1, 2].map((number) => lifeOf(scope, { number }).scope));
    expect(value).toEqual(['redis', 'redis-2']);
  });

  test('is the first and empty where nothing is said', () => {
    const { value } = only1((scope) => lifeOf(scope));
    expect([value.generation, value.recovery]).toEqual([1, undefined]);
  });

  test('has a folder of its own, for who writes in one format', () => {
    const { value } = only1((scope) => lifeOf(scope, { number: 3, recovery: { from: 2 } }));
    expect([value.folderOf('rdb'), value.folderOf('rdb', 2)]).toEqual(['redis/rdb-3', 'redis/rdb-2']);
  });

  test('shares name and secrets with the one that it stands beside', () => {
    const keys = { password: { kind: 'random', bytes: 32, encoding: 'base64url' } } as const;
    const props = { name: 'redis-shared', purpose: 'opens it', keys };
    const { value, platform } = only1((scope) => {
      const first = lifeOf(scope);
      const second = new Life(scope, 'other', { number: 2 }, first);
      return [first.secret('app', props) === second.secret('app', props), second.scope];
    });
    expect(value).toEqual([true, 'redis-2']);
    expect(platform.secrets.filter(({ name }) => name === 'redis-shared')).toHaveLength(1);
  });
});

describe('a bucket', () => {
  test('is reached where its provider says, by keys that a person hands over', () => {
    const { value, platform } = only1(bucketIn);
    expect(value.endpoint.targets).toMatchObject([{ host: 's3.example', port: 443 }]);
    expect(value.url('redis')).toBe('s3://test-backups/redis');
    const secret = platform.secrets.find(({ name }) => name === 'redis-backups');
    expect(Object.values(secret!.inventoryEntry().keys).map(({ kind }) => kind)).toEqual(['human', 'human']);
  });

  test('tells newer SDKs to send no checksums that others than AWS refuse', () => {
    expect(only1(bucketIn).value.variables).toEqual({
      AWS_REQUEST_CHECKSUM_CALCULATION: 'when_required',
      AWS_RESPONSE_CHECKSUM_VALIDATION: 'when_required',
    });
  });
});

describe('a keeper job', () => {
  const base: KeeperJobProps = {
    name: 'redis-snapshot',
    program: 'redis',
    component: 'snapshot',
    schedule: Schedule.utc('0 * * * *'),
    retries: 2,
    deadline: Duration.minutes(20),
    priority: 'critical-data',
    container: { name: 'snapshot', image, resources },
    missed: {
      name: 'RedisSnapshotTooOld',
      severity: 'page',
      forMinutes: 5,
      late: Duration.minutes(30),
      summary: (within) => `no snapshot for ${within}`,
      runbook: 'redis-snapshot',
    },
  };
  const make = (changes: Partial<KeeperJobProps> = {}) =>
    only1((scope) => new KeeperJob(scope, 'job', { ...base, ...changes }));

  test('runs by its schedule, and ends', () => {
    const job = only(make().manifests, 'CronJob', 'redis-snapshot');
    expect(job.spec).toMatchObject({
      schedule: '0 * * * *',
      jobTemplate: { spec: { backoffLimit: 2, activeDeadlineSeconds: 1200 } },
    });
  });

  test('is missed when none succeeded for its longest gap and what one may be late, or none ever', () => {
    const labels = '{namespace="test",cronjob="redis-snapshot"}';
    expect(make().platform.alerts.map(({ props }) => props)).toEqual([
      {
        name: 'RedisSnapshotTooOld',
        severity: 'page',
        forMinutes: 5,
        expression: `time() - max(kube_cronjob_status_last_successful_time${labels} or kube_cronjob_created${labels}) > 5400`,
        summary: 'no snapshot for 90 minutes',
        runbook: 'redis-snapshot',
      },
    ]);
  });

  test('has an objective of its age where it makes backups, as old as its alert lets', () => {
    expect(make().platform.objectives).toEqual([]);
    const [objective] = make({ backupsOf: 'redis' }).platform.objectives;
    expect(objective!.id).toBe('redis-backup-age');
    expect(objective!.props.bad).toContain(' > bool 5400)');
  });

  const changes: { [K in keyof Omit<Required<KeeperJobProps>, 'missed' | 'backupsOf'>]: KeeperJobProps[K] } = {
    name: 'other',
    program: 'other',
    component: 'other',
    schedule: Schedule.utc('30 * * * *'),
    retries: 1,
    deadline: Duration.minutes(30),
    priority: 'observability',
    user: 20_001,
    group: 20_002,
    beside: { selector: { 'app.kubernetes.io/instance': 'other' } },
    lowestPort: 53,
    initContainers: [{ name: 'before', image, resources, probes: 'none' }],
    volumes: { work: { sizeLimit: Size.mebibytes(1) } },
    container: { ...base.container, command: ['save'] },
  };
  test.each(Object.entries(changes))('changes with %s', (key, value) => {
    expect(yamlOf(make({ [key]: value }).manifests)).not.toBe(yamlOf(make().manifests));
  });
});

describe('copies elsewhere', () => {
  const make = (changes: Partial<OffsiteCopyProps> = {}) =>
    only1(
      (scope) =>
        new OffsiteCopy(scope, 'copy', {
          source: bucketIn(scope),
          folders: ['postgres', 'redis'],
          store: elsewhere,
          image,
          schedule: Schedule.utc('20 * * * *'),
          ...changes,
        }),
    );
  const job = (manifests: readonly Manifest[]): Manifest => only(manifests, 'CronJob', 'backups-offsite');

  test('are one job for all folders of a bucket, with keys of each provider', () => {
    const [container] = podTemplateOf(job(make().manifests))!.spec!.containers;
    expect(Object.fromEntries(container!.env!.map(({ name, value }) => [name, value]))).toEqual({
      AWS_REQUEST_CHECKSUM_CALCULATION: 'when_required',
      AWS_RESPONSE_CHECKSUM_VALIDATION: 'when_required',
      EMPTY_AT_FIRST: '',
      FOLDERS: 'postgres redis',
      GOMEMLIMIT: '192MiB',
      NEWEST_WITHIN: '',
      SOURCE_BUCKET: 'test-backups',
      SOURCE_ENDPOINT: 'https://s3.example',
      SOURCE_REGION: 'here',
      SOURCE_ACCESS_KEY_ID_FILE: '/run/secrets/redis-backups-reader/access-key-id',
      SOURCE_SECRET_ACCESS_KEY_FILE: '/run/secrets/redis-backups-reader/secret-access-key',
      TARGET_BUCKET: 'test-copies',
      TARGET_ENDPOINT: 'https://s3.elsewhere.example',
      TARGET_REGION: 'there',
      TARGET_ACCESS_KEY_ID_FILE: '/run/secrets/backups-offsite/access-key-id',
      TARGET_SECRET_ACCESS_KEY_FILE: '/run/secrets/backups-offsite/secret-access-key',
    });
  });

  test('tell of all that they copy', () => {
    const { platform } = make({ emptyAtFirst: ['etcd'] });
    expect(platform.all(OffsiteCopy).map(({ folders }) => folders)).toEqual([['postgres', 'redis', 'etcd']]);
  });

  test('pass Pod Security restricted, with a token of nobody', () => {
    const pod = podTemplateOf(job(make().manifests))!.spec!;
    expect(restrictedViolations(pod)).toEqual([]);
    expect(pod.automountServiceAccountToken).toBe(false);
  });

  test('go in parts where the original did: without its MD5, a bucket with object lock takes nothing else', () => {
    const { data } = only(make().manifests, 'ConfigMap', 'backups-offsite') as { data?: Record<string, string> };
    expect(data?.['offsite-copy.sh']).toMatch(/^in_parts="--s3-upload-cutoff 5Mi"$/m);
  });

  test('keys of both providers are asked of a person, and are not those of who writes the backups', () => {
    const human = make()
      .platform.secrets.map((secret) => secret.inventoryEntry())
      .filter(({ keys, copies }) => copies.length > 0 && Object.values(keys).some(({ kind }) => kind === 'human'));
    expect(human.map(({ name }) => name).sort()).toEqual(['backups-offsite', 'redis-backups-reader']);
  });

  test('reach both providers and nobody else', () => {
    const policy = only(make().manifests, 'NetworkPolicy', 'backups-offsite');
    expect(egressPorts(policy)).toContainEqual([{ port: 443, protocol: 'TCP' }]);
    expect(at(policy, 'spec.ingress')).toBeUndefined();
  });

  const changes: { [K in keyof Omit<Required<OffsiteCopyProps>, 'source'>]: OffsiteCopyProps[K] } = {
    folders: ['redis'],
    emptyAtFirst: ['etcd'],
    newestWithin: Duration.hours(8),
    store: { ...elsewhere, bucket: 'another' },
    image: nextVersion(image),
    schedule: Schedule.utc('50 * * * *'),
    bandwidthMebibytes: 10,
  };
  test.each(Object.entries(changes))('change with %s', (key, value) => {
    expect(yamlOf(make({ [key]: value }).manifests)).not.toBe(yamlOf(make().manifests));
  });

  test.each([
    [
      'at the same provider',
      { store: { ...elsewhere, host: store.host } },
      'the copies go to s3.example, where the backups are',
    ],
    ['of nothing', { folders: [] }, 'it has no folders'],
  ])('%s are refused', (_, given, what) => {
    expect(refusal(() => make(given)).map((finding) => finding.what)).toEqual([what]);
  });
});

describe('a restore test', () => {
  const make = (changes: Partial<RestoreTestProps> = {}, generation?: Generation) =>
    only1(
      (scope) =>
        new RestoreTest(scope, 'restore-test', {
          life: lifeOf(scope, generation),
          bucket: bucketIn(scope),
          schedule: Schedule.utc('0 4 * * 0'),
          scratch: Size.gibibytes(5),
          storageClass: 'local-path',
          kind: 'Redis',
          program: 'redis',
          container: { image, resources, command: ['restore', '/scratch'] },
          ...changes,
        }),
    );
  const job = (manifests: readonly Manifest[]): Manifest => only(manifests, 'CronJob', 'redis-restore-test');

  test('has a volume of its own, which is lost with it', () => {
    const { volumes, containers } = podTemplateOf(job(make().manifests))!.spec!;
    expect(volumes?.[0]?.ephemeral?.volumeClaimTemplate?.spec).toMatchObject({
      storageClassName: 'local-path',
      resources: { requests: { storage: '5Gi' } },
    });
    expect(containers[0]?.volumeMounts).toContainEqual({ name: 'scratch', mountPath: '/scratch' });
  });

  test('is missed by whoever is on duty', () => {
    expect(
      make().platform.alerts.map(({ props }) => [props.name, props.severity, props.summary, props.runbook]),
    ).toEqual([
      [
        'RedisRestoreTestFailed',
        'page',
        'no backup of redis was restored and read within 8 days',
        'redis-restore-test',
      ],
    ]);
  });

  test('of another life is another job', () => {
    const [manifest] = make({}, { number: 2 }).manifests.filter(({ kind }) => kind === 'CronJob');
    expect(manifest?.metadata.name).toBe('redis-2-restore-test');
  });

  const changes: { [K in keyof Omit<Required<RestoreTestProps>, 'life' | 'bucket' | 'kind'>]: RestoreTestProps[K] } = {
    schedule: Schedule.utc('0 5 * * 0'),
    scratch: Size.gibibytes(6),
    storageClass: 'hcloud-volumes',
    lowestPort: 53,
    program: 'other',
    user: 20_001,
    group: 20_002,
    initContainers: [{ name: 'before', image, resources, probes: 'none' }],
    volumes: { work: { sizeLimit: Size.mebibytes(1) } },
    container: { image, resources, command: ['restore'] },
  };
  test.each(Object.entries(changes))('changes with %s', (key, value) => {
    expect(yamlOf(make({ [key]: value }).manifests)).not.toBe(yamlOf(make().manifests));
  });
});
