import fs from 'node:fs';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { buildPlatform } from '../../../apps/platform.ts';
import { generationsFile, loadEnvironment } from '../../../config/index.ts';
import type { GenerationsInput } from '../../../config/schema.ts';
import { wayBackCommand } from '../../../scripts/way-back/command.ts';
import { clusterOf, pkiFolder } from '../../cluster/handle.ts';
import type { Cluster } from '../../cluster/handle.ts';
import { storeOf } from '../../cluster/plan.ts';
import { PlatformClone } from '../../delivery/clone.ts';
import { withCleanUp } from '../../machine/clean-up.ts';
import { git } from '../../stand-ins/internet/repositories.ts';
import { repositoryFolder } from '../../stand-ins/internet/start.ts';
import { credentials, storeFolder } from '../../stand-ins/object-storage/index.ts';
import { LocalStorage } from '../../stand-ins/object-storage/local.ts';
import type { Ground } from '../ground.ts';

/** What somebody does, in the order of docs/runbooks/disaster-recovery.md, before there is a cluster again. */
export class WayBack {
  private readonly ground: Ground;
  /** As if it were a cluster's, of which only the world is left. */
  private readonly lost: Cluster;
  private generations = '';

  /** @param world what providers have */
  constructor(ground: Ground, world: string) {
    this.ground = ground;
    this.lost = { ...clusterOf(ground.environment), folder: path.dirname(world) };
  }

  /** Clones what the git server has, and commits a recovery of each store. */
  async recover(): Promise<void> {
    const { root, environment, report } = this.ground;
    const clone = PlatformClone.of(this.lost);
    const remote = repositoryFolder(this.lost, this.repository());
    await git(path.dirname(clone.folder), ['clone', '--quiet', remote, clone.folder]);
    fs.symlinkSync(path.join(root, 'node_modules'), path.join(clone.folder, 'node_modules'));
    fs.appendFileSync(path.join(clone.folder, '.git/info/exclude'), '/node_modules\n');
    for (const args of [
      ['pg', '--to', 'latest'],
      ['redis', '--at', 'latest'],
      ['ad', '--at', 'latest'],
    ]) {
      const printed = await clone.npm('recover', [...args, '--environment', environment]);
      report(printed.split('\n')[0] ?? '');
      await clone.commit(`Recover ${args[0] ?? ''}`);
    }
    this.generations = fs.readFileSync(path.join(clone.folder, generationsFile), 'utf8');
  }

  /** Asks for the proof, of the buckets that are left. @returns `done`, or what was said */
  async proven(secrets: string): Promise<string> {
    const { environment, report } = this.ground;
    const store = storeOf(this.lost.plan, 'backups');
    const { accessKey, secretKey } = credentials(this.lost, store);
    const keys = { accessKeyId: accessKey, secretAccessKey: secretKey };
    const storage = await LocalStorage.start(storeFolder(this.lost, store), store.region, keys);
    return withCleanUp([() => storage.stop()], async () => {
      const output = new PassThrough();
      const context = {
        root: PlatformClone.of(this.lost).folder,
        env: { AWS_ENDPOINT_URL_S3: storage.endpoint },
        platformOf: (name: string) =>
          buildPlatform(name, { generations: JSON.parse(this.generations) as GenerationsInput }),
      };
      const both = { stdout: output, stderr: output };
      const code = await wayBackCommand(context, [environment, '--secrets', secrets], both);
      const text = String(output.read() ?? '');
      report(text.trim());
      return code === 0 ? 'done' : text;
    });
  }

  /** Gives a new cluster what the bundle brought back, before anything is applied to it. */
  async moved(cluster: Cluster, secrets: string): Promise<void> {
    for (const name of ['sealing.key', 'sealing.crt']) {
      fs.copyFileSync(path.join(secrets, name), path.join(pkiFolder(cluster), name));
    }
    const clone = PlatformClone.of(cluster);
    await clone.git(['remote', 'set-url', 'origin', repositoryFolder(cluster, this.repository())]);
  }

  /** Puts what was committed over the working tree that is proven. */
  give(clone: PlatformClone): void {
    fs.writeFileSync(path.join(clone.folder, generationsFile), this.generations);
  }

  private repository(): string {
    return new URL(loadEnvironment(this.ground.environment).repository.url).pathname.slice(1);
  }
}
