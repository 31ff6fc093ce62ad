import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import type { Layer } from '../layer.ts';
import type { NpmPackage } from '../npm.ts';
import type { PlatformImage } from './platform.ts';
import { nodeLayer } from './system.ts';

/** The client, and all that it depends on. */
export const ioredisPackages: readonly [NpmPackage, ...NpmPackage[]] = [
  {
    name: 'ioredis',
    version: '6.0.0',
    integrity: 'sha512-f+Dtubxfpf6KYFq7WVXJoOLn0bk4TJrMrN9SzeE+jrWrCWj7XX3fA6vkryafhADX+GMymRxgDJDOI33COkJc0w==',
  },
  {
    name: '@ioredis/commands',
    version: '2.0.0',
    integrity: 'sha512-vrx0AE/T0h7cRZwfo1M39Cr+ZhZrkf0V8mQN75wucKCxCLD9l/VX6no3gFvrLqD1IlG/1LtzWovqEw3t0Vr9zg==',
  },
  {
    name: 'cluster-key-slot',
    version: '1.1.1',
    integrity: 'sha512-rwHwUfXL40Chm1r08yrhU3qpUvdVlgkKNeyeGPOxnW8/SyVDvgRaed/Uz54AqWNaTCAThlj6QAs3TZcKI0xDEw==',
  },
  {
    name: 'debug',
    version: '4.4.3',
    integrity: 'sha512-RGwwWnwQvkVfavKVt22FGLw+xYSdzARwm0ru6DhTVA3umU5hZc28V3kO4stgYryrTlLpuvgI9GiijltAjNbcqA==',
  },
  {
    name: 'denque',
    version: '2.1.0',
    integrity: 'sha512-HVQE3AAb/pxF8fQAoiqpvg9i3evqug3hoiwakOyZAwJm+6vZehbkYXZ0l4JxS+I3QxM97v5aaRNhj8v5oBhekw==',
  },
  {
    name: 'ms',
    version: '2.1.3',
    integrity: 'sha512-6FlzubTLZG3J2a/NVCAleEhjzq5oxgHyaCU9yYXvcLsvoVaHJq/s5xXI6/XXP6tz7R9xAOtHnSO/tXtF3WRTlA==',
  },
  {
    name: 'redis-errors',
    version: '1.2.0',
    integrity: 'sha512-1qny3OExCf0UvUV/5wpYKf2YwPcOqXzkwKKSmKHiE6ZMQs5heeE/c8eXK+PNllPvmjgAbfnsbpkGZWy8cBpn9w==',
  },
  {
    name: 'standard-as-callback',
    version: '2.1.0',
    integrity: 'sha512-qoRRSyROncaz1z0mvYqIE4lCd9p2R90i6GxW3uZv5ucSu8tU7B5HXUP1gG8pVZsYNVaXjk8ClXHPttLyxAL48A==',
  },
];

const programs = path.join(import.meta.dirname, '../../instruments/ioredis');

/** The program that writes by ioredis, in a layer with it: the client is the one that the page of the construct shows. */
export const ioredisLayer: Layer = {
  name: 'ioredis',
  npmPackages: ioredisPackages,
  texts: {
    'app/package.json': '{ "type": "module" }\n',
    ...Object.fromEntries(
      ['client.js', 'writer.js'].map((name) => [`app/${name}`, fs.readFileSync(path.join(programs, name), 'utf8')]),
    ),
  },
};

/** A client that writes by ioredis all the time: `node writer.js FIRST MILLISECONDS`. */
export async function ioredisImage(): Promise<PlatformImage> {
  // Nodes that have pulled a name keep what they got.
  const contents = crypto.createHash('sha256').update(JSON.stringify(ioredisLayer)).digest('hex').slice(0, 12);
  return {
    reference: `proving.local/ioredis:${contents}`,
    layers: [await nodeLayer(), ioredisLayer],
    entrypoint: ['node', 'writer.js'],
    user: 10001,
    workingDirectory: '/app',
    versions: { ioredis: ioredisPackages[0].version, node: process.version },
  };
}
