import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { buildPlatform } from '../../apps/platform.ts';
import { NestBackend } from '../../constructs/nest-backend/index.ts';
import { acceptedChecks } from '../../scripts/ready/accept.ts';
import { exampleFindings } from '../../scripts/ready/examples.ts';
import type { ExampleSources } from '../../scripts/ready/examples.ts';
import { dueSecrets, outputFindings, secretFindings } from '../../scripts/ready/findings.ts';
import { report } from '../../scripts/ready/report.ts';
import { unmadePods } from '../../scripts/ready/unmade.ts';
import { UsageError } from '../../synth/command.ts';
import { foreignFindings, isApplied, strayFindings } from '../../synth/foreign.ts';
import type { SealStatus } from '../../synth/seal/status.ts';
import { built } from '../support/constructs.ts';
import { image } from '../support/harness.ts';

test('pods that nothing brings are told with who waits for them', () => {
  const { platform } = built(
    (scope, { directory }) => new NestBackend(scope, 'backend', { image, host: 'api.example.com', directory }),
  );
  expect(unmadePods(platform)).toEqual([
    'nothing here brings servers/samba (the tests), which test/backend use: bring it, or leave that wire out',
  ]);
});

test('the platform has none: those of charts and of K3s are brought', () => {
  expect(unmadePods(buildPlatform('production'))).toEqual([]);
});

describe('an example', () => {
  const nothing: ExampleSources = {
    environment: 'production',
    input: {},
    images: {},
    owners: undefined,
    state: undefined,
    manifests: [],
  };
  const found = (changes: Partial<ExampleSources>): string[] =>
    exampleFindings({ ...nothing, ...changes }).map(({ where, what }) => `${where}: ${what}`);

  test.each([
    ['a domain', { domain: 'shop.example.com' }, 'domain: shop.example.com'],
    ['a domain of a test', { domain: 'shop.test' }, 'domain: shop.test'],
    ['an IPv6 network', { addresses: ['2001:db8::/32'] }, 'addresses.0: 2001:db8::/32'],
    ['an address', { nodes: [{ address: '192.0.2.7' }] }, 'nodes.0.address: 192.0.2.7'],
    [
      'an account',
      { repository: { url: 'git@github.com:example/x.git' } },
      'repository.url: git@github.com:example/x.git',
    ],
    ['a bucket', { objectStores: { a: { bucket: 'example-b' } } }, 'objectStores.a.bucket: example-b'],
    ['a mail address', { mail: 'ops@example.org' }, 'mail: ops@example.org'],
  ])('is %s of the environment', (_, input, place) => {
    expect(found({ input })).toEqual([`config/environments/production.ts: ${place} is an example`]);
  });

  test.each([
    ['a domain with the word in it', 'counterexample.com'],
    ['a host below it', 'example.acme.eu'],
    ['a private address', '10.0.0.1'],
    ['an endpoint of a provider', 'https://fsn1.your-objectstorage.com'],
    ['a repository', 'git@github.com:acme/examples.git'],
  ])('is not %s', (_, text) => {
    expect(found({ input: { text } })).toEqual([]);
  });

  test('is an image of nobody', () => {
    expect(found({ images: { web: { repository: 'ghcr.io/example/web' } } })).toEqual([
      'config/images.json: web: ghcr.io/example/web is an example',
    ]);
  });

  test('is a team of nobody that has to approve, and no comment about one', () => {
    expect(found({ owners: '# such as @example/all\n* @example/platform\n/docs @acme/writers\n' })).toEqual([
      '.github/CODEOWNERS: @example/platform is an example',
    ]);
  });

  test("is the bucket of Terraform's state, whose name somebody else has", () => {
    expect(found({ state: 'bucket    = "example-terraform-state"\nregion    = "fsn1"\n' })).toEqual([
      'terraform/state.s3.tfbackend: bucket: example-terraform-state is an example',
    ]);
    expect(found({ state: 'bucket = "acme-terraform-state"\n' })).toEqual([]);
  });

  test('is what an object says and no configuration, such as a mail address', () => {
    const metadata = { name: 'web', namespace: 'shop' };
    const manifests = [
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata,
        data: { a: 'to\nops@example.org\nof 203.0.113.4 [2001:db8::7]' },
      },
    ];
    expect(found({ manifests })).toEqual([
      'ConfigMap shop/web: ops@example.org is an example',
      'ConfigMap shop/web: 203.0.113.4 is an example',
      'ConfigMap shop/web: 2001:db8::7 is an example',
    ]);
  });

  test('is told once where an object follows from the configuration', () => {
    const manifests = [
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'web' }, data: { a: 'ad.example.com' } },
    ];
    expect(found({ input: { domain: 'example.com' }, manifests })).toHaveLength(1);
  });
});

describe('a secret', () => {
  const row = (changes: Partial<SealStatus>): SealStatus => ({
    secret: 'login',
    key: 'password',
    source: 'human',
    namespaces: ['data', 'shop'],
    missingIn: [],
    state: 'sealed',
    ageDays: 1,
    rotationDays: 365,
    sealedWith: [],
    ...changes,
  });

  test('that is not sealed is named with the namespaces that want it', () => {
    const rows = [
      row({ state: 'missing', missingIn: ['shop'] }),
      row({ key: 'user', state: 'missing', missingIn: ['data'] }),
    ];
    expect(secretFindings('production', rows)).toMatchObject([
      {
        where: 'secret login',
        what: 'password, user still to seal in data, shop',
        remedy: 'npm run seal -- --cert FILE, then npm run synth',
      },
    ]);
  });

  test('that is sealed as something else is named too', () => {
    expect(secretFindings('production', [row({ state: 'changed' })])).toMatchObject([
      { what: 'password (changed) still to seal' },
    ]);
  });

  test('of another environment is sealed by naming that one', () => {
    const [finding] = secretFindings('staging', [row({ state: 'missing', missingIn: ['shop'] })]);
    expect(finding?.remedy).toContain('npm run seal -- --cert FILE --environment staging');
  });

  test("that is old is in nobody's way, and told", () => {
    const rows = [row({ state: 'due for rotation' })];
    expect([secretFindings('production', rows), dueSecrets(rows)]).toEqual([
      [],
      ['due for new values: login.password (npm run seal -- --cert FILE --rotate NAME)'],
    ]);
  });

  test('that is sealed, or that nobody asks for, is nothing to mend', () => {
    const rows = [row({}), row({ state: 'not in the inventory' })];
    expect([secretFindings('production', rows), dueSecrets(rows)]).toEqual([[], []]);
  });
});

describe('output', () => {
  const written = { added: [], changed: [], removed: [], unchanged: 3, foreign: [], editedByHand: [] };

  test('that npm run synth would leave is nothing to mend', () => {
    expect(outputFindings('production', written)).toEqual([]);
  });

  test.each([
    ['add', { added: ['dist/a.yaml'] }, '+ dist/a.yaml'],
    ['change', { changed: ['dist/a.yaml'] }, '~ dist/a.yaml'],
    ['remove', { removed: ['dist/a.yaml'] }, '- dist/a.yaml'],
  ])('of which it would %s a file is named with it', (_, changes, line) => {
    expect(outputFindings('production', { ...written, ...changes })[0]?.what).toContain(`\n    ${line}`);
  });
});

describe('a file that no construct wrote', () => {
  const charts = [{ application: 'backend' }];
  const applied = (file: string): boolean => isApplied(file, 'production', charts);

  test.each([
    'dist/production/backend/x.yaml',
    'dist/production/backend/x.yml',
    'dist/production/backend/x.json',
    'argocd/production/applications/more/x.yaml',
  ])('is applied as %s', (file) => {
    expect(applied(file)).toBe(true);
  });

  test.each([
    'dist/production/backend/README.md',
    'dist/production/backend/deeper/x.yaml',
    'dist/production/nobodys/x.yaml',
    'dist/production/x.yaml',
  ])('is not applied as %s', (file) => {
    expect(applied(file)).toBe(false);
  });

  test('is to mend in any case, and said to be applied where it is', () => {
    const files = ['dist/production/backend/x.yaml', 'dist/production/README.md'];
    expect(foreignFindings(files, 'production', charts).map(({ where, what }) => `${where}: ${what}`)).toEqual([
      'dist/production/backend/x.yaml: no construct wrote it, and Argo CD would apply it',
      'dist/production/README.md: no construct wrote it, and Argo CD would not apply it',
    ]);
  });

  test('is also a folder of an environment that is gone', () => {
    const root = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-stray-'));
    try {
      for (const folder of ['dist/production', 'dist/old', 'argocd/old', 'secrets/old'])
        fs.mkdirSync(path.join(root, folder), { recursive: true });
      // Argo CD reads no file there, and no environment has such a name.
      fs.writeFileSync(path.join(root, 'dist/.DS_Store'), '');
      fs.mkdirSync(path.join(root, 'terraform/environments'), { recursive: true });
      for (const name of ['production', 'old']) {
        fs.writeFileSync(path.join(root, `terraform/environments/${name}.tfvars.json`), '{}');
      }
      expect(strayFindings(root, ['production']).map(({ where }) => where)).toEqual([
        'dist/old',
        'argocd/old',
        'secrets/old',
        'terraform/environments/old.tfvars.json',
      ]);
    } finally {
      fs.rmSync(root, { recursive: true });
    }
  });
});

describe('the report', () => {
  const finding = { where: 'here', what: 'wrong', allowed: 'right', remedy: 'mend it' };
  const fine = { check: 'output', findings: [], notes: [] };
  const bad = { check: 'examples', findings: [finding, { ...finding, where: 'there' }], notes: ['by the way'] };
  const plain = { accepted: [], colours: false };

  test('of a tree without findings says that it is ready', () => {
    expect(report('production', [fine], plain)).toEqual({
      text: 'production\n  output  ok\n\nproduction is ready\n',
      ready: true,
    });
  });

  test('says what is wrong where, and once what to do about it', () => {
    expect(report('production', [fine, bad], plain)).toEqual({
      text: [
        'production',
        '  output    ok',
        '  examples  2 to mend',
        '    here: wrong',
        '    there: wrong',
        '      -> mend it',
        '    by the way',
        '',
        'production is not ready: 2 to mend in examples',
        '',
      ].join('\n'),
      ready: false,
    });
  });

  test('of what somebody accepts says how much it is, and is ready', () => {
    const { text, ready } = report('production', [bad], { ...plain, accepted: ['examples'] });
    expect([text.split('\n')[1], ready]).toEqual(['  examples  2 to mend, accepted', true]);
  });

  test('of what nobody knows says so, and is ready', () => {
    const unknown = { check: 'protection', findings: [], notes: ['not known: nobody was asked'] };
    expect(report('production', [unknown], plain)).toMatchObject({
      text: expect.stringContaining('  protection  not known: nobody was asked\n') as string,
      ready: true,
    });
  });

  test('has colours where it is asked for them, and nowhere else', () => {
    const coloured = '\u001b[31m2 to mend\u001b[39m';
    expect(
      [true, false].map((colours) => report('production', [bad], { ...plain, colours }).text.includes(coloured)),
    ).toEqual([true, false]);
  });
});

test.each(['output', 'environments', 'foreign', 'commits', 'everything'])('nobody can accept %s', (check) => {
  expect(() => acceptedChecks([check])).toThrow(UsageError);
});
