import fs from 'node:fs';
import path from 'node:path';
import type { Cluster } from '../cluster/handle.ts';
import { inNode } from '../cluster/nodes.ts';
import { packImage } from './store.ts';
import type { Image } from './store.ts';

/** Where a cluster's registry finds which manifest a reference names: a file each, with the digest in it. */
export const referencesFolder = ({ folder }: Pick<Cluster, 'folder'>): string => path.join(folder, 'world', 'images');

/** Packs an image and lets the cluster's nodes pull it under its reference. */
export async function publishImage(cluster: Pick<Cluster, 'folder' | 'images'>, image: Image): Promise<void> {
  const digest = await packImage(cluster.images, image);
  const file = referenceFile(cluster, image);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(`${file}.new`, digest);
  fs.renameSync(`${file}.new`, file);
}

/** Whether another image was published under the reference: nodes that have pulled it keep it. */
export async function isReplaced(cluster: Pick<Cluster, 'folder' | 'images'>, image: Image): Promise<boolean> {
  const file = referenceFile(cluster, image);
  return fs.existsSync(file) && fs.readFileSync(file, 'utf8') !== (await packImage(cluster.images, image));
}

const referenceFile = (cluster: Pick<Cluster, 'folder'>, { reference }: Image): string =>
  path.join(referencesFolder(cluster), encodeURIComponent(reference));

/**
 * Lets all nodes find an image under the digest of the original, which another build of it can't have: a node that has
 * the name already asks no registry.
 * @param tagged reference with a tag, such as `ghcr.io/example/backend:0.1.0`
 */
export async function aliasDigest(cluster: Cluster, tagged: string, digest: string): Promise<void> {
  const images = ['ctr', '--namespace', 'k8s.io', 'images'];
  const alias = `${tagged.slice(0, tagged.lastIndexOf(':'))}@${digest}`;
  for (const { name } of cluster.plan.nodes) {
    await inNode(cluster, name, [...images, 'pull', '--hosts-dir', '/etc/containerd/certs.d', tagged]);
    await inNode(cluster, name, [...images, 'tag', '--force', tagged, alias]);
  }
}
