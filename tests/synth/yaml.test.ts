import { isDeepStrictEqual } from 'node:util';
import { load } from 'js-yaml';
import { parse } from 'yaml';
import { InputError } from '../../constructs/core/error.ts';
import type { Manifest } from '../../constructs/core/manifest.ts';
import { toYaml } from '../../synth/yaml.ts';
import { Watched } from '../support/watched.ts';

const readers: Readonly<Record<string, (text: string) => unknown>> = {
  'js-yaml (1.2)': (text) => load(text),
  'yaml (1.1)': (text) => parse(text, { version: '1.1' }) as unknown,
  'yaml (1.2)': (text) => parse(text, { version: '1.2' }) as unknown,
};

// prettier-ignore
const AWKWARD = [
  ...'yes Yes no NO on off OFF y Y n N true True tRue false null Null ~ = << == <'.split(' '),
  ...'0 1 -1 +1 0644 0o17 -0o17 0O17 0x1F 0X1F -0x1f 0b101 +0B1 08 1_000 1_ -_1 _1 0x 0_x 1.0 1. .5 . + - +.'.split(' '),
  ...'1e3 1E3 1e+3 1_0e+3 1.e+21 .5e-3 e3 1e 0.0.0.0 .inf -.INF +.inf .nan .NaN Infinity NaN'.split(' '),
  ...'12:30:45 12:30 1:2 190:20:30.15 -1:30 8080:80 2026-11-23 2026-1-2 2026-02-30 2026-11-23T08:00:00Z 2026-11'.split(' '),
  ...'# a#b : a: :a a:b ? ?a -a -- --- ... @a `a %a !a &a *a | > |- " "a" \' \'a\' it\'s \\ \\n { {} [ [] , ]a }a'.split(' '),
  ...'$(A) *.example.com 100m 512Mi 10.0.0.0/16 ::1 a@b é 漢字 😀 toString __proto__ constructor'.split(' '),
  ...['2026-11-23 08:00:00 +1', 'a #b', '# a', ': ', 'a: b', 'a :b', '? a', '- a', '--- a', '... a', '!!str a', '{a: b}', '[a, b]'],
  ...['', ' ', '  ', '\t', '\n', '\n\n', ' \n', ' a', 'a ', '\ta', 'a\t', 'a\tb', '\na', 'a\n', 'a\n\n', 'a\nb', 'a\r\nb', 'a\rb'],
  ...[' a\nb', 'a\n b\n', '\n a\nb', 'a \nb\t\n', 'a\n ', 'a\n\t\nb', '\ta\nb', '\n\n\ta\nb\n', ' \n a', '   \na\n', '#a\nb', '---\na\n'],
  ...['\u0085', 'a\u0085b', '\u2028', 'a\u2029b', '\uFEFF', '\uFEFFa', '\u00A0', '\u0000', '\u0007\u001B', '\u007F', '\uFFFE'],
  ...['a\uFEFF\nb', 'a\u0085\nb', 'a\u2028\nb', 'a😀\nb', 'a'.repeat(1100), 'a b '.repeat(60), `${'a b '.repeat(60)}\nc`],
];

function configMap(data: unknown): Manifest {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' }, data };
}

/** Numbers from 0 to `bound` - 1, the same in every run (mulberry32). */
function randomNumbers(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * bound);
  };
}

const ALPHABET = [
  ...Array.from('ab01xoe._+-:#?,[]{}&*!|>\'"%@`=<~\\/ \t\n\r\u0085\u00A0\u2028\uFEFF'),
  '\n  ',
  ': ',
  ' #',
  '---',
  'é',
  '😀',
];

function randomText(random: (bound: number) => number): string {
  return Array.from({ length: random(9) }, () => ALPHABET[random(ALPHABET.length)]).join('');
}

function randomValue(random: (bound: number) => number, depth: number): unknown {
  const kind = random(depth > 4 ? 4 : 8);
  if (kind === 0) return random(2) === 0;
  if (kind === 1) return random(200_000) - 100_000;
  if (kind === 2) return (random(200_000) - 100_000) / 64;
  if (kind === 3 || kind === 4) return randomText(random);
  const items = Array.from({ length: random(5) }, () => randomValue(random, depth + 1));
  return kind === 5 ? items : Object.fromEntries(items.map((item) => [randomText(random), item]));
}

function refusalOf(manifest: Manifest): string {
  try {
    return toYaml(manifest);
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
}

const texts = fromSeed(1, 2000, randomText);
/**
 * Manifests with each of them as key and as value, and nested ones, with what is written of them. Forty texts share a
 * manifest: readers take longer to begin one than to read a text.
 */
const manifests = {
  strings: written(
    Array.from({ length: texts.length / 40 }, (_, index) =>
      configMap(
        texts.slice(40 * index, 40 * (index + 1)).map((text) => ({ [text]: text, 'list of them': [text, [text]] })),
      ),
    ),
  ),
  nested: written(
    fromSeed(2, 300, (random) => ({
      ...configMap(randomValue(random, 0)),
      [`---${randomText(random)}`]: randomValue(random, 0),
    })),
  ),
};

function fromSeed<T>(seed: number, length: number, make: (random: (bound: number) => number) => T): T[] {
  const random = randomNumbers(seed);
  return Array.from({ length }, () => make(random));
}

function written(list: readonly Manifest[]): readonly (readonly [Manifest, string])[] {
  return list.map((manifest) => [manifest, toYaml(manifest)]);
}

describe.each(Object.entries(readers))('read back by %s', (_, read) => {
  test.each(AWKWARD.map((text) => [JSON.stringify(text).slice(0, 40), text]))('%s survives', (_name, text) => {
    const manifest = configMap({
      value: text,
      [text]: 'as key',
      list: [text, { [text]: text }, [text, text]],
      last: { [text]: [text] },
    });
    expect(read(toYaml(manifest))).toEqual(manifest);
  });

  /** What is read as something else than was written, beside what was written. */
  const lost = (list: (typeof manifests)['strings']): (readonly [unknown, Manifest])[] =>
    list
      .map(([manifest, yaml]) => [read(yaml), manifest] as const)
      .filter(([got, given]) => !isDeepStrictEqual(got, given));
  const expectNone = (list: ReturnType<typeof lost>): void =>
    expect(list.map(([got]) => got)).toStrictEqual(list.map(([, given]) => given));

  test('2,000 random strings survive as keys and as values', () => {
    expectNone(lost(manifests.strings));
    expect(manifests.strings.flatMap(([{ data }]) => data)).toHaveLength(2000);
    expect(new Set(texts).size).toBeGreaterThan(1500);
  });

  test('300 random nested objects survive, also at the root', () => {
    expectNone(lost(manifests.nested));
  });
});

// What Go's reader (kubectl, Argo CD) or Python's takes for a number or a date, and no reader above does.
test.each(['-0o17', '0X1F', '+0B1', '0O17', '1_0e+3', '2026-1-2', '2026-02-30', 'tRue'])('%s is quoted', (text) => {
  expect(toYaml(configMap({ a: text }))).toContain(`a: '${text}'`);
});

test.each(['100m', '512Mi', '10.0.0.0/16', 'a:b', '-c', '--flag=1', 'e', 'apps/v1', '5s', '1.2.3'])(
  '%s is not quoted',
  (text) => {
    expect(toYaml(configMap({ a: text }))).toContain(`a: ${text}\n`);
  },
);

test('keys stand in the conventional order, however the object was built', () => {
  const container = {
    ...{
      volumeMounts: [{ mountPath: '/tmp', name: 'tmp' }],
      securityContext: {},
      lifecycle: {},
      livenessProbe: {},
      readinessProbe: {},
    },
    ...{ startupProbe: {}, resources: { requests: { memory: '1Gi', cpu: '1' }, limits: {} }, envFrom: [] },
    ...{ env: [{ valueFrom: { secretKeyRef: { optional: false, key: 'password', name: 'database' } }, name: 'A' }] },
    ...{
      ports: [{ containerPort: 80, name: 'http' }],
      args: ['b', 'a'],
      command: [],
      image: 'backend:1',
      name: 'backend',
    },
  };
  const manifest: Manifest = {
    spec: { template: { spec: { containers: [container] }, metadata: { labels: { b: '1', a: '2' } } }, replicas: 2 },
    metadata: {
      annotations: { c: 'd' },
      labels: { 10: 'x', 9: 'y' },
      namespace: 'shop',
      name: 'backend',
    },
    ...{ kind: 'Deployment', apiVersion: 'apps/v1' },
  };
  expect(toYaml(manifest)).toBe(`apiVersion: apps/v1
kind: Deployment
metadata:
  name: backend
  namespace: shop
  labels:
    '10': x
    '9': 'y'
  annotations:
    c: d
spec:
  replicas: 2
  template:
    metadata:
      labels:
        a: '2'
        b: '1'
    spec:
      containers:
        - name: backend
          image: backend:1
          command: []
          args:
            - b
            - a
          ports:
            - name: http
              containerPort: 80
          env:
            - name: A
              valueFrom:
                secretKeyRef:
                  name: database
                  key: password
                  optional: false
          envFrom: []
          resources:
            limits: {}
            requests:
              cpu: '1'
              memory: 1Gi
          startupProbe: {}
          readinessProbe: {}
          livenessProbe: {}
          lifecycle: {}
          securityContext: {}
          volumeMounts:
            - name: tmp
              mountPath: /tmp
`);
});

test('text of several lines is a readable block, tabs and trailing spaces included', () => {
  expect(toYaml(configMap({ 'a.conf': 'server {\n\tlisten 80;  \n\n}\n', b: 'no end\nof line' }))).toContain(
    'data:\n  a.conf: |\n    server {\n    \tlisten 80;  \n\n    }\n  b: |-\n    no end\n    of line\n',
  );
});

test('a block never begins with a tab, which libyaml and Go refuse', () => {
  expect(toYaml(configMap({ a: '\n\tb\n' }))).toContain('a: "\\n\\tb\\n"\n');
});

test.each([
  ['a\tb', '"a\\tb"'],
  ['a\u00A0b', '"a\\_b"'],
  ['\uFEFFa', '"\\uFEFFa"'],
  ['a\u2028\nb', '"a\\L\\nb"'],
  ['a\u0085\nb', '"a\\N\\nb"'],
])('%j, with what nobody can see, is written with escapes, as key and as value', (text, written) => {
  expect(toYaml(configMap({ a: text }))).toContain(`a: ${written}\n`);
  expect(toYaml(configMap({ [text]: 'a' }))).toContain(written);
});

test('a key at the root never looks like the line at which kubectl splits', () => {
  expect(toYaml({ ...configMap({}), '---a': 'b' })).toContain("\n'---a': b\n");
});

test('empty lines at the end of the document are told from its end by a mark', () => {
  expect(toYaml(configMap({ a: 'b\n\n' }))).toMatch(/ {2}a: \|\+\n {4}b\n\n\.\.\.\n$/);
});

test('long lines are not folded', () => {
  const line = 'word '.repeat(100).trim();
  expect(toYaml(configMap({ a: line }))).toContain(`a: ${line}\n`);
});

test('an object used twice is written twice', () => {
  const shared = { cpu: '1' };
  expect(toYaml(configMap({ limits: shared, requests: shared }))).toContain(
    "limits:\n    cpu: '1'\n  requests:\n    cpu: '1'\n",
  );
});

test('undefined values are left out, in maps and in lists', () => {
  expect(toYaml(configMap({ a: undefined, b: ['c', undefined, 'd'], e: {} }))).toContain(
    'data:\n  b:\n    - c\n    - d\n  e: {}\n',
  );
});

test('every null is refused at once, by the path of its field', () => {
  const message = refusalOf(configMap({ a: null, b: [{ c: null }] }));
  expect(message).toContain('ConfigMap settings: data.a: null\n');
  expect(message).toContain('ConfigMap settings: data.b[0].c: null\n');
});

test.each([
  ['a number that is none', NaN, 'the number NaN'],
  ['an endless number', -Infinity, 'the number -Infinity'],
  ['a number with an exponent', 1e21, 'the number 1e+21'],
  ['a date', new Date(0), 'a value of type Date'],
  ['a map', new Map(), 'a value of type Map'],
  ['bytes', new Uint8Array(1), 'a value of type Uint8Array'],
  ['a function', () => 1, 'a value of type Function'],
  ['a big integer', 1n, 'a value of type BigInt'],
  ['half a character', 'a\uD83D', 'half of a surrogate pair'],
])('%s is refused', (_, value, what) => {
  expect(refusalOf(configMap({ a: value }))).toContain(`data.a: ${what}\n`);
});

test('half a character is refused in a key', () => {
  expect(refusalOf(configMap({ 'a\uD83D': 'b' }))).toContain('half of a surrogate pair');
});

test('an object that contains itself is refused', () => {
  const knot: Record<string, unknown> = {};
  knot.left = knot;
  knot.right = knot;
  expect(refusalOf(configMap(knot))).toContain('nested too deeply');
});

// What it takes in time is `npm run bench`'s business.
test('to write ten times as many entries is ten times the work', () => {
  const [few, many] = [100, 1000].map((count) => {
    const env = Array.from({ length: count }, (_, index) => ({ name: `A${index}`, value: 'on' }));
    const watched = new Watched<Manifest>({ ...configMap({}), spec: { containers: [{ name: 'a', env }] } });
    toYaml(watched.data);
    return watched.reads;
  });
  expect(few).toBeGreaterThan(200);
  expect(many).toBeLessThan(11 * few!);
});
