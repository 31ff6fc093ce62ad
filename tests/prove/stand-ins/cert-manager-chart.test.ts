import fs from 'node:fs';
import { load, loadAll } from 'js-yaml';
import type { IDeployment } from 'kubernetes-models/apps/v1/Deployment';
import type { IService } from 'kubernetes-models/v1/Service';
import { buildPlatform } from '../../../apps/platform.ts';
import { upstreamRelease } from '../../../config/index.ts';
import { ForeignWorkload } from '../../../constructs/core/foreign-workload.ts';
import { outsideNames } from '../../../constructs/core/outside-names.ts';
import type { Manifest } from '../../../constructs/core/manifest.ts';
import { upstreamCharts } from '../../../prove/stand-ins/internet/upstream/index.ts';
import { restrictedViolations } from '../../../synth/pod-security.ts';
import { schemaFindings } from '../../../synth/schema/index.ts';
import { committed } from '../../support/committed.ts';
import { toolsWithUpstreams } from './kept.ts';

interface Values {
  readonly global: { readonly priorityClassName: string; readonly leaderElection: { readonly namespace: string } };
  readonly image: { readonly tag: string };
  readonly podLabels: Readonly<Record<string, string>>;
  readonly resources: object;
  readonly webhook: { readonly image: { readonly tag: string }; readonly resources: object };
  readonly cainjector: { readonly image: { readonly tag: string }; readonly resources: object };
}

const { repository, revision } = upstreamRelease('cert-manager');
const tools = toolsWithUpstreams();
const [chart] = upstreamCharts(tools);
fs.rmSync(tools.cache, { recursive: true });
const { files } = chart!;
const tree = new Map(committed('argocd/production').map(({ file, manifest }) => [file, manifest]));
const { spec } = tree.get('argocd/production/applications/cert-manager.yaml') as unknown as {
  readonly spec: { readonly sources: readonly { readonly helm: { readonly valuesObject: Values } }[] };
};
const values = spec.sources[0]!.helm.valuesObject;
const platform = buildPlatform('production');
const foreign = platform.owners.filter(
  (owner): owner is ForeignWorkload => owner instanceof ForeignWorkload && owner.application === 'cert-manager',
);

/** What the expressions of our templates come to with the committed values; helm knows more of them. */
const expressions: Readonly<Record<string, string>> = {
  '{{ .Release.Name }}': 'cert-manager',
  '{{ .Release.Namespace }}': 'cert-manager',
  '{{ .Values.image.tag }}': values.image.tag,
  '{{ .Values.webhook.image.tag }}': values.webhook.image.tag,
  '{{ .Values.cainjector.image.tag }}': values.cainjector.image.tag,
  '{{ .Values.global.leaderElection.namespace }}': values.global.leaderElection.namespace,
  '{{- with .Values.global.priorityClassName }}': '',
  '{{ . }}': values.global.priorityClassName,
  '{{- with .Values.podLabels }}': '',
  '{{- toYaml . | nindent 8 }}': Object.entries(values.podLabels)
    .map((label) => label.join(': '))
    .join('\n        '),
  '{{- end }}': '',
  '{{- toYaml .Values.resources | nindent 12 }}': JSON.stringify(values.resources),
  '{{- toYaml .Values.webhook.resources | nindent 12 }}': JSON.stringify(values.webhook.resources),
  '{{- toYaml .Values.cainjector.resources | nindent 12 }}': JSON.stringify(values.cainjector.resources),
};

const definitionsTemplate = files['templates/definitions.tpl']!;
const templates = Object.entries(files).filter(([file]) => file.startsWith('templates/'));
const rendered = templates
  .filter(([, text]) => text !== definitionsTemplate)
  .flatMap(([, text]) => {
    let yaml = text;
    for (const [expression, value] of Object.entries(expressions)) yaml = yaml.replaceAll(expression, value);
    // An expression that is left over is no YAML, or text that no assertion below takes.
    return loadAll(yaml) as Manifest[];
  });
const definitions = Object.entries(files)
  .filter(([file]) => file.startsWith('definitions/'))
  .map(([, text]) => load(text) as Manifest);
const deployments = rendered.filter(({ kind }) => kind === 'Deployment') as unknown as IDeployment[];
const deploymentOf = (name: string): IDeployment => deployments.find(({ metadata }) => metadata?.name === name)!;
const podOf = (deployment: IDeployment) => deployment.spec!.template.spec!;

const kindOf = ({ apiVersion, kind }: Manifest): string =>
  `${apiVersion.includes('/') ? apiVersion.replace(/\/.*/, '') : ''}/${kind}`;
const kinds = [...new Set([...rendered, ...definitions].map(kindOf))].sort();

test('the chart calls itself what the committed tree asks for', () => {
  expect(chart).toMatchObject({ repository, version: revision });
  expect(load(files['Chart.yaml']!)).toMatchObject({
    apiVersion: 'v2',
    name: 'cert-manager',
    version: revision,
    appVersion: revision,
  });
});

test('its objects are valid, with no expression left', () => {
  expect(rendered.flatMap(schemaFindings)).toEqual([]);
  expect(JSON.stringify(rendered)).not.toContain('{{');
});

test('it brings the kinds that apps/controllers.ts lists, and no webhook configuration', () => {
  const application = platform.charts.find((each) => each.application === 'cert-manager')!;
  const listed = platform
    .upstreamSources(application)
    .flatMap(({ props }) => [...props.clusterKinds, ...props.namespacedKinds]);
  expect(listed).toEqual(expect.arrayContaining(kinds));
  expect(kinds).toEqual([
    '/Service',
    '/ServiceAccount',
    'apiextensions.k8s.io/CustomResourceDefinition',
    'apps/Deployment',
    'rbac.authorization.k8s.io/ClusterRole',
    'rbac.authorization.k8s.io/ClusterRoleBinding',
    'rbac.authorization.k8s.io/Role',
    'rbac.authorization.k8s.io/RoleBinding',
  ]);
});

test('the committed project lets it bring them, into its own namespace', () => {
  const project = tree.get('argocd/production/projects/cert-manager.yaml') as unknown as {
    readonly spec: Readonly<Record<string, readonly { readonly group: string; readonly kind: string }[]>>;
  };
  const lists = ['clusterResourceWhitelist', 'namespaceResourceWhitelist'];
  const allowed = lists.flatMap((list) => project.spec[list]!.map(({ group, kind }) => `${group}/${kind}`));
  expect(allowed).toEqual(expect.arrayContaining(kinds));
  const namespaces = new Set(rendered.map(({ metadata }) => metadata.namespace));
  expect(namespaces).toEqual(new Set([undefined, 'cert-manager']));
});

test('there is a Deployment for each workload that apps/controllers.ts declares', () => {
  expect(deployments.map(({ metadata }) => metadata?.name).sort()).toEqual(foreign.map(({ name }) => name).sort());
});

describe.each(foreign.map((workload) => [workload.name, workload] as const))('%s', (name, workload) => {
  const deployment = deploymentOf(name);
  const pod = podOf(deployment);
  const [container] = pod.containers;
  const image = `cert-manager-${{ 'cert-manager': 'controller' }[name] ?? name.replace('cert-manager-', '')}`;

  test('has the labels by which its policy finds it', () => {
    expect(deployment.spec!.template.metadata!.labels).toEqual(workload.selector);
    // The chart selects by its own labels; what the values add is no part of a selector.
    const own = Object.entries(workload.selector).filter(([key]) => key !== outsideNames.key);
    expect(deployment.spec!.selector.matchLabels).toEqual(Object.fromEntries(own));
  });

  test('runs the image of its name, listening on the declared ports', () => {
    expect(container!.image).toBe(`quay.io/jetstack/${image}:${revision}`);
    const ports = (container!.ports ?? []).map((each) => ({ name: each.name, port: each.containerPort }));
    expect(ports).toEqual(workload.ports);
    expect(container!.args).toEqual(['serve', ...ports.map(({ port }) => `:${port}`)]);
  });

  test('is probed on the port that it listens on, if it has one', () => {
    const probes = [container!.readinessProbe, container!.livenessProbe].map((probe) => probe?.httpGet?.port);
    const [port] = workload.ports;
    expect(probes).toEqual([port?.name, port?.name]);
  });

  test('requests what the committed values give it, which is what the budget counts', () => {
    expect(deployment.spec!.replicas).toBe(workload.requests?.replicas);
    expect(container!.resources?.requests).toEqual({
      cpu: workload.requests?.cpu.asString(),
      memory: workload.requests?.memory.asString(),
    });
  });

  test('fits Pod Security restricted, and has the priority that the committed values name', () => {
    expect(restrictedViolations(pod)).toEqual([]);
    expect(pod.priorityClassName).toBe('edge');
  });

  test('runs as an account of its own', () => {
    const accounts = rendered.filter(({ kind }) => kind === 'ServiceAccount').map(({ metadata }) => metadata.name);
    expect(pod.serviceAccountName).toBe(name);
    expect(accounts).toContain(name);
  });
});

test('every service leads to a port of the pods that it selects', () => {
  const services = rendered.filter(({ kind }) => kind === 'Service') as unknown as IService[];
  const ends = services.map(({ metadata, spec: service }) => {
    const target = foreign.find(({ selector }) =>
      Object.entries(service!.selector!).every(([key, value]) => selector[key] === value),
    );
    const ports = target?.ports.map((port) => port.name);
    return [
      metadata?.name,
      target?.name,
      service!.ports!.every(({ targetPort }) => ports?.includes(String(targetPort))),
    ];
  });
  expect(ends).toEqual([
    ['cert-manager', 'cert-manager', true],
    ['cert-manager-webhook', 'cert-manager-webhook', true],
  ]);
});

test('definitions come if they are asked for, and stay if they are to be kept', () => {
  // What else stands beside them in the module is left out.
  expect(definitions.map(({ metadata }) => metadata.name)).toEqual([
    'certificates.cert-manager.io',
    'issuers.cert-manager.io',
  ]);
  expect(definitionsTemplate).toMatch(/^\{\{- if \.Values\.crds\.enabled \}\}/);
  expect(definitionsTemplate).toMatch(/if \$\.Values\.crds\.keep \}\}\n.*"helm\.sh\/resource-policy" "keep"/);
});

describe('the committed values', () => {
  type Tree = Readonly<Record<string, unknown>>;
  const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null;
  /** `webhook.resources`, but nothing below resources and labels: those are passed on whole. */
  const paths = (value: Tree, before = ''): string[] =>
    Object.entries(value).flatMap(([key, each]) =>
      isTree(each) && !['podLabels', 'resources'].includes(key) ? paths(each, `${before}${key}.`) : [`${before}${key}`],
    );
  const known = load(files['values.yaml']!) as Tree;

  test('are all known to the chart, and used by a template', () => {
    const set = paths(values as unknown as Tree);
    expect(paths(known)).toEqual(expect.arrayContaining(set));
    const text = templates.map(([, each]) => each).join('');
    // What would be made with them is not: the schema refuses to be asked for the one, and nobody asks for the other.
    const used = set.filter((each) => !['startupapicheck.enabled', 'acmesolver.image.tag'].includes(each));
    expect(used.filter((each) => !text.includes(`.Values.${each} `))).toEqual([]);
  });

  test('are the only ones that the schema admits', () => {
    interface Node {
      readonly $ref?: string;
      readonly additionalProperties?: boolean;
      readonly properties?: Readonly<Record<string, Node>>;
    }
    const schema = JSON.parse(files['values.schema.json']!) as Node & { readonly definitions: Record<string, Node> };
    const leaves = (node: Node, before: string): string[] => {
      const { properties, additionalProperties } = schema.definitions[node.$ref?.split('/')[2] ?? ''] ?? node;
      if (properties === undefined) return [before];
      const open = additionalProperties === false ? [] : [`${before}.*`];
      return Object.entries(properties)
        .flatMap(([key, each]) => leaves(each, `${before}.${key}`))
        .concat(open);
    };
    expect(leaves(schema, '').sort()).toEqual(
      paths(known)
        .map((each) => `.${each}`)
        .sort(),
    );
  });
});
