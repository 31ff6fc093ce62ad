import { application } from '../../constructs/core/application.ts';
import type { ApplicationChart } from '../../constructs/core/application-chart.ts';
import type { HttpEndpoint } from '../../constructs/core/endpoint.ts';
import { kubernetesApi } from '../../constructs/core/endpoint.ts';
import type { Environment, Image } from '../../constructs/core/environment.ts';
import { manifestOf, objectsOf } from '../../constructs/core/kube-object.ts';
import type { Manifest } from '../../constructs/core/manifest.ts';
import { defineNamespace } from '../../constructs/core/namespace.ts';
import { Platform } from '../../constructs/core/platform.ts';
import { TraefikWaf } from '../../constructs/traefik-waf/index.ts';
import type { TraefikWafProps } from '../../constructs/traefik-waf/index.ts';
import { WebWorkload, webProbes } from '../../constructs/web-workload/index.ts';
import { Cpu } from '../../constructs/core/cpu.ts';
import { Size } from 'cdk8s';
import { image, testApplication, testEnvironment } from './harness.ts';

export const traefikImage: Image = { ...image, name: 'traefik', tag: 'v3.7.13', version: 'v3.7.13' };

export const edgeProps = {
  image: traefikImage,
  wafImage: image,
  kubernetesApi: kubernetesApi(['10.0.0.1']),
  loadBalancer: '10.10.0.2',
  pods: '10.42.0.0/16',
  hosts: {},
  issuer: 'letsencrypt',
} satisfies TraefikWafProps;

export interface Applications {
  readonly shop: HttpEndpoint;
  readonly api: HttpEndpoint;
}

/** An edge over two applications, as `build` routes them. */
export function edgePlatform(
  build: (edge: TraefikWaf, applications: Applications) => void,
  props: Partial<TraefikWafProps> = {},
  wired: (applications: Applications) => Partial<TraefikWafProps> = () => ({}),
  environment: Environment = testEnvironment(),
): Platform {
  const web = (scope: ApplicationChart, name: string): HttpEndpoint =>
    new WebWorkload(scope, name, name, { image, host: `${name}.example.com` }, kind).http;
  const apps = testApplication('shop', (scope) => ({ shop: web(scope, 'shop'), api: web(scope, 'api') }));
  const edge = application(
    'edge',
    { namespace: defineNamespace('edge'), layer: 'edge', uses: () => ({ apps }) },
    (scope, _, used) => {
      const made = new TraefikWaf(scope, 'edge', { ...edgeProps, ...props, ...wired(used.apps) });
      build(made, used.apps);
      return made;
    },
  );
  return new Platform(environment, [apps, edge]);
}

const kind = {
  program: 'web',
  component: 'web',
  size: { minReplicas: 2, maxReplicas: 2, cpuRequest: Cpu.millicores(10), memory: Size.mebibytes(128) },
  because: 'the tests',
  probes: webProbes({ live: '/' }, 60),
  environment: {},
  options: {},
  secretFiles: {},
  writableDirectories: [],
};

/** The objects of the edge's application. */
export function edgeManifests(...how: Parameters<typeof edgePlatform>): Manifest[] {
  const chart = edgePlatform(...how).charts.find(({ application: name }) => name === 'edge')!;
  return objectsOf(chart).map(manifestOf);
}
