import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Manifest } from '../../constructs/core/manifest.ts';
import { ControlPlane } from '../../prove/cluster/control-plane.ts';
import { getJson, kubectl, tryApply } from '../../prove/cluster/kubectl.ts';
import { built } from '../support/built.ts';
import { patience } from '../support/until.ts';
import { committed } from '../support/committed.ts';
import { at } from '../support/harness.ts';

const dist = (file: string): Manifest => {
  const [found] = committed('dist/production').filter((each) => each.file.endsWith(file));
  return found!.manifest;
};
const application = committed('argocd/production/applications').find(
  ({ manifest }) => manifest.metadata.name === 'backend',
)!.manifest;
const scaled = dist('backend/deployment-backend.yaml');
const members = dist('data/statefulset-postgres.yaml');

const withReplicas = (replicas: number | undefined): Manifest => {
  return { ...scaled, spec: { ...(scaled.spec as object), replicas } };
};

let plane: ControlPlane;
const programs = (['etcd', 'kube-apiserver', 'kubectl'] as const).map((name) => built(name));

(programs.includes(undefined) ? describe.skip : describe)('a real API server', () => {
  beforeAll(async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'fields-'));
    plane = await ControlPlane.start(folder, { controllers: false, readyWithin: patience / 1000 });
    for (const { metadata } of [scaled, members]) await kubectl(plane, ['create', 'namespace', metadata.namespace!]);
  });
  afterAll(() => plane.stop());

  /** As Argo CD does, with the values that there are where its application says so. */
  async function apply(manifest: Manifest, { respecting = true } = {}): Promise<void> {
    const copy = structuredClone(manifest) as unknown as { spec: Record<string, unknown> };
    const ignored = at(application, 'spec.ignoreDifferences') as { name: string; jsonPointers: string[] }[];
    const own = ignored.filter(({ name }) => name === manifest.metadata.name);
    for (const pointer of respecting ? own.flatMap(({ jsonPointers }) => jsonPointers) : []) {
      copy.spec[pointer.replace('/spec/', '')] = await live(pointer.slice(1).replaceAll('/', '.'));
    }
    const given = copy as unknown as Manifest;
    const { status, stderr } = await tryApply(plane, [given], '--field-manager=argocd-controller');
    if (status !== 0) throw new Error(stderr);
  }
  const get = ({ kind, metadata }: Manifest) =>
    getJson<Manifest>(plane, [kind, metadata.name, `--namespace=${metadata.namespace}`, '--show-managed-fields']);
  const live = async (field: string): Promise<unknown> => at(await get(scaled), field);
  const scale = (replicas: number) =>
    kubectl(plane, ['scale', 'deployment', scaled.metadata.name, `--replicas=${replicas}`, '--namespace=shop']);

  test('leaves one pod where the field of replicas is given up, and all of them where Argo CD keeps what there is', async () => {
    await apply(withReplicas(5), { respecting: false });
    await apply(withReplicas(undefined), { respecting: false });
    const givenUp = await live('spec.replicas');
    await apply(withReplicas(5), { respecting: false });
    await apply(scaled);
    expect([givenUp, await live('spec.replicas')]).toEqual([1, 5]);
  });

  test('lets the autoscaler have the number afterwards, whenever Argo CD applies again', async () => {
    await apply(withReplicas(5), { respecting: false });
    const seen: unknown[] = [];
    for (const replicas of [6, 4]) {
      await scale(replicas);
      await apply(scaled);
      seen.push(await live('spec.replicas'));
    }
    expect(seen).toEqual([6, 4]);
  });

  test('goes back to a number of git without an autoscaler', async () => {
    await scale(6);
    await apply(withReplicas(3), { respecting: false });
    expect(await live('spec.replicas')).toBe(3);
  });

  test('writes down when the state of a StatefulSet last moved, and not when it was told again', async () => {
    const { metadata } = members;
    const moved = async (status: object): Promise<unknown> => {
      // Times are whole seconds.
      await delay(1100);
      const patch = JSON.stringify({ status: { replicas: 2, ...status } });
      await kubectl(plane, [
        ...['patch', 'statefulset', metadata.name, `--namespace=${metadata.namespace}`, '--subresource=status'],
        ...['--type=merge', '--field-manager=kube-controller-manager', `--patch=${patch}`],
      ]);
      const entries = (await get(members)).metadata as unknown as {
        managedFields: { subresource?: string; time: string }[];
      };
      return entries.managedFields.find(({ subresource }) => subresource === 'status')?.time;
    };
    await apply(members);
    const first = await moved({ readyReplicas: 2, availableReplicas: 2 });
    const again = await moved({ readyReplicas: 2, availableReplicas: 2 });
    const lost = await moved({ readyReplicas: 1, availableReplicas: 1 });
    expect([again === first, lost === first]).toEqual([true, false]);
  });
});
