import fs from 'node:fs';
import path from 'node:path';
import { Size } from 'cdk8s';
import ts from 'typescript';
import { Cpu } from '../constructs/core/cpu.ts';
import { NestBackend, nestBackendDefaults } from '../constructs/nest-backend/index.ts';
import type { NestBackendProps } from '../constructs/nest-backend/index.ts';
import { NextFrontend, nextFrontendDefaults } from '../constructs/next-frontend/index.ts';
import { readModules } from '../scripts/docs/options.ts';
import type { Option } from '../scripts/docs/options.ts';
import { constructModules, currentPages, pageOf } from '../scripts/docs/pages.ts';
import { built, password, variablesOf } from './support/constructs.ts';
import type { Servers } from './support/constructs.ts';
import { root } from './support/committed.ts';
import { filesOf, guides } from './support/guides.ts';
import { image, only } from './support/harness.ts';

const page = (name: string): string => fs.readFileSync(path.join(root, `docs/constructs/${name}.md`), 'utf8');

/** The modules below `constructs/`, as paths from the root. */
const files = fs
  .readdirSync(path.join(root, 'constructs'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => `constructs/${file.split(path.sep).join('/')}`)
  .sort();

/** What the guides say to write, as the files that they say; one that is there already is another one here. */
const samples = [...guides.keys()].flatMap((guide) =>
  [...filesOf(guide)].map(([file, text]) => {
    const full = path.join(root, file);
    const isThere = fs.existsSync(full);
    return [isThere ? path.join(path.dirname(full), `guide-${path.basename(full)}`) : full, text] as const;
  }),
);

/** The examples of all pages, as files of `apps/`. */
const examples = new Map([
  ...samples,
  ...fs
    .readdirSync(path.join(root, 'docs/constructs'))
    .map((file) => path.basename(file, '.md'))
    .flatMap((name) =>
      [...page(name).matchAll(/^```ts\n(.*?)^```$/gms)].map(
        ([, code], index) => [path.join(root, `apps/example-${name}-${index}.ts`), code!] as const,
      ),
    ),
]);

/** One program of all of them: to read types takes TypeScript most of its time. */
function programOfAll(): ts.Program {
  const { config } = ts.readConfigFile(path.join(root, 'tsconfig.json'), (file) => ts.sys.readFile(file)) as {
    config: unknown;
  };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const host = ts.createCompilerHost(options);
  host.fileExists = (file) => examples.has(file) || ts.sys.fileExists(file);
  host.readFile = (file) => examples.get(file) ?? ts.sys.readFile(file);
  const all = [...files.map((file) => path.join(root, file)), ...examples.keys()];
  // Neither options nor examples are of a type of Node.js, and reading those takes as long as all constructs.
  return ts.createProgram(all, { ...options, types: [] }, host);
}

const program = programOfAll();
const modules = constructModules(root, program);

describe('pages', () => {
  test('the tables of options are those that the code gives', () => {
    const stale = currentPages(root, modules).filter(({ now, then }) => now !== then);
    expect(stale.map(({ file }) => file)).toEqual([]);
  });

  const ofConstructs = modules.filter((module) => pageOf(module).startsWith('docs/constructs/'));
  test.each(ofConstructs.map((module) => [module.file, module] as const))(
    'every construct of %s is explained',
    (_, module) => {
      const text = fs.readFileSync(path.join(root, pageOf(module)), 'utf8');
      expect(module.classes.length).toBeGreaterThan(0);
      expect(module.classes.filter((name) => !text.includes(name))).toEqual([]);
    },
  );

  test('there is no page of a construct that is gone', () => {
    const pages = fs.readdirSync(path.join(root, 'docs/constructs')).map((name) => `docs/constructs/${name}`);
    const wanted = modules.map(pageOf).filter((page) => page.startsWith('docs/constructs/'));
    expect(pages.sort()).toEqual(wanted.sort());
  });
});

describe('defaults', () => {
  /** The constants `nestBackendDefaults`, by the interface that documents them. */
  const constants = new Map<string, Readonly<Record<string, unknown>>>();
  const documented = new Map<string, readonly Option[]>();

  beforeAll(async () => {
    for (const file of files) {
      const exported = (await import(path.join(root, file))) as Readonly<Record<string, unknown>>;
      for (const [name, value] of Object.entries(exported)) {
        const props = /^[a-z](.*)Defaults$/.exec(name);
        if (props) constants.set(name[0]!.toUpperCase() + props[1]! + 'Props', value as Record<string, unknown>);
      }
    }
    for (const { props } of readModules(root, files, program))
      for (const [name, list] of props) documented.set(name, list);
  });

  test('every constant of defaults is about options that are documented', () => {
    expect(constants.size).toBeGreaterThan(2);
    const unknown = [...constants].flatMap(([props, values]) =>
      Object.keys(values).filter((key) => !documented.get(props)?.some(({ name }) => name === key)),
    );
    expect(unknown).toEqual([]);
  });

  test('the documentation of an option names the value of its constant', () => {
    const wrong = [...constants].flatMap(([props, values]) =>
      (documented.get(props) ?? [])
        .filter(({ name, default: text }) => name in values && text !== "the construct's own")
        .filter(({ name, default: text }) => !leaves(values[name]).every((value) => names(text ?? '', value)))
        .map(({ name, default: text }) => `${props}.${name}: ${text} is not ${leaves(values[name]).join(', ')}`),
    );
    expect(wrong).toEqual([]);
  });

  test.each([
    ['nest-backend', nestBackendDefaults.size],
    ['next-frontend', nextFrontendDefaults.size],
  ])('the page of %s names its own size', (name, { minReplicas, maxReplicas, cpuRequest, memory }) => {
    expect(page(name)).toContain(
      `${minReplicas} to ${maxReplicas} replicas of ${cpuRequest.asString()} CPU and ${memory.asString()} memory`,
    );
  });
});

/** The values of a default as documentation writes them. */
function leaves(value: unknown): string[] {
  if (value instanceof Cpu) return [value.asString()];
  if (value instanceof Size) {
    const kibibytes = value.toKibibytes();
    return [kibibytes % 1024 === 0 ? `${kibibytes / 1024} MiB` : `${kibibytes} KiB`];
  }
  if (Array.isArray(value)) return value.flatMap(leaves);
  if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(leaves);
  return [String(value)];
}

/** Whether the text contains the value, and not as a part of a longer one. */
function names(text: string, value: string): boolean {
  return ` ${text.replaceAll(/[,:;]/g, ' ')} `.includes(` ${value} `);
}

describe('environment', () => {
  const variables = (name: string): string[] =>
    [...page(name).matchAll(/^\| `([A-Z0-9_]+)` /gm)].map(([, variable]) => variable!);
  const set = (build: Parameters<typeof built>[0]): string[] =>
    Object.keys(variablesOf(only(built(build).manifests, 'Deployment')));
  const host = 'web.example.com';
  const unique = (list: readonly string[]): string[] => [...new Set(list)].sort();

  test('the page of web workloads names the variables that all have, and no other', () => {
    const common = set((scope, { traces }) => new NestBackend(scope, 'web', { image, host, traces }));
    expect(variables('web-workload').sort()).toEqual(unique(common));
  });

  test('the page of the backend names the variables that it adds, and no other', () => {
    const backend = (props: (servers: Servers) => Partial<NestBackendProps>): string[] =>
      set((scope, servers) => new NestBackend(scope, 'web', { image, host, ...props(servers) }));
    const all = [
      ...backend(({ database, cache, directory, traces }) => ({ database, cache, directory, traces })),
      ...backend(({ cache }) => ({ cache: { ...cache, sentinels: [] } })),
      ...backend(({ directory }) => {
        const { password } = directory.credentials;
        return { directory: { ...directory, keytab: { principals: ['HTTP/api'], salt: 'salt', password } } };
      }),
    ];
    expect(unique([...variables('web-workload'), ...variables('nest-backend')])).toEqual(unique(all));
    expect(variables('nest-backend').filter((name) => variables('web-workload').includes(name))).toEqual([]);
  });

  test('the page of the frontend names the variables that it adds, and no other', () => {
    const all = set((scope, { api, traces }) => {
      const encryptionKey = password(scope, 'forms', { kind: 'random', bytes: 32, encoding: 'base64url' });
      return new NextFrontend(scope, 'web', { image, host, api, traces, encryptionKey });
    });
    expect(unique([...variables('web-workload'), ...variables('next-frontend')])).toEqual(unique(all));
    expect(variables('next-frontend').filter((name) => variables('web-workload').includes(name))).toEqual([]);
  });
});

describe('examples', () => {
  test('every page of a construct has one', () => {
    const names = modules.map(pageOf).filter((page) => page.startsWith('docs/constructs/'));
    for (const name of names.map((page) => path.basename(page, '.md'))) {
      expect([...examples.keys()].filter((file) => file.includes(`example-${name}-`))).not.toEqual([]);
    }
  });

  test('no two guides write the same file', () => {
    expect(new Set(samples.map(([file]) => file)).size).toBe(samples.length);
  });

  test('all compile', () => {
    const problems = [...examples.keys()].flatMap((file) => {
      const source = program.getSourceFile(file);
      return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
    });
    const text = ({ file, messageText }: ts.Diagnostic): string =>
      `${path.basename(file?.fileName ?? '')}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
    expect(problems.map(text)).toEqual([]);
  });
});
