import { JsonPatch, Size } from 'cdk8s';
import { Cpu } from '../../constructs/core/cpu.ts';
import type { SecretKeyReference } from '../../constructs/core/secret-ref.ts';
import type { SecretSource } from '../../constructs/core/secret.ts';
import { NextFrontend } from '../../constructs/next-frontend/index.ts';
import type { NextFrontendProps } from '../../constructs/next-frontend/index.ts';
import { built, everyOption, nextVersion, ofContainer, password, variablesOf, yamlOf } from '../support/constructs.ts';
import type { ChangeOfEveryOption, Servers } from '../support/constructs.ts';
import { difference } from '../support/difference.ts';
import { at, image, only, refusal } from '../support/harness.ts';

function frontend(changes: (servers: Servers) => Partial<NextFrontendProps> = () => ({}), id = 'frontend') {
  const { manifests, platform } = built(
    (scope, servers) => new NextFrontend(scope, id, { image, host: 'shop.example.com', ...changes(servers) }),
  );
  return { manifests, platform, deployment: only(manifests, 'Deployment') };
}

const keyOf = (source: SecretSource): SecretKeyReference => built((scope) => password(scope, 'forms', source)).value;

const changes: ChangeOfEveryOption<NextFrontendProps> = {
  name: () => 'store',
  image: () => nextVersion(image),
  host: () => 'store.example.com',
  size: () => ({ minReplicas: 3, maxReplicas: 8, cpuRequest: Cpu.cores(1), memory: Size.gibibytes(1) }),
  autoscaleAtCpuPercent: () => 50,
  port: () => 8080,
  metrics: () => ({ path: '/prometheus', port: 9100 }),
  traces: ({ traces }) => traces,
  environment: () => ({ LOG_LEVEL: 'debug' }),
  secretFiles: ({ cache }) => ({ LICENCE_FILE: cache.credentials.password }),
  spread: () => 'anywhere',
  preStopSleepSeconds: () => 10,
  shutdownSeconds: () => 50,
  keepAliveSeconds: () => 120,
  patches: () => [JsonPatch.add('/spec/template/spec/runtimeClassName', 'gvisor')],
  api: ({ api }) => api,
  encryptionKey: () => keyOf({ kind: 'random', bytes: 32, encoding: 'base64url' }),
  deploymentId: () => 'v2',
  cacheSize: () => Size.gibibytes(1),
  directory: () => '/srv/web',
  healthPath: () => '/health',
  startupSeconds: () => 180,
};

describe('output', () => {
  test('with nothing but an image and a host', () => {
    expect(yamlOf(frontend().manifests)).toMatchSnapshot();
  });

  test('another id in the code changes no byte', () => {
    const of = (id: string): string => yamlOf(frontend((servers) => everyOption(changes, servers), id).manifests);
    expect(of('moved')).toBe(of('frontend'));
  });
});

describe('options', () => {
  test.each(Object.keys(changes) as (keyof NextFrontendProps)[])('%s changes the output', (key) => {
    const old = yamlOf(frontend().manifests);
    const changed = yamlOf(frontend((servers) => ({ [key]: changes[key](servers) })).manifests);
    expect(changed).not.toBe(old);
    expect(difference(old, key === 'name' ? changed.replaceAll('store', 'frontend') : changed)).toMatchSnapshot();
  });
});

describe('server', () => {
  test('runs 2 replicas at least and 4 at most', () => {
    const { deployment, manifests } = frontend();
    expect(at(deployment, 'spec.replicas')).toBe(2);
    expect(only(manifests, 'HorizontalPodAutoscaler').spec).toMatchObject({ minReplicas: 2, maxReplicas: 4 });
  });

  test('is asked three questions on a path that renders nothing', () => {
    const probes = ['startupProbe', 'readinessProbe', 'livenessProbe'];
    const { deployment } = frontend();
    expect(probes.map((probe) => ofContainer(deployment, `${probe}.httpGet.path`))).toEqual(
      probes.map(() => '/api/health'),
    );
  });

  test('may take 60 seconds for its first start', () => {
    expect(ofContainer(frontend().deployment, 'startupProbe')).toMatchObject({
      periodSeconds: 2,
      failureThreshold: 30,
    });
  });

  test('listens on every address, not on that of its host name', () => {
    expect(variablesOf(frontend().deployment).HOSTNAME).toBe('0.0.0.0');
  });

  test.each([
    ['HOSTNAME', 'the value it has: the server has to be reached from outside its pod'],
    ['KEEP_ALIVE_TIMEOUT', 'the option keepAliveSeconds'],
    ['API_URL', 'the option api'],
    ['NEXT_DEPLOYMENT_ID', 'the option deploymentId'],
    // As a variable it would be readable to whoever may look at pods.
    ['NEXT_SERVER_ACTIONS_ENCRYPTION_KEY', 'the option encryptionKey'],
    ['NEXT_SERVER_ACTIONS_ENCRYPTION_KEY_FILE', 'the option encryptionKey'],
  ])('refuses the variable %s as a further one', (variable, allowed) => {
    const refused = refusal(() => frontend(() => ({ environment: { [variable]: '127.0.0.1' } })));
    expect(refused).toMatchObject([{ where: `workload frontend: the variable ${variable}`, allowed }]);
  });

  test('tells nobody how it is used', () => {
    expect(variablesOf(frontend().deployment).NEXT_TELEMETRY_DISABLED).toBe('1');
  });
});

describe('deployment', () => {
  const idOf = (props: Partial<NextFrontendProps>): unknown =>
    variablesOf(frontend(() => props).deployment).NEXT_DEPLOYMENT_ID;

  test('is called by the tag of the image, and by its digest where there is one', () => {
    const digest = `sha256:${'0123456789abcdef'.repeat(4)}`;
    expect(idOf({ image: { ...image, tag: '1.4.0+a', digest: undefined } })).toBe('1-4-0-a');
    expect(idOf({ image: { ...image, tag: '1.4.0', digest } })).toBe('1-4-0-0123456789ab');
    // A tag has up to 128 characters, and the id 64: the end of it and the digest tell versions apart.
    const tag = `feature-${'a'.repeat(70)}-7`;
    expect(idOf({ image: { ...image, tag, digest } })).toBe(`${'a'.repeat(49)}-7-0123456789ab`);
    expect(idOf({ image: { ...image, tag, digest: undefined } })).toBe(`${'a'.repeat(62)}-7`);
  });

  test('is called as it is told to, or by the build', () => {
    expect(idOf({ deploymentId: 'blue' })).toBe('blue');
    expect(idOf({ deploymentId: false })).toBeUndefined();
  });

  test.each(['', 'a b', 'x'.repeat(65)])('refuses to be called "%s"', (deploymentId) => {
    expect(refusal(() => frontend(() => ({ deploymentId })))).toMatchObject([
      { where: 'NextFrontend frontend: deploymentId', what: `got "${deploymentId}"` },
    ]);
  });

  test('has the key of its forms in a file', () => {
    const encryptionKey = keyOf({ kind: 'random', bytes: 32, encoding: 'base64url' });
    const { deployment } = frontend(() => ({ encryptionKey }));
    const variable = 'NEXT_SERVER_ACTIONS_ENCRYPTION_KEY_FILE';
    expect(variablesOf(deployment)[variable]).toBe('/run/secrets/forms/password');
    expect(variablesOf(frontend().deployment)[variable]).toBeUndefined();
  });

  test.each<[SecretSource, string]>([
    [{ kind: 'random', bytes: 64, encoding: 'base64url' }, '64 bytes'],
    [{ kind: 'random', bytes: 32, encoding: 'hex' }, '48 bytes'],
    [{ kind: 'fixed', value: 'c2hvcnQ' }, '5 bytes'],
    [{ kind: 'ed25519' }, 'no such bytes'],
  ])('refuses a key of its forms that no pod would begin with: %j', (source, has) => {
    expect(refusal(() => frontend(() => ({ encryptionKey: keyOf(source) })))).toMatchObject([
      { where: 'NextFrontend frontend: encryptionKey', what: `the key password of the secret forms has ${has}` },
    ]);
  });

  test.each<SecretSource>([
    { kind: 'random', bytes: 16, encoding: 'base64url' },
    { kind: 'human', prompt: 'the key' },
  ])('takes a key of its forms that may be one: %j', (source) => {
    expect(() => frontend(() => ({ encryptionKey: keyOf(source) }))).not.toThrow();
  });
});

describe('cache', () => {
  test('only .next/cache and /tmp can be written to, each with a size limit', () => {
    const { deployment } = frontend();
    expect(ofContainer(deployment, 'securityContext.readOnlyRootFilesystem')).toBe(true);
    expect(ofContainer(deployment, 'volumeMounts')).toEqual([
      { name: 'tmp', mountPath: '/tmp' },
      { name: 'next-cache', mountPath: '/app/.next/cache' },
    ]);
    expect(at(deployment, 'spec.template.spec.volumes')).toEqual([
      { name: 'tmp', emptyDir: { sizeLimit: '64Mi' } },
      { name: 'next-cache', emptyDir: { sizeLimit: '256Mi' } },
    ]);
  });

  test('moves with the directory of the application', () => {
    const { deployment } = frontend(() => ({ directory: '/srv/web' }));
    expect(ofContainer(deployment, 'volumeMounts.1.mountPath')).toBe('/srv/web/.next/cache');
  });
});

describe('api', () => {
  test('gives API_URL and the only way out besides name lookups', () => {
    const { deployment, manifests } = frontend(({ api }) => ({ api }));
    expect(variablesOf(deployment).API_URL).toBe('http://api.servers.svc.cluster.local:3000');
    expect(at(only(manifests, 'NetworkPolicy'), 'spec.egress')).toMatchObject([
      {
        ports: [{ port: 53 }, { port: 53 }],
        to: [{ podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } } }],
      },
      {
        ports: [{ port: 3000, protocol: 'TCP' }],
        to: [{ podSelector: { matchLabels: { 'app.kubernetes.io/name': 'api' } } }],
      },
    ]);
  });

  test('is there before the frontend', () => {
    expect(frontend(({ api }) => ({ api })).platform.wires).toMatchObject([
      { strength: 'needs', endpoint: { name: 'HTTP api' } },
    ]);
  });

  test('without one there is no variable and no way out', () => {
    const { deployment, manifests } = frontend();
    expect(variablesOf(deployment)).not.toHaveProperty('API_URL');
    expect(manifests.map(({ kind }) => kind)).not.toContain('NetworkPolicy');
  });
});
