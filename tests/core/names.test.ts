import { Cpu } from '../../constructs/core/cpu.ts';
import { InputError } from '../../constructs/core/error.ts';
import { labels, selectorLabels } from '../../constructs/core/labels.ts';
import { publicEndpoint } from '../../constructs/core/endpoint.ts';
import { checkHost, checkName, nameLimits } from '../../constructs/core/names.ts';
import { refusal } from '../support/harness.ts';

describe('a name', () => {
  test.each(Object.entries(nameLimits))('is taken up to the limit %s and refused past it', (limit, { characters }) => {
    const kind = limit as keyof typeof nameLimits;
    expect(checkName('test', 'a'.repeat(characters), kind)).toHaveLength(characters);
    const [finding] = refusal(() => checkName('test', 'a'.repeat(characters + 1), kind));
    expect(finding?.what).toContain(`has ${characters + 1} characters`);
    expect(finding?.allowed).toContain(`at most ${characters}: `);
  });

  test.each(['', 'A', '-a', 'a-', 'a_b', 'a.b', 'ü'])('is refused when it is "%s"', (name) => {
    expect(() => checkName('test', name)).toThrow(InputError);
  });

  test('may have dots only as a subdomain', () => {
    expect(checkName('test', 'a.b', 'subdomain')).toBe('a.b');
  });
});

describe('labels', () => {
  const identity = { name: 'nest-backend', instance: 'backend', component: 'api', partOf: 'shop' };

  test('are the five that Kubernetes recommends, the selector without the version', () => {
    expect(Object.keys(labels(identity, '1.0.0'))).toEqual([
      ...Object.keys(selectorLabels(identity)),
      'app.kubernetes.io/version',
    ]);
    expect(Object.keys(selectorLabels(identity))).toHaveLength(4);
  });

  test.each([
    ['_build.7', 'build.7'],
    ['1.0_', '1.0'],
    ['___', undefined],
  ])('make of the tag %s the version %s', (tag, version) => {
    expect(labels(identity, tag)['app.kubernetes.io/version']).toBe(version);
  });

  test('cut a version to what a label value holds', () => {
    expect(labels(identity, `1.0+build ${'x'.repeat(80)}`)['app.kubernetes.io/version']).toMatch(/^1\.0-build-x{53}$/);
  });
});

describe('an amount of CPU', () => {
  test('is written in the canonical form', () => {
    expect([Cpu.cores(2), Cpu.cores(0.5), Cpu.millicores(250)].map((cpu) => cpu.asString())).toEqual([
      '2',
      '500m',
      '250m',
    ]);
  });

  test('is what was written, where a fraction of a core has no exact number', () => {
    expect([1.001, 2.01, 16.1].map((cores) => Cpu.cores(cores).millicores)).toEqual([1001, 2010, 16_100]);
  });

  test.each([0, -1, 0.5, Number.NaN])('is never %s millicores', (millicores) => {
    expect(() => Cpu.millicores(millicores)).toThrow(RangeError);
  });
});

describe('a host', () => {
  test.each(['api.example.com', 'localhost', '192.0.2.1', 'xn--bcher-kva.example'])('%s is taken', (host) => {
    expect(() => {
      checkHost('web', host);
    }).not.toThrow();
  });

  // `https://` stands before it, and a port behind it.
  test.each([
    'https://api.example.com',
    'api.example.com/',
    'api.example.com:443',
    'API.example.com',
    '',
    'a b',
    5 as never,
  ])('%s is refused', (host) => {
    expect(refusal(() => checkHost('web', host))).toMatchObject([{ where: 'web', remedy: 'write the name alone' }]);
  });

  test('of a server outside is one', () => {
    expect(refusal(() => publicEndpoint('chat', 'https://hooks.example.com/'))[0]?.where).toBe('endpoint chat');
  });
});
