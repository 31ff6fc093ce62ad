import { describePeer } from '../../constructs/core/endpoint.ts';
import type { Finding } from '../../constructs/core/error.ts';
import { ForeignWorkload } from '../../constructs/core/foreign-workload.ts';
import { isClusterScoped } from '../../constructs/core/kube-object.ts';
import { describeManifest } from '../../constructs/core/manifest.ts';
import type { Manifest } from '../../constructs/core/manifest.ts';
import type { Platform } from '../../constructs/core/platform.ts';
import { podGroups, templateOf } from '../network/policies.ts';
import { committedFacts, describeSource, factsFile, factsOf, sourcesOf, unknownSources } from './facts.ts';
import type { ReadSource, UpstreamFacts } from './facts.ts';
import { opensNodePorts } from './skeleton.ts';

/** What others bring, against what the applications that read it say of it. */
export function upstreamFindings(platform: Platform, facts = committedFacts()): Finding[] {
  const unknown = unknownSources(platform, facts);
  return [
    ...unknown.map(unknownSource),
    ...sourcesOf(platform).flatMap((read) => {
      const found = factsOf(read, facts);
      return found === undefined ? [] : sourceFindings(read, found);
    }),
    ...(unknown.length > 0 ? [] : workloadFindings(platform, facts)),
  ];
}

function unknownSource(read: ReadSource): Finding {
  return {
    where: `upstream source ${describeSource(read)}`,
    what: `${factsFile} does not say what it brings, as it is written here`,
    allowed: 'sources whose objects are known: policies, images and rights are checked by them',
    remedy: 'run npm run import',
  };
}

function sourceFindings(read: ReadSource, { objects }: UpstreamFacts): Finding[] {
  const where = `upstream source ${describeSource(read)}`;
  const { clusterKinds, namespacedKinds, images = [] } = read.source.props;
  const brought = [...new Set(objects.map(groupKind))];
  const [cluster, namespaced] = [true, false].map((scope) => brought.filter((kind) => isOfCluster(kind) === scope));
  const table = images.map(({ image: { repository, tag } }) => `${repository}:${tag}`);
  return [
    ...differences(where, 'clusterKinds', clusterKinds, cluster ?? []),
    ...differences(where, 'namespacedKinds', namespacedKinds, namespaced ?? []),
    ...differences(where, 'images', table, [...new Set(objects.flatMap(imagesOf))]),
    ...objects
      .filter(({ kind }) => kind === 'NetworkPolicy')
      .map((policy) => ({
        where: `${where}: ${describeManifest(policy)}`,
        what: 'it adds to the policies that follow from the wires, because policies are a union',
        allowed: 'no NetworkPolicy of others',
        remedy: 'leave it out by a patch of the source, or by the values of its chart',
      })),
    ...objects.filter(opensNodePorts).map((service) => ({
      where: `${where}: ${describeManifest(service)}`,
      what: 'it opens ports of the nodes, and the quota of its namespace has no room for them',
      allowed: 'Services of the type ClusterIP from others; a Service of ours with a nodePort says why it has to be',
      remedy: 'change its type by the values of its chart, and declare the way in',
    })),
    ...objects.flatMap((binding) =>
      everybodyIn(binding).map((name) => ({
        where: `${where}: ${describeManifest(binding)}`,
        what: `it gives rights to ${name}`,
        allowed: 'rights of accounts: whoever else has a token needs none',
        remedy: 'leave it out by a patch of the source, or by the values of its chart',
      })),
    ),
  ];
}

/** Those of a binding's subjects that are everybody, or every account. */
function everybodyIn(binding: Manifest): string[] {
  const { subjects = [] } = binding as {
    readonly subjects?: readonly { readonly kind: string; readonly name: string }[];
  };
  return subjects
    .filter(
      ({ kind, name }) =>
        kind !== 'ServiceAccount' && /^system:(authenticated|unauthenticated|anonymous|serviceaccounts)$/.test(name),
    )
    .map(({ name }) => name);
}

function differences(where: string, field: string, stated: readonly string[], brought: readonly string[]): Finding[] {
  const lacking = brought.filter((each) => !stated.includes(each));
  const idle = stated.filter((each) => !brought.includes(each));
  if (lacking.length + idle.length === 0) return [];
  const parts = [
    ...(lacking.length === 0 ? [] : [`lack ${lacking.join(', ')}`]),
    ...(idle.length === 0 ? [] : [`have ${idle.join(', ')}, which it does not bring`]),
  ];
  return [
    {
      where: `${where}: ${field}`,
      what: `they ${parts.join(' and ')}`,
      allowed: [...brought].sort().join(', ') || 'none',
      remedy: field === 'images' ? 'name them, with the tags that it brings, in config/images.json' : 'name these',
    },
  ];
}

/** Every image that a pod runs, and that a controller is told to run. */
export function imagesOf(object: Manifest): string[] {
  const { containers = [], initContainers = [] } = templateOf(object)?.template.spec ?? {};
  return [...initContainers, ...containers].flatMap(({ image, args = [] }) => [
    ...(image === undefined ? [] : [image]),
    ...args.flatMap((argument) => /^--[\w-]*image=(.*)$/.exec(argument)?.[1] ?? []),
  ]);
}

/** Pods that others make, and the workloads by which they are wired. */
function workloadFindings(platform: Platform, facts: readonly UpstreamFacts[]): Finding[] {
  return platform.charts.flatMap((chart) => {
    const sources = platform.upstreamSources(chart).map((source) => ({ chart, source }));
    if (sources.length === 0) return [];
    const groups = podGroups(sources.flatMap((read) => factsOf(read, facts)?.objects ?? []));
    const owners = platform.owners.filter(
      (owner): owner is ForeignWorkload => owner instanceof ForeignWorkload && owner.application === chart.application,
    );
    const wired = new Set(owners.map(describePeer));
    const strangers = groups.filter(({ name }) => !wired.has(name));
    return [
      ...strangers.map(({ name }) => ({
        where: `application ${chart.application}: pods ${name}`,
        what: 'its upstream brings them, and no ForeignWorkload stands for them: they may talk to nobody',
        allowed: 'a ForeignWorkload of that name for each of its workloads',
        remedy: 'add it, and wire it',
      })),
      ...owners.flatMap((owner) => {
        const name = describePeer(owner);
        const group = groups.find((each) => each.name === name);
        const ports = (list: readonly { readonly port: number }[]) =>
          [...new Set(list.map(({ port }) => port))].sort((a, b) => a - b).join(', ') || 'none';
        const wrong =
          group === undefined
            ? 'its upstream makes no such pods'
            : Object.entries(owner.selector).some(([key, value]) => group.labels[key] !== value)
              ? 'the pods have other labels'
              : ports(group.ports) === ports(owner.ports)
                ? undefined
                : `the pods listen on ${ports(group.ports)}, it says ${ports(owner.ports)}`;
        if (wrong === undefined) return [];
        return {
          where: `foreign workload ${name}`,
          what: wrong,
          allowed:
            group === undefined
              ? groups.map((each) => each.name).join(', ') || 'none: it brings no pods'
              : `${JSON.stringify(group.labels)}, ports ${ports(group.ports)}`,
          remedy: 'say what the release has, which npm run import wrote down',
        };
      }),
    ];
  });
}

function groupKind({ apiVersion, kind }: Manifest): string {
  return `${apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : ''}/${kind}`;
}

function isOfCluster(groupAndKind: string): boolean {
  return isClusterScoped(groupAndKind.slice(groupAndKind.indexOf('/') + 1));
}
