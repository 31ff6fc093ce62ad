import { JsonPatch, Size } from 'cdk8s';
import { dump } from 'js-yaml';
import { Cpu } from '../../constructs/core/cpu.ts';
import type { Manifest } from '../../constructs/core/manifest.ts';
import { patroniClusterDefaults } from '../../constructs/patroni-cluster/index.ts';
import type { PatroniClusterProps } from '../../constructs/patroni-cluster/index.ts';
import { restrictedViolations } from '../../synth/pod-security.ts';
import { podTemplateOf } from '../../synth/pods.ts';
import { everyOption, nextVersion, yamlOf } from '../support/constructs.ts';
import type { ChangeOfEveryOption, Servers } from '../support/constructs.ts';
import { difference } from '../support/difference.ts';
import { at, only } from '../support/harness.ts';
import { backups, cluster, clusterWith, files, minimal, statefulSet } from '../support/patroni-cluster.ts';

/**
 * But for those that need another cluster (see patroni-cluster-archive.test.ts and patroni-cluster-standby.test.ts), and for
 * sslMode, which its clients show (patroni-cluster-configuration.test.ts).
 */
const changes: ChangeOfEveryOption<Omit<PatroniClusterProps, 'copyOf' | 'standbyOf' | 'sslMode'>> = {
  name: () => 'orders',
  image: () => nextVersion(minimal.image),
  exporter: () => ({ ...minimal.image, reference: 'registry.example/exporter:1.2.3' }),
  kubernetesApi: ({ api }) => api,
  databases: () => [
    { name: 'shop', extensions: ['pg_trgm'] },
    { name: 'order_archive', owner: 'archivist', user: 'reader' },
  ],
  storage: () => Size.gibibytes(100),
  storageClass: () => 'hcloud-volumes',
  version: () => 16,
  members: () => 3,
  size: () => ({ cpuRequest: Cpu.cores(2), memory: Size.gibibytes(8) }),
  synchronous: () => 'strict',
  authority: () => false,
  consensus: () => 'configmaps',
  backups: () => backups,
  generation: () => ({ number: 2 }),
  pooler: () => ({ image: minimal.image, exporter: false }),
  parameters: () => ({ max_connections: 200 }),
  patches: () => [JsonPatch.add('/spec/template/spec/runtimeClassName', 'gvisor')],
};

/** The scripts are a helper's business and have tests of their own: neither they nor their hash belong in here. */
function withoutScripts(manifests: readonly Manifest[]): string {
  return yamlOf(
    manifests.filter(({ kind, metadata }) => kind !== 'ConfigMap' || metadata.name.endsWith('-configuration')),
  ).replace(/(diptych\/files: ).*/g, '$1HASH');
}

describe('output', () => {
  // What a pooler adds stands in patroni-cluster-pooler.test.ts.
  const all = (servers: Servers): Partial<PatroniClusterProps> => ({ ...everyOption(changes, servers), pooler: false });
  const kinds = (manifests: readonly Manifest[], ...wanted: string[]): Manifest[] =>
    manifests.filter(({ kind }) => wanted.includes(kind));
  const around = (manifests: readonly Manifest[]): Manifest[] =>
    manifests.filter(({ kind }) => !['StatefulSet', 'ConfigMap', 'CronJob', 'NetworkPolicy'].includes(kind));

  describe('with nothing but what has to be given', () => {
    const { manifests } = cluster();
    const [database, ...beside] = podTemplateOf(statefulSet(manifests))!.spec!.containers;

    test('the members, with the database', () => {
      const members = JSON.parse(JSON.stringify(statefulSet(manifests))) as Manifest;
      podTemplateOf(members)!.spec!.containers = [database!];
      expect(withoutScripts([members])).toMatchSnapshot();
    });

    test('the containers beside the database', () => {
      expect(dump(beside, { sortKeys: true })).toMatchSnapshot();
    });

    test('their configuration', () => {
      expect(withoutScripts(kinds(manifests, 'ConfigMap'))).toMatchSnapshot();
    });

    test('what comes with them', () => {
      expect(withoutScripts(around(manifests))).toMatchSnapshot();
    });
  });

  test('another id in the code changes no byte', () => {
    const of = (id: string): string => yamlOf(cluster(all, id).manifests);
    expect(of('moved')).toBe(of('postgres'));
  });
});

describe('options', () => {
  const keys = Object.keys(changes) as (keyof typeof changes)[];

  test.each(keys)('%s changes the output', (key) => {
    const [old, changed] = [cluster(), cluster((servers) => ({ [key]: changes[key](servers) }))];
    expect(yamlOf(changed.manifests)).not.toBe(yamlOf(old.manifests));
    const text = withoutScripts(changed.manifests);
    const named: Readonly<Record<string, string>> = { name: 'orders', generation: 'postgres-2' };
    expect(
      difference(withoutScripts(old.manifests), text.replaceAll(named[key] ?? 'postgres', 'postgres')),
    ).toMatchSnapshot();
  });

  test.each([{ cpuRequest: Cpu.cores(3) }, { memory: Size.gibibytes(3) }])('size.%j changes the output', (size) => {
    expect(yamlOf(clusterWith({ size }).manifests)).not.toBe(yamlOf(cluster().manifests));
  });

  test('those that are left out are the documented ones', () => {
    expect(
      yamlOf(clusterWith({ ...patroniClusterDefaults, name: 'postgres', generation: { number: 1 } }).manifests),
    ).toBe(
      // Whoever says the size has a reason of their own for it.
      yamlOf(clusterWith({ size: patroniClusterDefaults.size }).manifests),
    );
    expect(podTemplateOf(statefulSet(cluster().manifests))!.spec!.containers[0]!.resources).toEqual({
      requests: { cpu: '500m', memory: '2Gi' },
      limits: { memory: '2Gi' },
    });
  });
});

describe('members', () => {
  const everywhere = clusterWith({ backups, exporter: minimal.image }).manifests;
  const pods = everywhere.flatMap((manifest) => podTemplateOf(manifest)?.spec ?? []);
  const containers = pods.flatMap((pod) => pod.containers);

  test('the primary and the standby never share a node', () => {
    const template = podTemplateOf(statefulSet(cluster().manifests))!;
    const [term, ...others] =
      template.spec!.affinity!.podAntiAffinity!.requiredDuringSchedulingIgnoredDuringExecution ?? [];
    expect([term?.topologyKey, others]).toEqual(['kubernetes.io/hostname', []]);
    const labels: Readonly<Record<string, string>> = template.metadata!.labels!;
    const wanted = Object.entries(term?.labelSelector?.matchLabels ?? {});
    expect(wanted.length).toBeGreaterThan(0);
    expect(wanted.filter(([key, value]) => labels[key] !== value)).toEqual([]);
  });

  test('pass Pod Security restricted, as do the jobs beside them', () => {
    expect(pods).toHaveLength(2);
    expect(pods.flatMap((pod) => restrictedViolations(pod))).toEqual([]);
  });

  test('run as the user that owns PostgreSQL in the image', () => {
    expect(at(statefulSet(everywhere), 'spec.template.spec.securityContext')).toMatchObject({
      runAsUser: 101,
      runAsGroup: 103,
      fsGroup: 103,
      fsGroupChangePolicy: 'OnRootMismatch',
    });
  });

  test('no password and no key stands in an argument, a variable or a file of the configuration', () => {
    const secretive = /password|secret|key|token/i;
    const variables = containers.flatMap(({ env = [] }) => env);
    const named = variables.filter(({ name }) => secretive.test(name));
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter(({ value = '' }) => !value.startsWith('/run/secrets/'))).toEqual([]);
    expect(variables.filter(({ value = '' }) => !value.startsWith('/') && secretive.test(value))).toEqual([]);
    expect(variables.filter(({ valueFrom }) => valueFrom !== undefined && valueFrom.fieldRef === undefined)).toEqual(
      [],
    );
    expect(containers.flatMap(({ command = [], args = [] }) => [...command, ...args]).join(' ')).not.toMatch(secretive);
    const texts = Object.values(files(everywhere)).flatMap((text) => text.split('\n'));
    const suspicious = texts.filter((line) => secretive.test(line) && !/run\/(secrets|tls)\//.test(line));
    expect(suspicious.map((line) => line.trim())).toEqual([
      '"passwords": {',
      '"password_encryption": "scram-sha-256",',
      ...texts.filter((line) => /^ +password_encryption: scram-sha-256$/.test(line)).map((line) => line.trim()),
    ]);
  });

  test('start together, because the leader may be any of them', () => {
    expect(at(statefulSet(everywhere), 'spec.podManagementPolicy')).toBe('Parallel');
  });

  test('have three minutes to stop, of which a primary spends one at most until somebody may take over', () => {
    const { terminationGracePeriodSeconds, containers: list } = podTemplateOf(statefulSet(everywhere))!.spec!;
    expect(terminationGracePeriodSeconds).toBe(180);
    expect(list.map(({ lifecycle }) => lifecycle?.preStop?.exec?.command)).toEqual([
      ['python3', '/opt/postgres/before_stop.py', '/etc/patroni/agent.json', '60'],
      ...[undefined, undefined],
    ]);
  });

  test('a rolling update leaves a standby the time to become synchronous before it takes the next one', () => {
    expect(at(statefulSet(everywhere), 'spec.minReadySeconds')).toBe(15);
  });

  test('are asked by Patroni itself whether they live and whether they are ready', () => {
    const [postgres] = podTemplateOf(statefulSet(everywhere))!.spec!.containers;
    const asked = [postgres?.startupProbe, postgres?.readinessProbe, postgres?.livenessProbe];
    expect(asked.map((probe) => probe?.httpGet?.path)).toEqual(['/liveness', '/readiness', '/liveness']);
  });

  test('share the socket of PostgreSQL, and only the database writes to its volume, but for the reserve', () => {
    const mounts = podTemplateOf(statefulSet(everywhere))!.spec!.containers.map(({ name, volumeMounts = [] }) => [
      name,
      volumeMounts.some((mount) => mount.name === 'socket'),
      volumeMounts
        .filter((mount) => mount.name === 'data')
        .map(({ readOnly = false, subPath }) => subPath ?? (readOnly ? 'read' : 'written')),
    ]);
    expect(mounts).toEqual([
      ['postgres', true, ['written']],
      ['agent', true, ['read', 'reserve']],
      ['exporter', true, []],
    ]);
  });

  test('say in words what version their volumes are of, and that they are meant to begin empty', () => {
    const generation = { number: 2, empty: true } as const;
    expect(statefulSet(clusterWith({ version: 16, generation }).manifests).metadata.annotations).toMatchObject({
      'diptych/postgresql-major': '16',
      'diptych/begins-empty': 'true',
    });
  });

  test('new scripts make new pods', () => {
    expect(at(statefulSet(everywhere), 'spec.template.metadata.annotations')).toEqual({
      'diptych/files': expect.stringMatching(/^[0-9a-f]{12}$/) as string,
    });
  });

  test('a drain takes one at a time', () => {
    expect(only(everywhere, 'PodDisruptionBudget').spec).toMatchObject({ maxUnavailable: 1 });
  });
});

test('no size of memory that is allowed gives PostgreSQL more than it has', () => {
  for (const mebibytes of [512, 2048, 65_536]) {
    const { manifests } = clusterWith({ size: { memory: Size.mebibytes(mebibytes) } });
    const [, buffers] = /shared_buffers: (\d+)MB/.exec(files(manifests)['patroni.yml'] ?? '') ?? [];
    const [, sorting] = /work_mem: (\d+)MB/.exec(files(manifests)['patroni.yml'] ?? '') ?? [];
    expect(Number(buffers)).toBe(mebibytes / 4);
    expect(Number(buffers) + 100 * Number(sorting)).toBeLessThanOrEqual(mebibytes);
  }
});
