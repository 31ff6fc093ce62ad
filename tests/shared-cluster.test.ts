import fs from 'node:fs';
import path from 'node:path';
import { applicationsOf } from '../apps/index.ts';
import { applicationsBeside, buildAppOfApps, buildPlatform, wholePlatform } from '../apps/platform.ts';
import { sharedFindings } from '../config/environment-checks.ts';
import production from '../config/environments/production.ts';
import { parseEnvironment } from '../config/index.ts';
import type { EnvironmentInput } from '../config/schema.ts';
import { isClusterScoped } from '../constructs/core/kube-object.ts';
import type { Manifest } from '../constructs/core/manifest.ts';
import type { Platform } from '../constructs/core/platform.ts';
import { collect } from '../synth/collect.ts';
import { budgetFindings, nodeLoads } from '../synth/budget.ts';
import { manifestFindings, synthesise } from '../synth/synthesise.ts';
import { nodePortsBeside, serviceAddressFindings } from '../synth/twice.ts';
import { root } from './support/committed.ts';
import { at, only, refusal } from './support/harness.ts';
import { withoutLogs } from './support/logs.ts';

/** A second environment in the cluster of production. */
const staging = {
  ...production,
  shares: 'production',
  hosts: { frontend: `shop.staging.${production.domain}`, backend: `api.staging.${production.domain}` },
  edge: { ...production.edge, nodePorts: { web: 31080, websecure: 31443, health: 31081 } },
  objectStores: {
    backups: { ...production.objectStores.backups, bucket: 'example-staging-backups' },
    offsite: { ...production.objectStores.offsite, bucket: 'example-staging-offsite' },
  },
};
const images = JSON.parse(fs.readFileSync(path.join(root, 'config/images.json'), 'utf8')) as unknown;
const environment = parseEnvironment('staging', staging, images, {});
const platform = wholePlatform(environment, applicationsOf(environment));
const collected = (of: Platform) => collect(of, buildAppOfApps(of), []);
const own = collected(platform);
const manifests = [...own.dist, ...own.argocd].map(({ manifest }) => manifest);
const { dist, argocd } = collected(buildPlatform('production'));

const nameOf = ({ apiVersion, kind, metadata }: Manifest): string =>
  `${apiVersion} ${kind} ${isClusterScoped(kind) ? '' : (metadata.namespace ?? '')}/${metadata.name}`;
const ofKind = (kind: string): string[] =>
  manifests.filter((manifest) => manifest.kind === kind).map(({ metadata }) => metadata.name);

describe('an environment in the cluster of another one', () => {
  test('writes no object that the other one writes', () => {
    const theirs = new Set([...dist, ...argocd].map(({ manifest }) => nameOf(manifest)));
    expect(manifests.map(nameOf).filter((name) => theirs.has(name))).toEqual([]);
  });

  test('has namespaces, projects and applications that are named after it', () => {
    expect(ofKind('Namespace').sort()).toEqual(['staging-data', 'staging-edge', 'staging-identity', 'staging-shop']);
    const named = [...ofKind('AppProject'), ...ofKind('Application')];
    expect(named).toContain('staging-root');
    expect(named.filter((name) => !name.startsWith('staging-'))).toEqual([]);
  });

  test('has no namespace for a way in where it has none', () => {
    const without = parseEnvironment('staging', { ...staging, edge: undefined }, images, {});
    const { dist: of } = collected(wholePlatform(without, applicationsOf(without)));
    const namespaces = of
      .filter(({ manifest }) => manifest.kind === 'Namespace')
      .map(({ manifest }) => manifest.metadata.name);
    expect(namespaces).not.toContain('staging-edge');
    expect(of.filter(({ manifest }) => manifest.metadata.namespace === 'staging-edge')).toEqual([]);
  });

  test('has nobody of its own who watches, and says whom the one of the cluster tells, as that one does', () => {
    expect(applicationsOf(environment).map(({ name }) => name)).not.toContain('observability');
    expect(platform.charts.map(({ destination }) => destination.name)).not.toContain('observability');
    const observability = { ...production.observability, onCall: 'other.example.net' };
    expect(sharedFindings({ production, staging: { ...staging, observability } })).toMatchObject([
      { where: 'config/environments/staging.ts: observability', allowed: "the same: they are the cluster's" },
    ]);
  });

  test('brings nothing else that a cluster has once', () => {
    const once = manifests.filter(({ kind }) => isClusterScoped(kind)).map(({ kind }) => kind);
    const policies = ['ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding'];
    expect(new Set(once)).toEqual(new Set(['Namespace', ...policies]));
    expect(policies.flatMap(ofKind)).toEqual(['staging-applications-from-git', 'staging-applications-from-git']);
  });

  test('has a policy that judges its own applications, and only those', () => {
    const policy = only(manifests, 'ValidatingAdmissionPolicy');
    const names = String(at(policy, 'spec.matchConditions.0.expression')).replace('object.metadata.name in ', '');
    expect(JSON.parse(names)).toEqual(ofKind('Application'));
  });

  test('is known to the policy of the other one by each of its applications', () => {
    expect(applicationsBeside('production', { production, staging }).sort()).toEqual(ofKind('Application').sort());
  });

  test('has files that are named as those of any environment', () => {
    expect(own.argocd.map((file) => file.path)).toContain('applications/backend.yaml');
    expect(own.argocd.map((file) => file.path)).toContain('root.yaml');
  });

  test('connects as its wires declare, and keeps every rule', () => {
    expect(manifestFindings(platform, own)).toEqual([]);
  });

  test('has to fit beside the other one on its nodes', () => {
    const home = buildPlatform('production');
    expect([...budgetFindings(home), ...budgetFindings(platform)]).toEqual([]);
    const [alone, together] = [nodeLoads(platform), nodeLoads(platform, [home])];
    expect(together.map(({ requested }, node) => requested.cpu > alone[node]!.requested.cpu)).toEqual([true, true]);
    const found = budgetFindings(platform, [home]).map(({ where, what }) => `${where}: ${what}`);
    expect(found).toContainEqual(
      expect.stringMatching(
        /production.ts: nodes.1.budget: .* pods of production and staging expected on node2 request/,
      ),
    );
  });

  test('is refused by synthesis where both together do not fit, or take the same node ports', () => {
    const { nodes, networks, reserved, hetzner } = production;
    const domain = `three-node.${production.domain}`;
    const hosts = { frontend: `shop.${domain}`, backend: `api.${domain}` };
    // Neither lines nor a status page are its own there.
    const page = (production as EnvironmentInput).observability?.statusPage?.store;
    const stores = Object.entries(withoutLogs('three-node', true).objectStores).filter(([key]) => key !== page);
    const own = { hosts, domain, objectStores: Object.fromEntries(stores) };
    const changes = { shares: 'production', nodes, networks, reserved, hetzner, ...own };
    const found = refusal(() => synthesise({ root, environment: 'three-node', strict: false, dryRun: true, changes }));
    expect(found.map(({ what }) => what)).toContainEqual(
      expect.stringMatching(/^at full size, the pods of production and three-node expected on node2 request/),
    );
    expect(found.map(({ what }) => what).filter((what) => what.includes('30443'))).toEqual([
      'the node port TCP 30443 is also one of Service edge/edge of production',
    ]);
  });

  test('has other node ports than the other one: a node has each once', () => {
    const home = buildPlatform('production');
    const services = (nodePorts: typeof staging.edge.nodePorts | undefined) => {
      const same = parseEnvironment('staging', { ...staging, edge: { ...production.edge, nodePorts } }, images, {});
      return collected(wholePlatform(same, applicationsOf(same))).dist.map(({ manifest }) => manifest);
    };
    expect(nodePortsBeside(services(staging.edge.nodePorts), [home])).toEqual([]);
    expect(nodePortsBeside(services(undefined), [home]).map(({ where, what }) => `${where}: ${what}`)).toEqual(
      [30080, 30443, 30081].map(
        (port) => `Service staging-edge/edge: the node port TCP ${port} is also one of Service edge/edge of production`,
      ),
    );
  });

  test('has a directory at an address of its own, which the configuration may give', () => {
    const home = buildPlatform('production');
    const found = (changes: object, beside: readonly Platform[] = [home]) => {
      const parsed = parseEnvironment('staging', { ...staging, ...changes }, images, {});
      const built = collected(wholePlatform(parsed, applicationsOf(parsed))).dist.map(({ manifest }) => manifest);
      return serviceAddressFindings(built, parsed, beside).map(({ where, what }) => `${where}: ${what}`);
    };
    const at = 'Service staging-identity/samba: the address';
    expect(found({})).toEqual([]);
    expect(found({ directoryAddress: '10.43.0.55' })).toEqual([]);
    expect(found({ directoryAddress: '10.43.0.53' })).toEqual([
      `${at} 10.43.0.53 is also that of Service identity/samba of production`,
    ]);
    expect(found({ directoryAddress: '10.43.0.10' })).toEqual([
      `${at} 10.43.0.10 is also that of Service kube-system/kube-dns of production`,
    ]);
    // A third environment of the cluster takes the address that the second one has.
    expect(found({}, [home, platform])).toEqual([
      `${at} 10.43.0.54 is also that of Service staging-identity/samba of staging`,
    ]);
    expect(found({ directoryAddress: '10.43.0.1' })).toEqual([`${at} 10.43.0.1 is also that of Kubernetes itself`]);
    expect(found({ directoryAddress: '10.99.0.1' })).toEqual([`${at} 10.99.0.1 is none of 10.43.0.0/16`]);
  });

  test('gets its certificates from the issuer of that cluster, which orders for names of its domain', () => {
    const found = (changes: object) =>
      sharedFindings({ production, staging: { ...staging, ...changes } }).map(({ where }) => where);
    const file = 'config/environments/staging.ts';
    expect(found({ domain: `staging.${production.domain}` })).toEqual([]);
    expect(found({ domain: 'elsewhere.example' })).toEqual([`${file}: domain`]);
    expect(found({ edge: { ...staging.edge, certificates: 'staging' } })).toEqual([`${file}: edge.certificates`]);
    expect(found({ edge: { ...staging.edge, dns: 'hetzner' } })).toEqual([`${file}: edge.dns`]);
    expect(found({ edge: undefined, domain: 'elsewhere.example' })).toEqual([]);
  });

  test('is on the nodes of that cluster', () => {
    expect(sharedFindings({ production, staging })).toEqual([]);
    const { networks } = staging;
    const wrong = { ...staging, networks: { ...networks, pods: '10.99.0.0/16' } };
    expect(sharedFindings({ production, staging: wrong }).map(({ where }) => where)).toEqual([
      'config/environments/staging.ts: networks',
    ]);
  });

  test('is read from the server that the Argo CD of that cluster knows, whatever repository and branch', () => {
    const origin = 'https://git.example';
    const home = { ...production, repository: { url: `${origin}/one.git`, branch: 'main' } };
    const elsewhere = (repository: object) => ({ ...staging, repository: { ...home.repository, ...repository } });
    const found = (repository: object) =>
      sharedFindings({ production: home, staging: elsewhere(repository) }).map(({ where }) => where);
    const refused = ['config/environments/staging.ts: repository'];
    expect(found({ url: `${origin}/other/one.git`, branch: 'staging' })).toEqual([]);
    expect(found({ url: 'https://git.elsewhere.example/one.git' })).toEqual(refused);
    expect(found({ addresses: ['10.10.0.5/32'] })).toEqual(refused);
  });

  test('is refused in a cluster that is not there, or not its own', () => {
    const lost = { ...staging, shares: 'nowhere' };
    const third = { ...staging, shares: 'staging', hosts: {}, objectStores: {} };
    const found = sharedFindings({ production, staging: lost, third });
    expect(found.map(({ where, allowed }) => [where, allowed])).toEqual([
      ['config/environments/staging.ts: shares', 'production'],
      ['config/environments/third.ts: shares', 'production'],
    ]);
  });
});
