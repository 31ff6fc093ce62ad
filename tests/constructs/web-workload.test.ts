import { JsonPatch, Size } from 'cdk8s';
import type { ApplicationChart } from '../../constructs/core/application-chart.ts';
import type { HttpEndpoint, TraceEndpoint } from '../../constructs/core/endpoint.ts';
import type { Manifest } from '../../constructs/core/manifest.ts';
import { NestBackend } from '../../constructs/nest-backend/index.ts';
import { NextFrontend } from '../../constructs/next-frontend/index.ts';
import type { WebWorkloadProps } from '../../constructs/web-workload/index.ts';
import { restrictedViolations } from '../../synth/pod-security.ts';
import { podTemplateOf } from '../../synth/pods.ts';
import { objectFindings } from '../../synth/api-server/index.ts';
import { schemaFindings } from '../../synth/schema/index.ts';
import { built, egressPorts, ofContainer, password, variablesOf, yamlOf } from '../support/constructs.ts';
import type { Servers } from '../support/constructs.ts';
import { at, image, only, refusal } from '../support/harness.ts';

interface Web {
  readonly http: HttpEndpoint;
}
type Make = (scope: ApplicationChart, id: string, props: WebWorkloadProps) => Web;
type Changes = Partial<WebWorkloadProps> | ((scope: ApplicationChart, servers: Servers) => Partial<WebWorkloadProps>);

const constructs: readonly (readonly [string, Make])[] = [
  ['NestBackend', (scope, id, props) => new NestBackend(scope, id, props)],
  ['NextFrontend', (scope, id, props) => new NextFrontend(scope, id, props)],
];

describe.each(constructs)('%s', (_, make) => {
  function web(changes: Changes = {}, id = 'web') {
    const { value, manifests, platform } = built((scope, servers) =>
      make(scope, id, {
        image,
        host: 'web.example.com',
        ...(typeof changes === 'function' ? changes(scope, servers) : changes),
      }),
    );
    return { value, manifests, platform, deployment: only(manifests, 'Deployment') };
  }

  function volume({ deployment }: { deployment: Manifest }, mountPath: string): unknown {
    const mounts = ofContainer(deployment, 'volumeMounts') as { name: string; mountPath: string }[];
    const volumes = at(deployment, 'spec.template.spec.volumes') as { name: string }[];
    const mount = mounts.find((candidate) => candidate.mountPath === mountPath);
    return volumes.find(({ name }) => name === mount?.name);
  }

  describe('replicas', () => {
    test('begins with the least number of replicas, which it never leaves to the API server', () => {
      const { deployment, manifests } = web({ size: { minReplicas: 4, maxReplicas: 9 } });
      expect(at(deployment, 'spec.replicas')).toBe(4);
      expect(only(manifests, 'HorizontalPodAutoscaler').spec).toMatchObject({ minReplicas: 4, maxReplicas: 9 });
    });

    test('steers for 70 % of the requested CPU', () => {
      const autoscaler = only(web().manifests, 'HorizontalPodAutoscaler');
      expect(at(autoscaler, 'spec.metrics.0.resource')).toEqual({
        name: 'cpu',
        target: { type: 'Utilization', averageUtilization: 70 },
      });
    });

    test('without an autoscaler the least number of replicas stands in the Deployment', () => {
      const { deployment, manifests } = web({ autoscaleAtCpuPercent: false, size: { minReplicas: 2 } });
      expect(at(deployment, 'spec.replicas')).toBe(2);
      expect(manifests.map(({ kind }) => kind)).not.toContain('HorizontalPodAutoscaler');
    });

    test('a least number of replicas above the default maximum raises the maximum', () => {
      const { manifests } = web({ size: { minReplicas: 20 } });
      expect(only(manifests, 'HorizontalPodAutoscaler').spec).toMatchObject({ minReplicas: 20, maxReplicas: 20 });
    });

    test('refuses more replicas at least than at most', () => {
      expect(refusal(() => web({ size: { minReplicas: 5, maxReplicas: 4 } }))).toMatchObject([
        { where: 'workload test/web', what: 'autoscaling between 5 and 4 replicas' },
      ]);
    });

    test('never has fewer pods than wanted during an update', () => {
      expect(at(web().deployment, 'spec.strategy')).toEqual({
        type: 'RollingUpdate',
        rollingUpdate: { maxSurge: 1, maxUnavailable: 0 },
      });
    });

    test('a drain takes one pod at a time', () => {
      expect(at(only(web().manifests, 'PodDisruptionBudget'), 'spec.maxUnavailable')).toBe(1);
    });

    test('pods leave a lost node after 30 seconds', () => {
      const tolerations = at(web().deployment, 'spec.template.spec.tolerations') as { tolerationSeconds: number }[];
      expect(tolerations.map(({ tolerationSeconds }) => tolerationSeconds)).toEqual([30, 30]);
    });
  });

  describe('spread', () => {
    const affinity = 'spec.template.spec.affinity';
    const preferred = `${affinity}.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution.0.podAffinityTerm`;
    const required = `${affinity}.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution.0`;

    test('prefers nodes without another pod of its own', () => {
      const { deployment } = web();
      expect(at(deployment, preferred)).toEqual({
        topologyKey: 'kubernetes.io/hostname',
        labelSelector: at(deployment, 'spec.selector'),
        // Of the same release.
        matchLabelKeys: ['pod-template-hash'],
      });
    });

    test('spread "strict" never puts two pods on a node', () => {
      const { deployment } = web({ spread: 'strict' });
      expect(at(deployment, `${required}.topologyKey`)).toBe('kubernetes.io/hostname');
    });

    // The tests have two nodes.
    test.each([
      ['a node is free, at the least and at the most', 1, 1, { maxSurge: 1, maxUnavailable: 0 }],
      [
        'a node is free at the least: half of one pod is none, half of two is one',
        1,
        2,
        { maxSurge: 1, maxUnavailable: '50%' },
      ],
      ['no node is ever free', 2, 2, { maxSurge: 0, maxUnavailable: 1 }],
    ])('an update of pods that share no node, where %s', (_, minReplicas, maxReplicas, expected) => {
      const { deployment } = web({ spread: 'strict', size: { minReplicas, maxReplicas } });
      expect(at(deployment, 'spec.strategy.rollingUpdate')).toEqual(expected);
    });

    test('spread "anywhere" says nothing of nodes', () => {
      expect(web({ spread: 'anywhere' }).deployment.spec).not.toHaveProperty('template.spec.affinity');
    });
  });

  describe('stopping', () => {
    test('waits for the edge before it stops: preStop sleeps 5 seconds', () => {
      expect(ofContainer(web().deployment, 'lifecycle')).toEqual({ preStop: { sleep: { seconds: 5 } } });
    });

    test('preStopSleepSeconds: 0 stops at once', () => {
      const { deployment } = web({ preStopSleepSeconds: 0 });
      expect(ofContainer(deployment, 'lifecycle')).toBeUndefined();
      expect(at(deployment, 'spec.template.spec.terminationGracePeriodSeconds')).toBe(25);
    });

    test('SIGKILL comes 5 seconds after the server should have finished', () => {
      const { deployment } = web({ preStopSleepSeconds: 7, shutdownSeconds: 40 });
      expect(variablesOf(deployment).SHUTDOWN_TIMEOUT_MS).toBe('40000');
      expect(at(deployment, 'spec.template.spec.terminationGracePeriodSeconds')).toBe(7 + 40 + 5);
    });

    test("idle connections stay open longer than the proxy's 60 seconds", () => {
      expect(Number(variablesOf(web().deployment).KEEP_ALIVE_TIMEOUT_MS)).toBeGreaterThan(60_000);
    });
  });

  describe('resources', () => {
    test('memory is requested and limited alike, and the heap takes 75 % of it', () => {
      const { deployment } = web({ size: { memory: Size.mebibytes(1000) } });
      expect(ofContainer(deployment, 'resources.requests.memory')).toBe('1000Mi');
      expect(ofContainer(deployment, 'resources.limits')).toEqual({ memory: '1000Mi' });
      expect(variablesOf(deployment).NODE_OPTIONS).toBe('--max-old-space-size=750');
    });

    const memoryOf = (value: string) => {
      const resources = '/spec/template/spec/containers/0/resources';
      return ['requests', 'limits'].map((kind) => JsonPatch.replace(`${resources}/${kind}/memory`, value));
    };

    test('the heap follows memory that is patched', () => {
      const { deployment } = web({ patches: memoryOf('4Gi') });
      expect(variablesOf(deployment).NODE_OPTIONS).toBe('--max-old-space-size=3072');
    });

    test('the heap follows it beside other options of Node.js', () => {
      const { deployment } = web({ environment: { NODE_OPTIONS: '--inspect' }, patches: memoryOf('4Gi') });
      expect(variablesOf(deployment).NODE_OPTIONS).toBe('--max-old-space-size=3072 --inspect');
    });

    test('a heap of its own stays as it was given, whatever is patched', () => {
      const environment = { NODE_OPTIONS: '--max-old-space-size=100' };
      const { deployment } = web({ environment, patches: memoryOf('4Gi') });
      expect(variablesOf(deployment)).toMatchObject(environment);
    });

    test('says where its numbers come from', () => {
      const annotations = web().deployment.metadata.annotations ?? {};
      expect(annotations['diptych/resources-of-web']).toMatch(/^Estimate .+ until a load test says better/);
    });
  });

  describe('security', () => {
    test('Pod Security "restricted" admits its pods', () => {
      expect(restrictedViolations(podTemplateOf(web().deployment)!.spec!)).toEqual([]);
    });

    test('only directories with a size limit can be written to, and /tmp is one', () => {
      const { deployment } = web();
      expect(ofContainer(deployment, 'securityContext.readOnlyRootFilesystem')).toBe(true);
      expect(volume({ deployment }, '/tmp')).toEqual({ name: 'tmp', emptyDir: { sizeLimit: '64Mi' } });
      const volumes = at(deployment, 'spec.template.spec.volumes') as { emptyDir: { sizeLimit?: string } }[];
      expect(volumes.map(({ emptyDir }) => emptyDir.sizeLimit)).not.toContain(undefined);
    });

    test('runs as an account of its own, without a token for the Kubernetes API', () => {
      const { deployment, manifests } = web();
      expect(at(deployment, 'spec.template.spec.serviceAccountName')).toBe('web');
      expect(at(deployment, 'spec.template.spec.automountServiceAccountToken')).toBe(false);
      expect(only(manifests, 'ServiceAccount', 'web').automountServiceAccountToken).toBe(false);
    });

    test('a secret is a file, and its variable only says where', () => {
      const { deployment } = web((scope) => ({ secretFiles: { LICENCE_FILE: password(scope, 'licence') } }));
      expect(variablesOf(deployment).LICENCE_FILE).toBe('/run/secrets/licence/password');
      expect(volume({ deployment }, '/run/secrets/licence')).toEqual({
        name: 'secret-licence',
        secret: { secretName: 'licence', defaultMode: 0o440, items: [{ key: 'password', path: 'password' }] },
      });
    });

    test('no variable reads a secret', () => {
      const { deployment } = web((scope) => ({ secretFiles: { LICENCE_FILE: password(scope, 'licence') } }));
      expect(yamlOf([deployment])).not.toMatch(/valueFrom|secretKeyRef|envFrom/);
    });
  });

  describe('environment', () => {
    test('tells the server who and where it is', () => {
      expect(variablesOf(web({ port: 8080 }).deployment)).toMatchObject({
        NODE_ENV: 'production',
        PORT: '8080',
        PUBLIC_URL: 'https://web.example.com',
      });
    });

    test("further variables stand beside the platform's, and other options of Node.js beside the heap", () => {
      const { deployment } = web({
        environment: { NODE_OPTIONS: '--enable-source-maps', NODE_ENV: 'test', FLAG: 'on' },
      });
      expect(variablesOf(deployment)).toMatchObject({
        NODE_OPTIONS: '--max-old-space-size=384 --enable-source-maps',
        NODE_ENV: 'test',
        FLAG: 'on',
      });
    });

    test.each([
      ['PORT', 'port'],
      ['PUBLIC_URL', 'host'],
      ['KEEP_ALIVE_TIMEOUT_MS', 'keepAliveSeconds'],
      ['SHUTDOWN_TIMEOUT_MS', 'shutdownSeconds'],
      ['METRICS_PORT', 'metrics'],
      ['OTEL_EXPORTER_OTLP_ENDPOINT', 'traces'],
    ])('the variable %s is refused, because the option %s sets it', (variable, option) => {
      expect(refusal(() => web({ environment: { [variable]: '8080' } }))).toMatchObject([
        { where: `workload web: the variable ${variable}`, allowed: `the option ${option}` },
      ]);
    });

    test('the variable of an option is refused as a file of a secret too', () => {
      const changes = (scope: ApplicationChart) => ({ secretFiles: { PORT: password(scope, 'licence') } });
      expect(refusal(() => web(changes)).map(({ allowed }) => allowed)).toEqual(['the option port']);
    });

    test('every variable that the platform makes of an option is one that is refused', () => {
      const own = Object.keys(variablesOf(web((_scope, { traces }) => ({ traces })).deployment));
      const free = ['NODE_ENV', 'NODE_OPTIONS', 'NEXT_TELEMETRY_DISABLED'];
      const taken = own.filter((variable) => !free.includes(variable));
      const refused = refusal(() => web({ environment: Object.fromEntries(taken.map((each) => [each, 'x'])) }));
      expect(refused.map(({ where }) => where.replace(/^.* /, '')).sort()).toEqual(taken.sort());
    });

    test('free text may say anything', () => {
      const environment = { HINT: 'undefined is not an object' };
      expect(variablesOf(web({ environment }).deployment)).toMatchObject(environment);
    });

    test('a variable that the platform makes of nothing is refused', () => {
      const host = String(undefined);
      expect(refusal(() => web({ host })).map(({ what }) => what)).toEqual([
        'the variable PUBLIC_URL would be "https://undefined"',
      ]);
    });

    test('a host that is an address of a page is refused', () => {
      expect(refusal(() => web({ host: 'https://web.example.com' })).map(({ what }) => what)).toEqual([
        'host: "https://web.example.com"',
      ]);
    });

    test('a variable that is no text is refused', () => {
      const environment = { LIMIT: 7 } as unknown as Record<string, string>;
      expect(refusal(() => web({ environment })).map(({ what }) => what)).toEqual(['the variable LIMIT is 7']);
    });

    test('a variable in environment and secretFiles is refused', () => {
      const changes = (scope: ApplicationChart) => ({
        environment: { LICENCE_FILE: '/x' },
        secretFiles: { LICENCE_FILE: password(scope, 'licence') },
      });
      expect(refusal(() => web(changes)).map(({ what }) => what)).toEqual(['the variable LICENCE_FILE is given twice']);
    });

    test.each(['shop.api', 'a'.repeat(57), `${'a'.repeat(56)}.${'b'.repeat(63)}`])(
      'a secret may be called %s: the volume gets a name that fits',
      (name) => {
        const { deployment } = web((scope) => ({ secretFiles: { LICENCE_FILE: password(scope, name) } }));
        expect(objectFindings(deployment)).toEqual([]);
        expect(volume({ deployment }, `/run/secrets/${name}`)).toMatchObject({ secret: { secretName: name } });
      },
    );

    test('traces go to the collector by the variables of OpenTelemetry', () => {
      const { deployment, manifests } = web((_scope, { traces }) => ({ traces }));
      expect(variablesOf(deployment)).toMatchObject({
        OTEL_SERVICE_NAME: 'web',
        OTEL_TRACES_EXPORTER: 'otlp',
        OTEL_EXPORTER_OTLP_ENDPOINT: 'http://jaeger.servers.svc.cluster.local:4318',
        OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
        OTEL_PROPAGATORS: 'tracecontext,baggage',
        OTEL_RESOURCE_ATTRIBUTES: `service.namespace=test,service.version=${image.tag}`,
        OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT: '1024',
      });
      expect(egressPorts(only(manifests, 'NetworkPolicy'))).toContainEqual([{ protocol: 'TCP', port: 4318 }]);
    });

    test('every trace is sent where who takes them decides, whatever a caller says, and else a share of those that begin here', () => {
      const sampled = (more: Partial<TraceEndpoint>) =>
        variablesOf(web((_scope, { traces }) => ({ traces: { ...traces, ...more } })).deployment);
      expect(sampled({})).toMatchObject({ OTEL_TRACES_SAMPLER: 'always_on' });
      expect(sampled({})).not.toHaveProperty('OTEL_TRACES_SAMPLER_ARG');
      expect(sampled({ sharePercent: 25 })).toMatchObject({
        OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
        OTEL_TRACES_SAMPLER_ARG: '0.25',
      });
    });

    test('a collector with an authority of its own is verified by it', () => {
      const authority = { name: 'traces-ca', certificates: 'the certificate of an authority\n' };
      const { deployment, manifests } = web((_scope, { traces }) => ({ traces: { ...traces, authority } }));
      expect(variablesOf(deployment)).toMatchObject({
        OTEL_EXPORTER_OTLP_CERTIFICATE: '/run/authorities/traces-ca.crt',
      });
      expect(only(manifests, 'ConfigMap', 'web-authorities')).toMatchObject({
        data: { 'traces-ca.crt': authority.certificates },
      });
      const variable = { environment: { OTEL_EXPORTER_OTLP_CERTIFICATE: '/x' } };
      expect(refusal(() => web(variable))).toMatchObject([{ allowed: 'the option traces' }]);
    });

    test('a collector of traces is not waited for', () => {
      expect(web((_scope, { traces }) => ({ traces })).platform.wires).toMatchObject([{ strength: 'observes' }]);
    });

    test.each([{}, { traces: false }] as const)('sends no traces with %j', (changes) => {
      const names = Object.keys(variablesOf(web(changes).deployment));
      expect(names.filter((name) => name.startsWith('OTEL_'))).toEqual([]);
    });
  });

  describe('metrics', () => {
    test('are offered on a port of their own', () => {
      const { platform, deployment } = web();
      expect(ofContainer(deployment, 'ports.1')).toEqual({ name: 'metrics', containerPort: 9464, protocol: 'TCP' });
      expect(variablesOf(deployment)).toMatchObject({ METRICS_PATH: '/metrics', METRICS_PORT: '9464' });
      expect(platform.scrapes).toMatchObject([
        { endpoint: { path: '/metrics', targets: [{ port: 9464, peer: { name: 'web' } }] } },
      ]);
    });

    test('are as many as one pod may tell', () => {
      const limits = [undefined, 3000].map((mostSeries) => {
        const { platform } = web({ metrics: { path: '/metrics', port: 9464, ...(mostSeries ? { mostSeries } : {}) } });
        return platform.scrapes.map((scrape) => scrape.mostSeries);
      });
      expect(limits).toEqual([[1500], [3000]]);
    });

    test('metrics: false closes the port and leaves the variables out', () => {
      const { platform, deployment } = web({ metrics: false });
      expect(platform.scrapes).toEqual([]);
      expect(ofContainer(deployment, 'ports')).toEqual([{ name: 'http', containerPort: 3000, protocol: 'TCP' }]);
      expect(yamlOf([deployment])).not.toContain('METRICS');
    });

    test('refuses metrics on the port of the server', () => {
      expect(refusal(() => web({ port: 9464 }))).toMatchObject([
        { where: 'workload test/web', what: 'TCP port 9464 is declared twice, by web and web' },
      ]);
    });
  });

  describe('identity', () => {
    test('carries five labels, and selects by those that never change', () => {
      const { deployment, manifests } = web();
      const { 'app.kubernetes.io/version': version, ...lasting } = deployment.metadata.labels ?? {};
      expect(version).toBe('1.2.3');
      expect(Object.keys(lasting).sort()).toEqual(
        ['component', 'instance', 'name', 'part-of'].map((label) => `app.kubernetes.io/${label}`),
      );
      expect(at(deployment, 'spec.selector.matchLabels')).toEqual(lasting);
      expect(at(only(manifests, 'Service'), 'spec.selector')).toEqual(lasting);
    });

    test('others reach it under the name and port of its Service', () => {
      const { value, manifests } = web({ port: 8080 });
      expect(at(only(manifests, 'Service'), 'spec.ports')).toEqual([
        { name: 'http', port: 8080, targetPort: 'http', protocol: 'TCP' },
      ]);
      expect(value.http).toMatchObject({
        url: 'http://web.test.svc.cluster.local:8080',
        targets: [{ host: 'web.test.svc.cluster.local', port: 8080 }],
      });
    });

    test('another id in the code changes no byte', () => {
      const of = (id: string): string => yamlOf(web({ name: 'web' }, id).manifests);
      expect(of('moved')).toBe(of('web'));
    });

    test('refuses a name that leaves no room for the names of its pods', () => {
      const long = 'a'.repeat(47);
      expect(refusal(() => web({ name: long }))).toMatchObject([
        { what: `the name "${long}" has 47 characters`, allowed: expect.stringMatching(/^at most 46: /) as string },
      ]);
    });
  });

  describe('patches', () => {
    test('change the finished Deployment', () => {
      const patches = [JsonPatch.add('/spec/template/spec/runtimeClassName', 'gvisor')];
      expect(at(web({ patches }).deployment, 'spec.template.spec.runtimeClassName')).toBe('gvisor');
    });

    test('a patch with a field that Kubernetes does not know is found', () => {
      const patches = [JsonPatch.add('/spec/template/spec/runtimeClasName', 'gvisor')];
      expect(schemaFindings(web({ patches }).deployment)).toMatchObject([
        {
          where: 'Deployment test/web: spec.template.spec.runtimeClasName',
          remedy: 'write runtimeClassName',
        },
      ]);
    });
  });
});
