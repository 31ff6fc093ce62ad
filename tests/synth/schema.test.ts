import { IngressRoute as IngressRouteModel } from '@kubernetes-models/traefik/traefik.io/v1alpha1/IngressRoute';
import { Deployment as DeploymentModel } from 'kubernetes-models/apps/v1/Deployment';
import type { Manifest } from '../../constructs/core/manifest.ts';
import type { Application } from '../../imports/argo-cd.ts';
import type { Certificate } from '../../imports/cert-manager.ts';
import type { SealedSecret } from '../../imports/sealed-secrets.ts';
import { schemaFindings } from '../../synth/schema/index.ts';
import { Watched } from '../support/watched.ts';

const labels = { 'app.kubernetes.io/name': 'backend' };

const deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'backend', namespace: 'shop', labels, annotations: { 'example.com/Note': 'any text: at all' } },
  spec: {
    replicas: 2,
    revisionHistoryLimit: 3,
    selector: { matchLabels: labels },
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: '25%' } },
    template: {
      metadata: { labels },
      spec: {
        serviceAccountName: 'backend',
        automountServiceAccountToken: false,
        terminationGracePeriodSeconds: 30,
        securityContext: {
          runAsNonRoot: true,
          fsGroupChangePolicy: 'OnRootMismatch',
          seccompProfile: { type: 'RuntimeDefault' },
          appArmorProfile: { type: 'RuntimeDefault' },
        },
        topologySpreadConstraints: [
          {
            maxSkew: 1,
            topologyKey: 'kubernetes.io/hostname',
            whenUnsatisfiable: 'ScheduleAnyway',
            labelSelector: { matchLabels: labels },
            matchLabelKeys: ['pod-template-hash'],
          },
        ],
        containers: [
          {
            name: 'backend',
            image: 'registry.example/backend:1.0.0',
            imagePullPolicy: 'IfNotPresent',
            env: [
              { name: 'PORT', value: '8080' },
              { name: 'PASSWORD', valueFrom: { secretKeyRef: { name: 'backend', key: 'password' } } },
            ],
            ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }],
            resources: { requests: { cpu: '250m', memory: '128Mi' }, limits: { cpu: 0.5, memory: '1.5Gi' } },
            readinessProbe: { httpGet: { path: '/ready', port: 'http' }, periodSeconds: 5 },
            lifecycle: { preStop: { sleep: { seconds: 5 } } },
            volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
          },
        ],
        volumes: [{ name: 'tmp', emptyDir: { sizeLimit: '64Mi' } }],
      },
    },
  },
};

const application = {
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Application',
  metadata: { name: 'backend', namespace: 'argocd', annotations: { 'argocd.argoproj.io/sync-wave': '4' } },
  spec: {
    project: 'applications',
    source: { repoURL: 'https://git.example/platform.git', path: 'dist/production/backend', targetRevision: 'v1.2.0' },
    destination: { name: 'in-cluster', namespace: 'shop' },
    ignoreDifferences: [{ group: 'apps', kind: 'Deployment', jsonPointers: ['/spec/replicas'] }],
    syncPolicy: {
      automated: { prune: true, selfHeal: true },
      retry: { limit: 5, backoff: { duration: '5s', factor: 2, maxDuration: '3m' } },
      syncOptions: ['ServerSideApply=true'],
    },
  },
} as const satisfies Application;

const certificate = {
  apiVersion: 'cert-manager.io/v1',
  kind: 'Certificate',
  metadata: { name: 'shop', namespace: 'edge' },
  spec: {
    secretName: 'shop-tls',
    dnsNames: ['shop.example'],
    issuerRef: { group: 'cert-manager.io', kind: 'ClusterIssuer', name: 'letsencrypt' },
    privateKey: { algorithm: 'ECDSA', size: 256, rotationPolicy: 'Always' },
    usages: ['server auth'],
  },
} as const satisfies Certificate;

const sealedSecret = {
  apiVersion: 'bitnami.com/v1alpha1',
  kind: 'SealedSecret',
  metadata: { name: 'backend', namespace: 'shop' },
  spec: {
    encryptedData: { password: 'AgBghj7K' },
    template: { type: 'Opaque', metadata: { name: 'backend', namespace: 'shop' } },
  },
} as const satisfies SealedSecret;

const ingressRoute = {
  apiVersion: 'traefik.io/v1alpha1',
  kind: 'IngressRoute',
  metadata: { name: 'shop', namespace: 'edge' },
  spec: {
    entryPoints: ['websecure'],
    routes: [
      {
        kind: 'Rule',
        match: 'Host(`shop.example`)',
        middlewares: [{ name: 'headers' }],
        services: [{ name: 'waf', port: 'http', passHostHeader: true }],
      },
    ],
    tls: { secretName: 'shop-tls', options: { name: 'modern' } },
  },
};

/** A copy of an object whose field at a path such as `spec.containers.0.image` is another value. */
function changed(object: object, at: string, value: unknown): Manifest {
  const copy = structuredClone(object) as unknown;
  const names = at.split('.');
  const last = names.pop() ?? '';
  const holder = names.reduce<unknown>((parent, name) => (parent as Record<string, unknown>)[name], copy);
  (holder as Record<string, unknown>)[last] = value;
  return copy as Manifest;
}

function simple(apiVersion: string, kind: string, fields: Readonly<Record<string, unknown>>, name = 'thing'): Manifest {
  return { apiVersion, kind, metadata: { name }, ...fields };
}

const cronJob = {
  spec: {
    schedule: '0 2 * * *',
    jobTemplate: {
      spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'backup', image: 'backup' }] } } },
    },
  },
};

const pod = 'spec.template.spec';
const container = `${pod}.containers.0`;

describe('objects that an API server takes', () => {
  test.each<[string, Manifest]>([
    ['a Deployment with newer fields', deployment],
    ['an Application', application],
    ['a Certificate', certificate],
    ['a SealedSecret', sealedSecret],
    [
      'a SealedSecret with the nulls that kubeseal writes',
      changed(sealedSecret, 'spec.template.metadata', { name: 'backend', creationTimestamp: null }),
    ],
    ['a SealedSecret without template data', changed(sealedSecret, 'spec.template.data', null)],
    ['a SealedSecret without template metadata', changed(sealedSecret, 'spec.template.metadata', null)],
    ['an IngressRoute', ingressRoute],
    [
      'a Middleware with a plugin of any shape',
      simple('traefik.io/v1alpha1', 'Middleware', { spec: { plugin: { geo: { any: [1] } } } }),
    ],
    [
      'a Middleware with the period as a string',
      simple('traefik.io/v1alpha1', 'Middleware', { spec: { rateLimit: { average: 100, period: '1m' } } }),
    ],
    [
      'an AppProject with a description',
      simple('argoproj.io/v1alpha1', 'AppProject', { spec: { description: 'Data and identity.' } }),
    ],
    [
      'a PriorityClass with a description',
      simple('scheduling.k8s.io/v1', 'PriorityClass', { value: 1000, description: 'Data.' }),
    ],
    [
      'a role with a colon in its name',
      simple('rbac.authorization.k8s.io/v1', 'ClusterRole', { rules: [{ verbs: ['get'] }] }, 'system:Reader'),
    ],
    ['a Secret in base64', simple('v1', 'Secret', { type: 'Opaque', data: { key: 'c2hvcA==' } })],
    [
      'an empty map, list and label value',
      changed(changed(deployment, `${pod}.volumes`, []), 'metadata.labels', { tier: '' }),
    ],
    ['a field set to undefined, which no file would hold', changed(deployment, 'spec.paused', undefined)],
    [
      'claim templates without apiVersion and kind',
      simple('apps/v1', 'StatefulSet', {
        spec: {
          serviceName: 'db',
          selector: { matchLabels: labels },
          template: { metadata: { labels }, spec: { containers: [{ name: 'db', image: 'db' }] } },
          volumeClaimTemplates: [
            {
              metadata: { name: 'data' },
              spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '50Gi' } } },
            },
          ],
        },
      }),
    ],
  ])('%s has no findings', (_, manifest) => {
    expect(schemaFindings(manifest)).toEqual([]);
  });
});

describe('objects that an API server refuses or silently cuts', () => {
  test.each<[string, Manifest, string]>([
    [
      'an unknown field',
      changed(deployment, `${container}.imagee`, 'x'),
      'Deployment shop/backend: spec.template.spec.containers[0].imagee',
    ],
    [
      'a field in the wrong place',
      changed(deployment, 'spec.containers', []),
      'Deployment shop/backend: spec.containers',
    ],
    ['a status', changed(deployment, 'status', {}), 'Deployment shop/backend: status'],
    [
      'an unknown field of a custom resource',
      changed(application, 'spec.source.repoUrl', 'x'),
      'Application argocd/backend: spec.source.repoUrl',
    ],
    ['an unknown kind', changed(deployment, 'kind', 'Deploymnt'), 'Deploymnt shop/backend: kind'],
    [
      'an old apiVersion',
      changed(deployment, 'apiVersion', 'extensions/v1beta1'),
      'Deployment shop/backend: apiVersion',
    ],
    ['an unknown group', changed(deployment, 'apiVersion', 'example.com/v1'), 'Deployment shop/backend: apiVersion'],
    ['no kind', changed(deployment, 'kind', undefined), 'backend: kind'],
    ['no name', changed(deployment, 'metadata.name', undefined), 'Deployment: metadata.name'],
    [
      'a number where a string belongs',
      changed(deployment, `${container}.env.0.value`, 8080),
      'Deployment shop/backend: spec.template.spec.containers[0].env[0].value',
    ],
    [
      'a string where a number belongs',
      changed(deployment, 'spec.replicas', '2'),
      'Deployment shop/backend: spec.replicas',
    ],
    [
      'a string where a boolean belongs',
      changed(deployment, 'spec.paused', 'true'),
      'Deployment shop/backend: spec.paused',
    ],
    [
      'a fraction where an integer belongs',
      changed(deployment, 'spec.replicas', 1.5),
      'Deployment shop/backend: spec.replicas',
    ],
    [
      'an integer over 32 bits',
      changed(deployment, 'spec.replicas', 2 ** 31),
      'Deployment shop/backend: spec.replicas',
    ],
    [
      'an object where a list belongs',
      changed(deployment, `${pod}.containers`, {}),
      'Deployment shop/backend: spec.template.spec.containers',
    ],
    [
      'a list where an object belongs',
      changed(deployment, 'spec.selector', []),
      'Deployment shop/backend: spec.selector',
    ],
    [
      'a missing field',
      changed(deployment, `${container}.name`, undefined),
      'Deployment shop/backend: spec.template.spec.containers[0].name',
    ],
    [
      'a missing field of a custom resource',
      changed(certificate, 'spec.issuerRef.name', undefined),
      'Certificate edge/shop: spec.issuerRef.name',
    ],
    [
      'a value that is not in the list',
      changed(deployment, `${container}.imagePullPolicy`, 'Sometimes'),
      'Deployment shop/backend: spec.template.spec.containers[0].imagePullPolicy',
    ],
    [
      'an item that is not in the list',
      changed(certificate, 'spec.usages', ['server auth', 'web auth']),
      'Certificate edge/shop: spec.usages[1]',
    ],
    [
      'a text where an integer of 64 bits belongs',
      simple('traefik.io/v1alpha1', 'Middleware', { spec: { rateLimit: { average: 'many' } } }),
      'Middleware thing: spec.rateLimit.average',
    ],
    [
      'a text under its length',
      simple('argoproj.io/v1alpha1', 'Application', {
        spec: {
          ...application.spec,
          sourceHydrator: {
            drySource: { repoURL: 'https://git.example/dry.git', path: '.', targetRevision: 'main' },
            syncSource: { path: '', targetBranch: 'main' },
          },
        },
      }),
      'Application thing: spec.sourceHydrator.syncSource.path',
    ],
    [
      'a null',
      changed(deployment, `${container}.env`, null),
      'Deployment shop/backend: spec.template.spec.containers[0].env',
    ],
    [
      'a quantity with the wrong unit',
      changed(deployment, `${container}.resources.limits.memory`, '1GB'),
      'Deployment shop/backend: spec.template.spec.containers[0].resources.limits.memory',
    ],
    [
      'a port number in quotes',
      changed(deployment, `${container}.readinessProbe.httpGet.port`, '8080'),
      'Deployment shop/backend: spec.template.spec.containers[0].readinessProbe.httpGet.port',
    ],
    [
      'a boolean for an integer or string',
      changed(deployment, 'spec.strategy.rollingUpdate.maxSurge', true),
      'Deployment shop/backend: spec.strategy.rollingUpdate.maxSurge',
    ],
    ['plain text where base64 belongs', simple('v1', 'Secret', { data: { key: 'shop!' } }), 'Secret thing: data.key'],
    [
      'a time that is none',
      changed(deployment, 'metadata.creationTimestamp', 'today'),
      'Deployment shop/backend: metadata.creationTimestamp',
    ],
    [
      'a number under its minimum',
      simple('traefik.io/v1alpha1', 'Middleware', { spec: { rateLimit: { burst: -1 } } }),
      'Middleware thing: spec.rateLimit.burst',
    ],
    [
      'a text over its length',
      simple('argoproj.io/v1alpha1', 'AppProject', { spec: { description: 'x'.repeat(256) } }),
      'AppProject thing: spec.description',
    ],
    [
      'a text that does not match its pattern',
      simple('traefik.io/v1alpha1', 'Middleware', { spec: { circuitBreaker: { checkPeriod: 'soon' } } }),
      'Middleware thing: spec.circuitBreaker.checkPeriod',
    ],
    ['a name in upper case', changed(certificate, 'metadata.name', 'Shop'), 'Certificate edge/Shop: metadata.name'],
    ['a dot in the name of a Service', simple('v1', 'Service', {}, 'a.b'), 'Service a.b: metadata.name'],
    [
      'a CronJob whose Jobs would have no name',
      simple('batch/v1', 'CronJob', cronJob, 'c'.repeat(53)),
      `CronJob ${'c'.repeat(53)}: metadata.name`,
    ],
    [
      'a slash in the name of a role',
      simple('rbac.authorization.k8s.io/v1', 'ClusterRole', {}, 'a/b'),
      'ClusterRole a/b: metadata.name',
    ],
    [
      'a namespace that is no DNS label',
      changed(certificate, 'metadata.namespace', 'a.b'),
      'Certificate a.b/shop: metadata.namespace',
    ],
    [
      'a label value over 63 characters',
      changed(deployment, 'metadata.labels', { tier: 'x'.repeat(64) }),
      'Deployment shop/backend: metadata.labels.tier',
    ],
    [
      'a label value with a space',
      changed(deployment, `${pod}.nodeSelector`, { disk: 'very fast' }),
      'Deployment shop/backend: spec.template.spec.nodeSelector.disk',
    ],
    [
      'a label key without a name',
      changed(deployment, 'metadata.labels', { 'example.com/': 'x' }),
      'Deployment shop/backend: metadata.labels["example.com/"]',
    ],
    [
      'a label prefix over 253 characters',
      changed(deployment, 'metadata.labels', { [`${'a'.repeat(254)}/b`]: 'x' }),
      `Deployment shop/backend: metadata.labels["${'a'.repeat(254)}/b"]`,
    ],
    [
      'an annotation key with two slashes',
      changed(deployment, 'metadata.annotations', { 'a/b/c': 'x' }),
      'Deployment shop/backend: metadata.annotations["a/b/c"]',
    ],
    [
      'an annotation that is a number',
      changed(deployment, 'metadata.annotations', { wave: 4 }),
      'Deployment shop/backend: metadata.annotations.wave',
    ],
  ])('%s is one finding', (_, manifest, where) => {
    expect(schemaFindings(manifest).map((each) => each.where)).toEqual([where]);
  });
});

describe('a finding', () => {
  const only = (manifest: Manifest) => schemaFindings(manifest)[0];

  test('names the allowed fields and the nearest one', () => {
    expect(only(changed(deployment, `${container}.lifecycle.preStop.slep`, {}))).toEqual({
      where: 'Deployment shop/backend: spec.template.spec.containers[0].lifecycle.preStop.slep',
      what: 'there is no field slep here',
      allowed: 'exec, httpGet, sleep, tcpSocket',
      remedy: 'write sleep',
    });
  });

  test('says which kinds the apiVersion has', () => {
    expect(only(changed(certificate, 'kind', 'Certificat'))).toEqual({
      where: 'Certificat edge/shop: kind',
      what: 'no schema is known for Certificat of cert-manager.io/v1',
      allowed: 'Certificate, ClusterIssuer, Issuer',
      remedy: 'write Certificate, or add the kind in scripts/import and run npm run import',
    });
  });

  test('says which apiVersion has the kind', () => {
    expect(only(changed(deployment, 'apiVersion', 'apps/v1beta1'))).toMatchObject({
      allowed: 'apps/v1',
      remedy: 'write apps/v1, or add the kind in scripts/import and run npm run import',
    });
  });

  test('says who writes a status', () => {
    expect(only(changed(deployment, 'status', {}))).toMatchObject({
      remedy: 'remove it: the cluster writes the status',
    });
  });

  test('advises quotes for a number that should be a string', () => {
    expect(only(changed(deployment, `${container}.env.0.value`, 8080))).toMatchObject({
      what: '8080',
      allowed: 'a string',
      remedy: 'put it in quotes',
    });
  });

  test('does not repeat the value of a secret', () => {
    const [finding] = schemaFindings(simple('v1', 'Secret', { stringData: { password: 48151623 } }));
    expect(JSON.stringify(finding)).not.toContain('48151623');
  });

  test('comes for every fault of an object', () => {
    const faults = changed(changed(deployment, 'spec.replicas', '2'), 'spec.pausd', true);
    expect(schemaFindings(faults)).toHaveLength(2);
  });
});

describe('the models of kubernetes-models', () => {
  const models = {
    Deployment: [deployment, DeploymentModel],
    IngressRoute: [ingressRoute, IngressRouteModel],
  } as const;

  test.each(Object.entries(models))('accept the same %s', (_, [object, Model]) => {
    const validate = (): void => new (Model as new (data: unknown) => { validate: () => void })(object).validate();
    expect(validate).not.toThrow();
    expect(schemaFindings(object)).toEqual([]);
  });

  test.each([
    ['spec.replicas', '2', 'must be integer'],
    ['spec.selector', undefined, 'must have required property selector'],
    [`${container}.imagePullPolicy`, 'Sometimes', 'must be equal to one of the allowed values'],
    [`${container}.resources.limits.memory`, '1GB', 'must match format "quantity"'],
    [`${pod}.containers`, {}, 'must be array'],
  ])('refuse the same value of %s', (at, value, message) => {
    const spoiled = changed(deployment, at, value);
    expect(() => {
      new DeploymentModel(spoiled).validate();
    }).toThrow(message);
    expect(schemaFindings(spoiled)).toHaveLength(1);
  });
});

describe('the tables', () => {
  // What it takes in time is `npm run bench`'s business.
  test('check ten times as many entries with ten times the work', () => {
    const [few, many] = [10, 100].map((count) => {
      const env = Array.from({ length: count }, (_, index) => ({ name: `A${index}`, value: 'on' }));
      const watched = new Watched(changed(deployment, `${container}.env`, env));
      expect(schemaFindings(watched.data)).toEqual([]);
      return watched.reads;
    });
    expect(many).toBeGreaterThan(few! + 180);
    expect(many).toBeLessThan(10 * few!);
  });
});
