import { loadEnvironment } from '../../../config/index.ts';
import type { Sample } from '../../../scripts/samples/plan.ts';
import { ProvingError } from '../../machine/error.ts';
import { must } from '../../machine/run.ts';
import { withLibraries } from '../layer.ts';
import type { Layer } from '../layer.ts';
import { buildSample } from '../samples.ts';
import type { PlatformImage } from './platform.ts';
import { accounts } from './system.ts';

/** What the library of tickets loads by itself, so that nothing else names it. */
const kerberos = ['libgssapi_krb5.so.2', 'libkrb5.so.3', 'libcom_err.so.2'] as const;

/** What is started, as the Dockerfiles say it. */
const commands = { backend: ['node', 'dist/main.js'], frontend: ['node', 'start.mjs'] } as const;

/** The image of a sample, in the place of the stand-in for it. */
export interface SampleImage extends PlatformImage {
  /** Its tag: another one for other sources. */
  readonly tag: string;
}

/** Builds what the Dockerfile of a sample builds. @throws ProvingError where a step fails */
export async function sampleImage({ environment, root, report }: Where, name: Sample): Promise<SampleImage> {
  const { folder, key, node } = await buildSample(root, name, report);
  const tag = `sample-${key}`;
  return {
    reference: `${loadEnvironment(environment).image(name).repository}:${tag}`,
    tag,
    layers: [await systemLayer(node), { name: `sample-${name}`, trees: { app: folder } }],
    entrypoint: commands[name],
    user: 10001,
    env: { NODE_ENV: 'production' },
    workingDirectory: '/app',
    standIn: `samples/${name}: what its Dockerfile makes, beside libraries of this machine in place of Debian 13's`,
  };
}

interface Where {
  readonly environment: string;
  readonly root: string;
  readonly report: (line: string) => void;
}

/** Node.js of the samples, and what it and the library of tickets load. */
async function systemLayer(node: string): Promise<Layer> {
  const known = await must('/sbin/ldconfig', ['--print-cache']);
  const libraries = kerberos.map((name) => {
    const found = known.split('\n').find((line) => line.trim().startsWith(`${name} `));
    const file = found?.split(' => ')[1];
    if (file === undefined) throw new ProvingError(`this machine has no ${name}: run npm run prove -- doctor --fix`);
    return [file.slice(1), file] as const;
  });
  const files = await withLibraries({ 'usr/bin/node': node, ...Object.fromEntries(libraries) });
  return { name: 'sample-system', files, texts: accounts, folders: ['tmp'] };
}
