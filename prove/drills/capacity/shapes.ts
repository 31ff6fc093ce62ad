import fs from 'node:fs';
import path from 'node:path';
import { applications } from '../../../apps/index.ts';
import { buildAppOfApps, buildPlatform } from '../../../apps/platform.ts';
import { environments, parseEnvironment } from '../../../config/index.ts';
import type { EnvironmentInput } from '../../../config/schema.ts';
import type { Manifest } from '../../../constructs/core/manifest.ts';
import { Platform } from '../../../constructs/core/platform.ts';
import { collect } from '../../../synth/collect.ts';
import { check } from '../../../synth/synthesise.ts';
import { committedObjects } from '../../delivery/committed.ts';

/** An environment with the objects it runs. */
export interface Shape {
  readonly platform: Platform;
  readonly manifests: readonly Manifest[];
  /** What it stands for, where it isn't a committed environment. */
  readonly standsFor?: string;
}

/** Every environment as committed; where it has a single server, also with a second one and a witness. */
export function shapesOf(root: string): Shape[] {
  return Object.entries(environments).flatMap(([name, input]) => {
    const committed = { platform: buildPlatform(name), manifests: committedObjects(root, `dist/${name}`) };
    const servers = input.nodes.filter(({ role }) => role === 'server');
    return servers.length > 1 || input.nodes.length < 2 ? [committed] : [committed, withWitness(root, name, input)];
  });
}

/** A third, small node that only votes, and every other node a server: any of them can be lost. */
export function witnessVariant(input: EnvironmentInput): EnvironmentInput {
  const addresses = input.nodes.map(({ address }) => address.split('.').map(Number));
  const last = Math.max(...addresses.map((bytes) => bytes[3] ?? 0));
  const address = [...(addresses[0] ?? []).slice(0, 3), last + 1].join('.');
  return {
    ...input,
    nodes: [
      ...input.nodes.map((node) => ({ ...node, role: 'server' as const })),
      { name: 'witness', role: 'witness', serverType: 'cx23', address, budget: { cpuPercent: 1, memoryPercent: 1 } },
    ],
  };
}

/** An environment with that variant, its objects made in memory. @throws InputError where synth would refuse them */
export function withWitness(root: string, of: string, input: EnvironmentInput): Shape {
  const name = `${of}-with-witness`;
  const images = JSON.parse(fs.readFileSync(path.join(root, 'config/images.json'), 'utf8')) as unknown;
  const platform = new Platform(parseEnvironment(name, witnessVariant(input), images, {}), applications);
  const collection = collect(platform, buildAppOfApps(platform), []);
  check(platform, collection);
  return {
    platform,
    manifests: collection.dist.map(({ manifest }) => manifest),
    standsFor: `${name} is ${of} with a second server and a witness, made by the drill: no environment has them yet`,
  };
}
