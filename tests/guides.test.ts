import fs from 'node:fs';
import path from 'node:path';
import { applicationsOf } from '../apps/index.ts';
import { buildAppOfApps, wholePlatform } from '../apps/platform.ts';
import { environments, parseEnvironment } from '../config/index.ts';
import type { EnvironmentInput } from '../config/schema.ts';
import type { Application } from '../constructs/core/application.ts';
import type { Manifest } from '../constructs/core/manifest.ts';
import type { Platform } from '../constructs/core/platform.ts';
import { collect } from '../synth/collect.ts';
import type { Collection } from '../synth/collect.ts';
import { manifestFindings } from '../synth/synthesise.ts';
import { at, only } from './support/harness.ts';
import { root } from './support/committed.ts';
import { exportsOf, guides } from './support/guides.ts';

const pages = [...guides.keys()].filter((name) => name !== 'README');
const scripts = (JSON.parse(read('package.json')) as { readonly scripts: object }).scripts;

function read(file: string): string {
  return fs.readFileSync(path.join(root, file), 'utf8');
}

interface Built {
  readonly platform: Platform;
  readonly collection: Collection;
  readonly manifests: readonly Manifest[];
}

/** The platform of production, or of the environment that the page adds, after everything that the page says was done. */
async function built(page: string): Promise<Built> {
  const images = { ...(JSON.parse(read('config/images.json')) as object) };
  for (const { language, text } of guides.get(page)!.filter(({ place }) => place === 'config/images.json'))
    if (language === 'json') Object.assign(images, JSON.parse(text));
  const all = [...(await exportsOf(page))];
  const written = all.filter(([file]) => file.startsWith('config/environments/'));
  const [name, input] = written.reduce<readonly [string, EnvironmentInput]>(
    ([, before], [file, { default: own }]) => {
      const isNew = !path.basename(file).startsWith('guide-');
      return [
        isNew ? path.basename(file, '.ts') : 'production',
        isNew ? (own as EnvironmentInput) : { ...before, ...changed(own as EnvironmentInput) },
      ];
    },
    ['production', environments.production!],
  );
  const environment = parseEnvironment(name, input, images, {});
  const added = all
    .filter(([file]) => file.startsWith('apps/'))
    .flatMap(([, exported]) => Object.values(exported) as Application<unknown>[]);
  const platform = wholePlatform(environment, withAdded(applicationsOf(environment), added));
  const collection = collect(platform, buildAppOfApps(platform), []);
  return { platform, collection, manifests: collection.dist.map(({ manifest }) => manifest) };
}

/** The table with what a page adds, or has in the place of another one of that name, which others may use. */
function withAdded(
  table: readonly Application<unknown>[],
  added: readonly Application<unknown>[],
): readonly Application<unknown>[] {
  const all = new Map([...table, ...added].map((each) => [each.name, each]));
  const known = new Map<string, Application<unknown>>();
  const one = (name: string): Application<unknown> => {
    const before = known.get(name);
    if (before) return before;
    const application = all.get(name)!;
    const now: Application<unknown> = {
      ...application,
      uses: (environment) =>
        Object.fromEntries(
          Object.entries(application.uses(environment)).map(([key, used]) => [key, used && one(used.name)]),
        ),
    };
    known.set(name, now);
    return now;
  };
  return [...all.keys()].map(one);
}

/** What a fragment sets, without what it takes from production. */
function changed(own: EnvironmentInput): Partial<EnvironmentInput> {
  const before: Readonly<Record<string, unknown>> = environments.production!;
  const stores = { ...environments.production!.objectStores, ...own.objectStores };
  // Buckets that a page names stand in the place of production's: those of what was switched on there are left.
  const all = own.objectStores === before.objectStores ? own : { ...own, objectStores: stores };
  return Object.fromEntries(Object.entries(all).filter(([key, value]) => before[key] !== value));
}

test.each(pages)('the page %s is in the list of pages', (page) => {
  expect(read('docs/guides/README.md')).toContain(`](${page}.md)`);
});

test.each(pages.filter((page) => guides.get(page)!.some(({ language }) => language === 'ts')))(
  'what the page %s says to write is a platform that synth takes',
  async (page) => {
    const { platform, collection } = await built(page);
    expect(manifestFindings(platform, collection)).toEqual([]);
  },
);

test.each(pages)('the commands of the page %s are there', (page) => {
  const named = [...read(`docs/guides/${page}.md`).matchAll(/npm run ([a-z:-]+)/g)].map(([, script]) => script!);
  expect(named.filter((script) => !Object.hasOwn(scripts, script))).toEqual([]);
});

test.each(pages)('the links of the page %s lead somewhere', (page) => {
  const links = [...read(`docs/guides/${page}.md`).matchAll(/\]\(([^)#]+)[^)]*\)/g)].map(([, link]) => link!);
  const lost = links.filter(
    (link) => !link.startsWith('https:') && !fs.existsSync(path.join(root, 'docs/guides', link)),
  );
  expect(lost).toEqual([]);
});

describe('what they promise', () => {
  /** Where the pods of an application may go, beside asking for names. */
  const egress = ({ manifests }: Built, name: string): unknown =>
    (
      at(only(manifests, 'NetworkPolicy', name), 'spec.egress') as {
        readonly ports: readonly { readonly port: number }[];
      }[]
    ).filter(({ ports }) => ports.every(({ port }) => port !== 53));

  test('a mail server is reached by its addresses and port alone', async () => {
    expect(egress(await built('external-server'), 'mailer')).toEqual([
      { ports: [{ port: 587, protocol: 'TCP' }], to: [{ ipBlock: { cidr: '198.18.7.0/28' } }] },
    ]);
  });

  test('a server of the world is reached at its port, and no private address with it', async () => {
    expect(egress(await built('external-server'), 'payments')).toEqual([
      {
        ports: [{ port: 443, protocol: 'TCP' }],
        to: [{ ipBlock: { cidr: '0.0.0.0/0', except: expect.arrayContaining(['10.0.0.0/8']) as string[] } }],
      },
    ]);
  });

  test('private object storage is reached by its addresses and port alone', async () => {
    const { manifests } = await built('object-storage');
    const rules = at(only(manifests, 'NetworkPolicy', 'postgres'), 'spec.egress') as {
      readonly ports: { readonly port: number }[];
    }[];
    expect(rules.filter(({ ports }) => ports.some(({ port }) => port === 9000))).toMatchObject([
      { to: [{ ipBlock: { cidr: '10.10.0.5/32' } }, { ipBlock: { cidr: '10.10.0.6/32' } }] },
    ]);
  });

  test('Argo CD knows and reaches a git server of its own', async () => {
    const { manifests } = await built('git-server');
    const { ssh_known_hosts: known } = only(manifests, 'ConfigMap', 'argocd-ssh-known-hosts-cm').data as Record<
      string,
      string
    >;
    expect(known).toMatch(/^\[git\.lan\]:2222 ssh-ed25519 \S+\n$/);
    const rules = at(only(manifests, 'NetworkPolicy', 'argocd-repo-server'), 'spec.egress');
    expect(rules).toContainEqual({
      ports: [{ port: 2222, protocol: 'TCP' }],
      to: [{ ipBlock: { cidr: '10.10.0.5/32' } }],
    });
  });

  test('pods with an image of a private registry name its Secret, migrations included', async () => {
    const { manifests } = await built('private-registry');
    const pulls = ['Deployment', 'Job'].map((kind) => {
      const manifest = manifests.find((each) => each.kind === kind && each.metadata.name.startsWith('backend'))!;
      return at(manifest, 'spec.template.spec.imagePullSecrets');
    });
    expect(pulls).toEqual([[{ name: 'registry-company' }], [{ name: 'registry-company' }]]);
  });

  test('the files of a container of others are mounted', async () => {
    const { manifests } = await built('container-of-others');
    expect(only(manifests, 'ConfigMap', 'nats').data).toEqual({
      'nats.conf': 'port: 4222\nhttp: 8222\nmax_payload: 256KB\n',
    });
    expect(at(only(manifests, 'Deployment', 'nats'), 'spec.template.spec.containers.0.volumeMounts')).toMatchObject([
      { mountPath: '/etc/nats' },
    ]);
  });

  test('a second store forgets, and lets its further user read alone', async () => {
    const { manifests } = await built('second-store');
    const files = only(manifests, 'ConfigMap', 'answers-configuration').data as Record<string, string>;
    expect(files['settings.conf']).toContain('maxmemory-policy allkeys-lru');
    expect(files['users.acl']).toContain('user reports on ~report:* +get +mget\n');
    expect(at(only(manifests, 'StatefulSet', 'answers'), 'spec.template.spec.containers.0.image')).toContain('valkey');
  });

  test('a wire opens both sides, and brings the server first', async () => {
    const { platform, manifests } = await built('endpoints-and-wires');
    const both = ['consumer', 'queue'].map((name) => JSON.stringify(only(manifests, 'NetworkPolicy', name).spec));
    expect(both.map((text) => text.includes('5000'))).toEqual([true, true]);
    expect(platform.waves.get('queue')).toBeLessThan(platform.waves.get('consumer')!);
  });

  test('a secret is still to seal, key by key, and no object holds a value', async () => {
    const { collection } = await built('secrets');
    expect(collection.unsealed).toEqual(
      expect.arrayContaining(['shop/webhooks.partner-token', 'shop/webhooks.signing-key']),
    );
  });

  test('a workload has each object that its page names', async () => {
    const { collection } = await built('workload');
    const kinds = collection.dist
      .filter(({ path: file }) => file.startsWith('thumbnails/'))
      .map(({ manifest }) => manifest.kind);
    expect(kinds.sort()).toEqual(['Deployment', 'PodDisruptionBudget', 'Service', 'ServiceAccount']);
  });
});
