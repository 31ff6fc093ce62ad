import type { AppProject } from '../../imports/argo-cd.ts';
import { layers } from '../core/application-chart.ts';
import { isClusterScoped } from '../core/kube-object.ts';
import type { AppOfAppsProps, ApplicationEntry } from './app-of-apps.ts';
import { applicationsPolicyName, projectsPolicyName } from './source-policy.ts';
import { kept, named, projectWave, rootWave, server, wave } from './tree.ts';

/** Argo CD makes it by itself, open to everything. */
export function defaultProject({ namespace }: Pick<AppOfAppsProps, 'namespace'>): AppProject {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'AppProject',
    metadata: { name: 'default', namespace, annotations: { ...wave(projectWave), ...kept } },
    spec: {
      description: 'Nothing: every application has the project of its layer.',
      sourceRepos: [],
      destinations: [],
      clusterResourceWhitelist: [],
      namespaceResourceWhitelist: [],
    },
  };
}

export function rootProject(props: AppOfAppsProps): AppProject {
  const { prefix = '', home = true } = props;
  const names = [applicationsPolicyName(prefix), ...(home ? [projectsPolicyName] : [])];
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'AppProject',
    metadata: {
      name: named(props, 'root'),
      namespace: props.namespace,
      annotations: { ...wave(rootWave), ...kept },
    },
    spec: {
      description: 'The root application: it may make projects, applications and the policies for them, nothing else.',
      sourceRepos: [props.repository.url],
      destinations: [{ server, namespace: props.namespace }],
      clusterResourceWhitelist: ['ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding'].flatMap((kind) =>
        names.map((name) => ({ group: 'admissionregistration.k8s.io', kind, name })),
      ),
      namespaceResourceWhitelist: [
        { group: 'argoproj.io', kind: 'AppProject' },
        { group: 'argoproj.io', kind: 'Application' },
      ],
    },
  };
}

/** The projects of all applications: layers in their order, then the applications that have one of their own. */
export function projects(props: AppOfAppsProps): AppProject[] {
  const names = [...layers, ...props.entries.map(projectOf)];
  return [...new Set(names)].flatMap((name) => {
    const entries = props.entries.filter((entry) => projectOf(entry) === name);
    return entries.length === 0 ? [] : [project(props, name, entries)];
  });
}

function project(props: AppOfAppsProps, name: string, entries: readonly ApplicationEntry[]): AppProject {
  const upstream = entries.flatMap((entry) => entry.upstream);
  const own = entries.flatMap(({ kinds }) => kinds);
  const clusterKinds = [...own.filter(ofCluster), ...upstream.flatMap((source) => source.props.clusterKinds)];
  const namespacedKinds = [
    ...own.filter((kind) => !ofCluster(kind)),
    ...upstream.flatMap((source) => source.props.namespacedKinds),
  ];
  // The foundations write into every namespace: default-deny and quotas.
  const namespaces = [
    ...(name === 'foundations' ? props.entries : entries).map(namespaceOf),
    ...entries.flatMap((entry) => entry.namespaces ?? []),
  ];
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'AppProject',
    metadata: { name: named(props, name), namespace: props.namespace, annotations: wave(projectWave) },
    spec: {
      description:
        upstream.length === 0
          ? `What the layer ${name} may bring, and where.`
          : `What the application ${name} may bring, and where.`,
      sourceRepos: sorted([props.repository.url, ...upstream.map((source) => source.props.repository)]),
      destinations: sorted(namespaces).map((namespace) => ({ server, namespace })),
      clusterResourceWhitelist: sorted(clusterKinds).map(groupKind),
      namespaceResourceWhitelist: sorted(namespacedKinds).map(groupKind),
    },
  };
}

/** Which one an application has. */
export function projectOf({ chart, upstream }: ApplicationEntry): string {
  return upstream.length === 0 ? chart.layer : chart.application;
}

function namespaceOf({ chart }: ApplicationEntry): string {
  return chart.destination.name;
}

function sorted(values: readonly string[]): string[] {
  return [...new Set(values)].sort();
}

const ofCluster = (text: string): boolean => isClusterScoped(groupKind(text).kind);

function groupKind(text: string): { readonly group: string; readonly kind: string; readonly name?: string } {
  const [group = '', kind = '', name] = text.split('/');
  return { group, kind, ...(name === undefined ? {} : { name }) };
}
