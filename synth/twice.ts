import type { IContainer } from 'kubernetes-models/v1/Container';
import type { IServicePort } from 'kubernetes-models/v1/ServicePort';
import type { IStatefulSetSpec } from 'kubernetes-models/apps/v1/StatefulSetSpec';
import { addressIn, contains, parseCidr } from '../constructs/core/cidr.ts';
import type { Environment } from '../constructs/core/environment.ts';
import type { Finding } from '../constructs/core/error.ts';
import { manifestOf, objectsOf } from '../constructs/core/kube-object.ts';
import { describeManifest } from '../constructs/core/manifest.ts';
import type { Manifest } from '../constructs/core/manifest.ts';
import type { Platform } from '../constructs/core/platform.ts';
import { podTemplateOf } from './pods.ts';

type Findings = readonly Omit<Finding, 'where'>[];

/** Lists whose entries an API server tells apart by a name or a number, and refuses to have twice. */
export function twiceFindings(manifest: Manifest): Findings {
  const spec = podTemplateOf(manifest)?.spec;
  const containers = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])];
  const ports = servicePorts(manifest);
  return [
    ...twice('the container', containers),
    ...twice('the volume', spec?.volumes ?? []),
    ...containers.flatMap(({ name, volumeMounts = [], env = [] }) => [
      ...twice('the mount', volumeMounts, name, ({ mountPath }) => mountPath),
      ...twice('the variable', env, name),
    ]),
    ...twice('the port', ports, undefined, ({ port, protocol = 'TCP' }) => `${protocol} ${port}`),
    ...twice('the port name', ports),
  ];
}

function twice<Entry extends { readonly name?: string }>(
  what: string,
  entries: readonly Entry[],
  owner?: string,
  keyOf: (entry: Entry) => string | undefined = ({ name }) => name,
): Findings {
  const keys = entries.map(keyOf).filter((key) => key !== undefined);
  return [...new Set(keys.filter((key, index) => keys.indexOf(key) < index))].map((key) => ({
    what: `${what} ${key}${owner === undefined ? '' : ` of ${owner}`} is there twice`,
    allowed: 'each once: an API server refuses the object',
    remedy: 'rename, move or remove one of the two',
  }));
}

export function mountFindings(manifest: Manifest, containers: readonly IContainer[]): Findings {
  const { volumeClaimTemplates = [] } = (manifest.spec ?? {}) as Partial<IStatefulSetSpec>;
  const there = [
    ...(podTemplateOf(manifest)?.spec?.volumes ?? []).map(({ name }) => name),
    ...volumeClaimTemplates.map(({ metadata }) => metadata?.name),
  ];
  return containers.flatMap(({ name, volumeMounts = [] }) =>
    volumeMounts
      .filter((mount) => !there.includes(mount.name))
      .map((mount) => ({
        what: `the container ${name} mounts ${mount.name}, which its pod does not have`,
        allowed: there.join(', ') || 'none: the pod has no volumes',
        remedy: 'name one of these, or add the volume',
      })),
  );
}

/** Node ports, such as `TCP 30001`, with the Service that has each; the first of several. */
export function nodePortOwners(manifests: readonly Manifest[]): ReadonlyMap<string, string> {
  const all = manifests.flatMap((manifest) =>
    nodePorts(manifest).map((key) => [key, describeManifest(manifest)] as const),
  );
  return new Map(all.reverse());
}

/** A node has each port once, whatever the namespace. */
export function nodePortFindings(manifest: Manifest, owners: ReadonlyMap<string, string>): Findings {
  const own = nodePorts(manifest);
  return own
    .filter((key, index) => own.indexOf(key) < index || owners.get(key) !== describeManifest(manifest))
    .map((key) => ({
      what: `the node port ${key} is also one of ${owners.get(key) ?? 'another'}`,
      allowed: 'each once in the cluster',
      remedy: 'take another one from 30000 to 32767',
    }));
}

/** The same where several environments live in one cluster. */
export function nodePortsBeside(manifests: readonly Manifest[], beside: readonly Platform[]): Finding[] {
  const theirs = new Map(
    beside.flatMap(({ charts, environment }) => {
      const services = charts.flatMap(objectsOf).filter(({ kind }) => kind === 'Service');
      const taken = nodePortOwners(services.map(manifestOf));
      return [...taken].map(([key, owner]) => [key, `${owner} of ${environment.name}`] as const);
    }),
  );
  return manifests.flatMap((manifest) =>
    nodePorts(manifest).flatMap((key) => {
      const owner = theirs.get(key);
      if (owner === undefined) return [];
      return {
        where: describeManifest(manifest),
        what: `the node port ${key} is also one of ${owner}`,
        allowed: 'each once in the cluster, whatever the environment',
        remedy: 'take another one from 30000 to 32767, as edge.nodePorts of the environment does for those of the edge',
      };
    }),
  );
}

function nodePorts(manifest: Manifest): string[] {
  return servicePorts(manifest).flatMap(({ nodePort, protocol = 'TCP' }) =>
    nodePort === undefined ? [] : [`${protocol} ${nodePort}`],
  );
}

function servicePorts({ kind, spec }: Manifest): readonly IServicePort[] {
  return kind === 'Service' ? ((spec as { readonly ports?: readonly IServicePort[] } | undefined)?.ports ?? []) : [];
}

/** Addresses that Services are given, with the Service that has each; the first of several. */
function serviceAddresses(manifests: readonly Manifest[]): ReadonlyMap<string, string> {
  return new Map(
    manifests
      .flatMap((manifest) => addressOf(manifest).map((address) => [address, describeManifest(manifest)] as const))
      .reverse(),
  );
}

/**
 * Services that are given an address which isn't theirs: one of another Service, in whatever environment of the cluster, the one
 * of Kubernetes itself, or one outside of the network of Services. The API server refuses the one that comes second.
 */
export function serviceAddressFindings(
  manifests: readonly Manifest[],
  { networks }: Pick<Environment, 'networks'>,
  beside: readonly Platform[],
): Finding[] {
  const range = parseCidr(networks.services);
  const own = serviceAddresses(manifests);
  const theirs = new Map(
    beside.flatMap(({ charts, environment }) =>
      [...serviceAddresses(charts.flatMap(objectsOf).map(manifestOf))].map(
        ([address, owner]) => [address, `${owner} of ${environment.name}`] as const,
      ),
    ),
  );
  const kubernetes = addressIn(networks.services, 1);
  return manifests.flatMap((manifest) =>
    addressOf(manifest).flatMap((address) => {
      const first = own.get(address);
      const owner =
        theirs.get(address) ??
        (address === kubernetes ? 'Kubernetes itself' : first === describeManifest(manifest) ? undefined : first);
      const given = parseCidr(`${address}/32`);
      const inside = range !== undefined && given !== undefined && contains(range, given);
      if (owner === undefined && inside) return [];
      return {
        where: describeManifest(manifest),
        what:
          owner === undefined
            ? `the address ${address} is none of ${networks.services}`
            : `the address ${address} is also that of ${owner}`,
        allowed: `an address of ${networks.services} that no other Service of the cluster has, whatever the environment`,
        remedy: 'give it another one; directoryAddress of the environment is that of the directory',
      };
    }),
  );
}

function addressOf({ kind, spec }: Manifest): string[] {
  const { clusterIP } = (spec ?? {}) as { readonly clusterIP?: string };
  return kind === 'Service' && clusterIP !== undefined && clusterIP !== 'None' ? [clusterIP] : [];
}
