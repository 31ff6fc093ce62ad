import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { PatroniClusterProps } from '../../constructs/patroni-cluster/index.ts';
import { Committed } from '../../synth/committed.ts';
import { heldDataFindings } from '../../synth/held-data.ts';
import { toYaml } from '../../synth/yaml.ts';
import type { Manifest } from '../../constructs/core/manifest.ts';
import type { SambaDCProps } from '../../constructs/samba-dc/index.ts';
import { only } from '../support/harness.ts';
import { backups, clusterWith, statefulSet } from '../support/patroni-cluster.ts';
import { backups as directoryBackups, directoryWith } from '../support/samba-dc.ts';

let root: string;
beforeEach(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-held-'));
});
afterEach(() => fs.rmSync(root, { recursive: true, force: true }));

type Changes = Partial<PatroniClusterProps>;

const findings = (before: Changes, after: Changes) =>
  between(...([before, after].map((changes) => statefulSet(clusterWith(changes).manifests)) as [Manifest, Manifest]));

/** What is said of a StatefulSet in the place of, or beside, one that is committed. */
function between(old: Manifest, now: Manifest) {
  const file = path.join(root, `dist/production/data/statefulset-${old.metadata.name}.yaml`);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, toYaml(old));
  const dist = { path: `data/statefulset-${now.metadata.name}.yaml`, source: 'the tests', manifest: now };
  return heldDataFindings(new Committed(root, 'production'), [dist]);
}

const databases = (...names: readonly string[]): Changes => ({ databases: names.map((name) => ({ name })), backups });

test('a database of another name in the place of one is refused: it would begin empty', () => {
  expect(findings(databases('shop', 'wiki'), databases('store', 'wiki'))).toEqual([
    {
      where: 'StatefulSet test/postgres',
      what: 'store begins empty, and shop, which stays in it, is no longer declared',
      allowed: 'shop, as postgres has it',
      remedy: 'set it back; if store is meant, declare both in one release, and leave shop out in a later one',
    },
  ]);
});

test('a database that comes beside others, or goes, is taken', () => {
  const [one, both] = [databases('shop'), databases('shop', 'store')];
  expect([findings(one, both), findings(both, one), findings(both, databases('store'))]).toEqual([[], [], []]);
});

const plain = { backups: { ...backups, encryption: false } };

test('backups of one archive are all encrypted, or none is', () => {
  expect([findings({ backups }, plain), findings(plain, { backups })].flat()).toEqual([
    {
      where: 'StatefulSet test/postgres',
      what: 'the backups that it has are encrypted, and could not be read any more',
      allowed: 'backups that are encrypted',
      remedy: 'set encryption back; or make a store of another name, and move what it holds into that one',
    },
    expect.objectContaining({ what: 'the backups that it has are not encrypted, and could not be read any more' }),
  ]);
});

test('a recovery reads the backups as they were written, and the databases that are in them', () => {
  const recovered = { generation: { number: 2, recovery: { from: 1 } } };
  expect(findings({ backups }, { ...plain, ...recovered })).toMatchObject([
    { what: 'the backups of postgres, which it is recovered from, are encrypted, and could not be read any more' },
  ]);
  expect(findings(databases('shop'), { ...databases('store'), ...recovered })).toHaveLength(1);
});

test('backups may begin, end, and begin otherwise in a generation that begins empty', () => {
  const second = { ...plain, generation: { number: 2 } };
  expect([findings({}, plain), findings(plain, {}), findings({ backups }, second)]).toEqual([[], [], []]);
});

describe('a domain that has begun', () => {
  const directory = (changes: Partial<SambaDCProps>) => {
    const generation = changes.generation?.number ?? 1;
    const { manifests } = directoryWith({ backups: directoryBackups, ...changes });
    return only(manifests, 'StatefulSet', generation === 1 ? 'samba' : `samba-${generation}`);
  };
  const first = () => directory({});

  test.each<[string, Partial<SambaDCProps>, string]>([
    ['realm', { realm: 'AD.EXAMPLE.ORG', publicDomain: 'example.org' }, 'realm AD.EXAMPLE.COM'],
    ['server', { server: 'DC2' }, 'server DC1'],
    ['domain', { domain: 'CORP' }, 'domain AD'],
  ])('keeps its %s: it would refuse to start with another one', (_, changes, was) => {
    const [finding, ...more] = between(first(), directory(changes));
    expect(more).toEqual([]);
    expect(finding).toMatchObject({
      where: 'StatefulSet test/samba',
      what: expect.stringContaining(`it was begun with the ${was}`) as string,
      allowed: `${was}, as samba has it`,
      remedy: expect.stringContaining('docs/runbooks/directory-recovery.md') as string,
    });
  });

  test('keeps them in what it is recovered into', () => {
    const recovered = { generation: { number: 2, recovery: { from: 1 } } };
    expect(between(first(), directory(recovered))).toEqual([]);
    expect(between(first(), directory({ ...recovered, server: 'DC2' }))).toMatchObject([
      { allowed: 'server DC1, as samba, which it is recovered from, has it' },
    ]);
  });

  test('is another one in a generation that begins empty', () => {
    expect(between(first(), directory({ generation: { number: 2, empty: true }, server: 'DC2' }))).toEqual([]);
  });
});
