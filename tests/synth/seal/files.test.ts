import fs from 'node:fs';
import path from 'node:path';
import { sealedManifests, writeSealedFiles } from '../../../synth/seal/files.ts';
import { fromManifest } from '../../../synth/seal/manifest.ts';
import { copiesIn, entry, makePair, Repository, temporaryFolder } from './fixture.ts';

const folder = temporaryFolder();
const pair = makePair(folder, 'controller');
const place = 'secrets/production/shop/backend.yaml';
let repository: Repository;
let text: string;

beforeEach(async () => {
  repository = new Repository(entry('backend', { copies: copiesIn('shop', 'data') }));
  await repository.run(['--cert', pair.cert]);
  text = fs.readFileSync(repository.file(place), 'utf8');
});

const messageOf = (): string => {
  try {
    sealedManifests(repository.root, 'production');
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
  return 'nothing was thrown';
};

describe('the sealed manifests of an environment', () => {
  test('come with their place and keys, sorted', () => {
    const found = sealedManifests(repository.root, 'production').map(({ manifest, ...rest }) => ({
      ...rest,
      kind: manifest.kind,
    }));
    const rest = { name: 'backend', keys: ['password'], kind: 'SealedSecret' };
    expect(found).toEqual([
      { namespace: 'data', file: 'secrets/production/data/backend.yaml', ...rest },
      { namespace: 'shop', file: 'secrets/production/shop/backend.yaml', ...rest },
    ]);
  });

  test('are none if there is no folder', () => {
    expect(sealedManifests(repository.root, 'staging')).toEqual([]);
  });

  test.each([
    ['a plain Secret', () => 'apiVersion: v1\nkind: Secret\nstringData: {password: hunter2}\n', 'is a plain Secret'],
    ['another object', () => 'apiVersion: v1\nkind: ConfigMap\ndata: {password: hunter2}\n', 'is something else'],
    ['no object', () => 'hunter2\n', 'holds no Kubernetes object'],
    ['nothing', () => '', 'does not parse as one YAML document'],
    ['broken YAML', () => 'a: b\n c: hunter2: x\n', 'does not parse as one YAML document'],
    ['two documents', () => `${text}---\npassword: hunter2\n`, 'does not parse as one YAML document'],
    ['another namespace', () => text.replaceAll('namespace: shop', 'namespace: hunter2'), 'carries another namespace'],
    ['another name', () => text.replaceAll('name: backend', 'name: hunter2'), 'carries another namespace or name'],
    ['another version', () => text.replace('v1alpha1', 'v2'), 'is something else'],
    ['no sealed data', () => text.replace('encryptedData', 'hunter2'), 'has no spec.encryptedData'],
    [
      'a plain value',
      () => text.replace(/password: A.*/, 'password: hunter2'),
      'has a value that is not sealed, of key password',
    ],
    ['a plain value in the template', () => `${text}    data: {x: hunter2}\n`, 'holds values in its spec.template'],
    ['a plain value beside the sealed ones', () => `${text}  data: hunter2\n`, 'has more in its spec'],
    [
      'a wider scope',
      () => text.replace('annotations:', 'annotations:\n    sealedsecrets.bitnami.com/cluster-wide: "true"'),
      'has a scope wider than one namespace and name',
    ],
    [
      'a wider scope in the template',
      () =>
        text.replace(
          '    metadata:',
          '    metadata:\n      annotations: {sealedsecrets.bitnami.com/namespace-wide: "true"}',
        ),
      'has a scope wider than one namespace and name',
    ],
    [
      'an annotation that was edited',
      () => text.replace(/sealed-on: .*/, 'sealed-on: hunter2'),
      'has an annotation diptych/sealed-on that does not parse',
    ],
  ])('are refused with a file that holds %s, which is named and not repeated', (_what, content, expected) => {
    repository.file(place, content());
    expect(messageOf().replace('hunter2', 'LEAK')).toMatch(
      new RegExp(`^InputError: ${place}: ${expected}(?!.*LEAK)`, 's'),
    );
  });

  test.each([
    'secrets/production/shop/backend.yml',
    'secrets/production/shop/.backend.yaml.swp',
    'secrets/production/shop/notes.txt',
    'secrets/production/password.yaml',
    'secrets/production/shop/folder/backend.yaml',
  ])('are refused with a file where none belongs: %s', (file) => {
    repository.file(file, text);
    const [named] = file.split('/backend.yaml');
    expect(messageOf()).toContain(`InputError: ${named}: is not a`);
  });

  test('are refused with a link', () => {
    fs.symlinkSync(repository.file(place), repository.file('secrets/production/shop/link.yaml'));
    expect(messageOf()).toContain('secrets/production/shop/link.yaml: is not a file of a namespace folder');
  });

  test('are refused with all that is wrong at once', () => {
    repository.file('secrets/production/a.yaml', '');
    repository.file('secrets/production/shop/b.yaml', '');
    expect(messageOf().match(/secrets\/production\/(a|shop\/b)\.yaml: /g)).toHaveLength(2);
  });

  test('stop every mode of the command', async () => {
    repository.file(place, 'kind: Secret\n');
    const outcomes = [await repository.run(['--status']), await repository.run(['--cert', pair.cert])];
    expect(outcomes.map(({ code, err }) => [code, err.includes(`${place}: is a plain Secret`)])).toEqual([
      [1, true],
      [1, true],
    ]);
  });

  test('pass over what a killed run left half-written', () => {
    repository.file('secrets/production/shop/.backend.yaml.sealing', 'apiV');
    expect(messageOf()).toBe('nothing was thrown');
  });
});

describe('writing', () => {
  const files = () => sealedManifests(repository.root, 'production').map(({ manifest }) => fromManifest(manifest));

  test('does not touch files that stay the same', () => {
    fs.writeFileSync(repository.file(place), `# a comment\n${text}`);
    expect(writeSealedFiles(repository.root, 'production', files(), files())).toEqual([]);
    expect(fs.readFileSync(repository.file(place), 'utf8')).toBe(`# a comment\n${text}`);
  });

  test('replaces no file if one of them cannot be staged, and leaves nothing behind', () => {
    const before = repository.secrets();
    const changed = files().map((file) => ({ ...file, type: 'changed' }));
    fs.mkdirSync(repository.file('secrets/production/shop/.backend.yaml.sealing'));
    expect(() => writeSealedFiles(repository.root, 'production', files(), changed)).toThrow('EISDIR');
    expect(repository.secrets()).toEqual(before);
  });

  test('gives back what was written', () => {
    const changed = files().map((file) => ({ ...file, type: 'kubernetes.io/basic-auth' }));
    writeSealedFiles(repository.root, 'production', files(), changed);
    expect(files()).toEqual(changed);
  });

  test('quotes a fingerprint that reads as a number', () => {
    const [file] = files();
    const keys = new Map([['password', { ...file!.keys.get('password')!, sealedWith: '1234567890123e56' }]]);
    writeSealedFiles(repository.root, 'production', [], [{ ...file!, keys }]);
    expect(files()[0]!.keys.get('password')!.sealedWith).toBe('1234567890123e56');
  });

  test('names a file after its namespace and secret only', () => {
    expect(Object.keys(repository.secrets()).map((file) => path.posix.normalize(file))).toEqual([
      'production/data/backend.yaml',
      'production/shop/backend.yaml',
    ]);
  });

  test('lets go of the signals it held back', () => {
    const before = process.listenerCount('SIGINT');
    writeSealedFiles(repository.root, 'production', [], files());
    expect(process.listenerCount('SIGINT')).toBe(before);
  });
});
