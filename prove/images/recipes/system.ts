import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { loadEnvironment } from '../../../config/index.ts';
import { pkiFolder } from '../../cluster/handle.ts';
import type { Cluster } from '../../cluster/handle.ts';
import { withLibraries } from '../layer.ts';
import type { Layer } from '../layer.ts';
import type { Image } from '../store.ts';

/** Images of pods that K3s would bring. */
export const systemImages = {
  pause: 'proving.local/pause:1',
  probe: 'proving.local/probe:1',
  coredns: 'proving.local/coredns:1',
  localPath: 'proving.local/local-path-provisioner:1',
  metricsServer: 'proving.local/metrics-server:1',
} as const;

/** Tools of this machine that the image `probe` has beside it: what the volumes' helper and a look around need. */
const tools = ['cat', 'chmod', 'env', 'id', 'ls', 'mkdir', 'rm', 'sh', 'sleep'];

export const accounts = {
  'etc/passwd': 'root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n',
  'etc/group': 'root:x:0:\nnobody:x:65534:\n',
};

/** The images that every cluster needs. */
export async function systemImageContents({
  program,
  plan,
}: Pick<Cluster, 'program' | 'plan'>): Promise<readonly Image[]> {
  const single = (reference: string, name: Parameters<typeof program>[0]): Image => ({
    reference,
    layers: [{ name, files: { [name]: program(name) }, texts: accounts, folders: ['tmp'] }],
    entrypoint: [`/${name}`],
  });
  return [
    {
      reference: systemImages.pause,
      layers: [{ name: 'pause', files: await withLibraries({ 'bin/sleep': '/bin/sleep' }) }],
      entrypoint: ['/bin/sleep', 'infinity'],
      user: 65535,
    },
    {
      reference: systemImages.probe,
      layers: [
        {
          name: 'tools',
          files: await withLibraries(Object.fromEntries(tools.map((tool) => [`bin/${tool}`, `/bin/${tool}`]))),
          texts: accounts,
          folders: ['tmp'],
        },
        probeLayer({ program }),
      ],
      entrypoint: ['/bin/probe'],
    },
    single(dnsImage(plan.name), 'coredns'),
    single(systemImages.localPath, 'local-path-provisioner'),
    single(systemImages.metricsServer, 'metrics-server'),
  ];
}

/** CoreDNS as the environment's pods ask for it, without a digest; or as K3s' would. */
export function dnsImage(environment: string): string {
  const loaded = loadEnvironment(environment);
  const { repository, tag } = loaded.image('coredns');
  return loaded.clusterDns === 'ours' ? `${repository}:${tag}` : systemImages.coredns;
}

/** The program `probe`, which answers and asks in place of others. */
export const probeLayer = ({ program }: Pick<Cluster, 'program'>) => ({
  name: 'probe',
  files: { 'bin/probe': program('probe') },
});

/** This machine's Node.js. */
export async function nodeLayer(): Promise<Layer> {
  const files = await withLibraries({ 'usr/bin/node': process.execPath });
  return { name: 'node', files, texts: accounts, folders: ['tmp'] };
}

/** Debian's part of images: made once for all of them, because it takes the longest. */
export const debianLayer: Layer = {
  name: 'debian',
  packages: ['ca-certificates', 'git', 'gnupg', 'haproxy', 'redis-server', 'tini'],
};

/** Lets an image trust the stand-in for the internet, and nobody else; its authority is another one in each cluster. */
export function worldAuthorityLayer(cluster: Pick<Cluster, 'cgroup' | 'folder'>): Layer {
  return {
    // Clusters of other caches may share the store, and have the same environment.
    name: `world-authority-${path.basename(cluster.cgroup)}`,
    texts: {
      'etc/ssl/certs/ca-certificates.crt': fs.readFileSync(path.join(pkiFolder(cluster), 'world-ca.crt'), 'utf8'),
    },
  };
}
