import fs from 'node:fs';
import { load } from 'js-yaml';
import { data } from '../../apps/data.ts';
import { applicationsOf } from '../../apps/index.ts';
import { namespaceOf } from '../../apps/namespaces.ts';
import { loadEnvironment, parseEnvironment } from '../../config/index.ts';
import { application } from '../../constructs/core/application.ts';
import type { ApplicationChart } from '../../constructs/core/application-chart.ts';
import { Platform } from '../../constructs/core/platform.ts';
import { PatroniCluster } from '../../constructs/patroni-cluster/index.ts';
import { declared } from '../../scripts/recover/options.ts';
import { synthesise } from '../../synth/synthesise.ts';
import { toYaml } from '../../synth/yaml.ts';
import { root } from '../support/committed.ts';
import { at, testImages, testInput } from '../support/harness.ts';
import { minimal } from '../support/patroni-cluster.ts';
import { bucket, copies, dry, file, generations, Recovery, second, text, unreadable } from './recovery.ts';

const to = '2025-11-22T10:00:00Z';
const tests = { root, environment: 'production', strict: false, dryRun: true };
let recovery: Recovery;

beforeEach(() => {
  recovery = new Recovery();
});

afterEach(() => {
  recovery.repository.remove();
});

describe('recovering in place', () => {
  test('makes a second generation from the archive of the first', async () => {
    expect(await recovery.run(`pg --to ${to}`)).toBe(0);
    expect(recovery.generation).toEqual({ number: 2, recovery: { from: 1, to: '2025-11-22 10:00:00+00' } });
    expect(recovery.stdout).toContain(`s3://${bucket}/postgres/17-1, to 2025-11-22 10:00:00+00\n`);
  });

  test('to latest names no moment', async () => {
    expect(await recovery.run('pg --to latest')).toBe(0);
    expect(recovery.generation).toEqual({ number: 2, recovery: { from: 1 } });
  });

  test('writes what the synthesis makes of it', async () => {
    await recovery.run(`pg --to ${to}`);
    expect(JSON.parse(recovery.repository.read('written'))).toEqual({ production: recovery.tables() });
  });

  test('reads the generation in use, or the one that is named', async () => {
    recovery.commit(text(generations(second)));
    await recovery.run(`pg --to ${to} --dry-run`);
    expect(recovery.stdout).toContain(`reads  s3://${bucket}/postgres/17-2, to`);
    await recovery.run(`pg --to ${to} --from 1 --dry-run`);
    expect(recovery.stdout).toContain(`reads  s3://${bucket}/postgres/17-1, to`);
  });

  test('gives an environment that is accepted', async () => {
    await recovery.run(`pg --to ${to}`);
    const environment = parseEnvironment('test', testInput, testImages, { generations: { test: recovery.tables() } });
    expect(environment.generation('postgres')).toEqual(recovery.generation);
  });

  test('wires clients to the new generation, which reads the old archive and writes its own', async () => {
    await recovery.run(`pg --to ${to}`);
    const named = (name: string) => recovery.result!.collection.dist.find(({ path }) => path === name)!.manifest;
    const backend = JSON.stringify(named('backend/deployment-backend.yaml'));
    expect(backend).toContain('postgres-2.data.svc.cluster.local');
    expect(backend).not.toContain('postgres.data.svc.cluster.local');
    const { 'patroni.yml': yaml = '' } = at(named('data/configmap-postgres-2-configuration.yaml'), 'data') as Record<
      string,
      string
    >;
    const patroni = load(yaml) as { readonly bootstrap: { readonly walg: object } };
    expect(patroni.bootstrap.walg).toMatchObject({
      prefix: `s3://${bucket}/postgres/17-1`,
      target: '2025-11-22 10:00:00+00',
    });
    expect(JSON.stringify(named('data/statefulset-postgres-2.yaml'))).toContain(`s3://${bucket}/postgres/17-2`);
  });

  test('asks for no secret that there was not before', async () => {
    const before = dry(recovery.tables());
    await recovery.run(`pg --to ${to}`);
    expect(recovery.result!.collection.unsealed).toEqual(before.collection.unsealed);
  });

  test('with --dry-run tells the same and writes nothing', async () => {
    const before = recovery.repository.here();
    expect(await recovery.run(`pg --to ${to} --dry-run`)).toBe(0);
    const dry = recovery.stdout;
    expect([recovery.repository.here(), recovery.generation]).toEqual([before, undefined]);
    await recovery.run(`pg --to ${to}`);
    expect(recovery.stdout).toBe(
      dry.replace(': would get generation', ': has generation').replace('would write', 'written    '),
    );
  });
});

describe('the number of a generation', () => {
  test.each([
    ['in use', generations({ number: 4, recovery: { from: 1 } }), 5],
    ['beside the one in use', copies({ number: 6, recovery: { from: 1 } }), 7],
  ])('is above the one %s', async (_, table, number) => {
    recovery.commit(text(table));
    await recovery.run(`pg --to ${to}`);
    expect(recovery.generation).toMatchObject({ number });
  });

  test('that was taken back is not used again', async () => {
    recovery.commit(text(generations(second)));
    recovery.repository.git('revert', '--no-edit', 'HEAD');
    await recovery.run(`pg --to ${to}`);
    expect(recovery.generation).toEqual({ number: 3, recovery: { from: 1, to: '2025-11-22 10:00:00+00' } });
  });

  test('that a branch uses which nobody has merged is not used again', async () => {
    recovery.repository.git('switch', '--quiet', '--create', 'work');
    recovery.commit(text(generations(second)));
    recovery.repository.git('switch', '--quiet', 'main');
    await recovery.run(`pg --to ${to}`);
    expect(recovery.generation).toMatchObject({ number: 3 });
  });

  test('that a branch took back before its merge is not used again', async () => {
    const { repository } = recovery;
    repository.git('switch', '--quiet', '--create', 'work');
    recovery.commit(text(copies({ number: 8, recovery: { from: 1 } })));
    recovery.commit(text());
    repository.git('switch', '--quiet', 'main');
    repository.put('note', '');
    repository.commit('Note');
    repository.git('merge', '--quiet', '--no-ff', '--no-edit', 'work');
    repository.git('branch', '--quiet', '--delete', 'work');
    await recovery.run(`pg --to ${to}`);
    expect(recovery.generation).toMatchObject({ number: 9 });
  });

  test('that a file of apps/ gives to a cluster is not used again', async () => {
    const environment = loadEnvironment('production');
    const beside = application(
      'beside',
      { namespace: namespaceOf('data'), layer: 'data', uses: () => ({ data }) },
      (_scope, _environment, { data: { postgres } }) => {
        const props = { ...minimal, copyOf: postgres, generation: { number: 7 } };
        return new PatroniCluster(postgres.node.scope as ApplicationChart, 'postgres-next', props);
      },
    );
    const platform = new Platform(environment, [...applicationsOf(environment), beside]);
    const others = synthesise(tests);
    const own = recovery.context().synthesise;
    await recovery.run(`pg --to ${to}`, {
      synthesise: (name, all, dryRun) => (all === undefined ? { ...others, platform } : own(name, all, dryRun)),
    });
    expect(recovery.generation).toMatchObject({ number: 8 });
  });

  test('of another cluster does not matter', async () => {
    recovery.commit(text(generations({ number: 1 })));
    recovery.commit(text(generations({ number: 7 }, 'other')));
    recovery.commit(text());
    await recovery.run(`pg --to ${to}`);
    expect(recovery.generation).toMatchObject({ number: 2 });
  });

  test('is told to be checked by hand where a commit of the history can not be read', async () => {
    recovery.commit(unreadable);
    const commit = recovery.repository.git('rev-parse', 'HEAD').slice(0, 12);
    recovery.commit(text());
    expect(await recovery.run(`pg --to ${to}`)).toBe(0);
    expect(recovery.stdout).toContain(`see by hand that no other generation 2 was: what ${commit} say of ${file}`);
  });

  test('comes from the file alone where there is no repository', async () => {
    recovery.repository.put(file, text(generations(second)));
    fs.renameSync(`${recovery.repository.clone}/.git`, `${recovery.repository.folder}/git`);
    expect(await recovery.run(`pg --to ${to}`)).toBe(0);
    expect(recovery.generation).toMatchObject({ number: 3 });
  });
});

describe('recovering beside', () => {
  test('leaves the running cluster and its clients as they are', async () => {
    const before = dry(recovery.tables());
    expect(await recovery.run(`pg --to ${to} --beside`)).toBe(0);
    expect([recovery.generation, recovery.copy]).toEqual([
      undefined,
      { number: 2, recovery: { from: 1, to: '2025-11-22 10:00:00+00' } },
    ]);
    const now = new Map(recovery.result!.collection.dist.map(({ path, manifest }) => [path, manifest]));
    // The quota of its namespace makes room for it, and who watches reads it too.
    const makesRoom = /^namespaces\/resourcequota-requests\.data\.yaml$|^observability\//;
    const same = before.collection.dist.filter(({ path }) => !makesRoom.test(path));
    for (const { path, manifest } of same) expect([path, now.get(path)]).toEqual([path, manifest]);
    const added = [...now.keys()].filter((path) => !before.collection.dist.some((each) => each.path === path));
    expect(added.filter((path) => !/^data\/[a-z]+-postgres-2[-.]/.test(path))).toEqual([]);
  });

  test('keeps copy and generation apart', async () => {
    recovery.commit(text(generations(second)));
    await recovery.run(`pg --to ${to} --beside`);
    expect(recovery.generation).toMatchObject({ number: 2 });
    expect(recovery.copy).toEqual({ number: 3, recovery: { from: 2, to: '2025-11-22 10:00:00+00' } });
  });

  test('gives what becomes the one in use without being made again', async () => {
    await recovery.run(`pg --to ${to} --beside`);
    const { copies } = recovery.tables();
    const statefulSet = (changes: Parameters<typeof dry>[0]) => {
      const { dist } = dry(changes).collection;
      const { manifest } = dist.find(({ path }) => path === 'data/statefulset-postgres-2.yaml')!;
      return { replicas: at(manifest, 'spec.replicas'), text: toYaml(manifest) };
    };
    const beside = statefulSet({ generations: {}, copies });
    const taken = statefulSet({ generations: copies, copies: {} });
    expect([beside.replicas, taken.replicas]).toEqual([1, 2]);
    expect(taken.text.replace('replicas: 2\n', 'replicas: 1\n')).toBe(beside.text);
  });

  test('takes the place of a copy that is there, and says so', async () => {
    recovery.commit(text(copies({ number: 2, recovery: { from: 1 } })));
    await recovery.run(`pg --to ${to} --beside`);
    expect(recovery.copy).toMatchObject({ number: 3 });
    expect(recovery.stdout).toContain('it takes the place of the copy that was generation 2\n');
  });
});

test('--help explains every option and does nothing', async () => {
  expect(await recovery.run('--help')).toBe(0);
  for (const option of Object.keys(declared)) expect(recovery.stdout).toContain(`\n  --${option} `);
  expect(recovery.result).toBeUndefined();
});
