import fs from 'node:fs';
import path from 'node:path';
import { BucketClient } from '../../../scripts/object-storage/bucket-client.ts';
import type { BucketKeys } from '../../../scripts/object-storage/bucket-client.ts';
import { freePorts, Processes } from '../../machine/processes.ts';
import { binary } from '../../tools/cache.ts';
import { Habits } from './habits.ts';

const drillKeys: BucketKeys = { accessKeyId: 'drill', secretAccessKey: 'drill-secret' };

/** A provider's object storage on the loopback interface, for drills without a cluster: no bucket is there. */
export class LocalStorage {
  readonly habits: Habits;
  readonly region: string;
  private readonly processes: Processes;
  private readonly folder: string;
  private readonly owner: BucketKeys;

  private constructor(processes: Processes, folder: string, habits: Habits, region: string, keys: BucketKeys) {
    this.processes = processes;
    this.folder = folder;
    this.habits = habits;
    this.region = region;
    this.owner = keys;
  }

  /**
   * @param outlived keys of who has what the folder holds already. @default it begins empty
   * @throws ProvingError where it takes no connections after 30 s
   */
  static async start(folder: string, region: string, outlived?: BucketKeys): Promise<LocalStorage> {
    const keys = outlived ?? drillKeys;
    for (const name of ['objects', 'versions', 'about', 'accounts']) {
      if (outlived === undefined) fs.rmSync(path.join(folder, name), { recursive: true, force: true });
      fs.mkdirSync(path.join(folder, name), { recursive: true });
    }
    const [port = 0] = await freePorts(1);
    const processes = new Processes(path.join(folder, 'logs'));
    const owner = { ROOT_ACCESS_KEY: keys.accessKeyId, ROOT_SECRET_KEY: keys.secretAccessKey };
    const listen = [`--port=127.0.0.1:${port}`, `--region=${region}`, `--iam-dir=${path.join(folder, 'accounts')}`];
    const kept = [`--sidecar=${path.join(folder, 'about')}`, `--versioning-dir=${path.join(folder, 'versions')}`];
    processes.start(
      'versitygw',
      binary('versitygw'),
      [...listen, 'posix', ...kept, path.join(folder, 'objects')],
      owner,
    );
    await processes.waitFor('the object storage', 30, () =>
      fetch(`http://127.0.0.1:${port}`).then(
        () => true,
        () => false,
      ),
    );
    const habits = await Habits.start(port, (bucket, key) => forgetDeleted(folder, bucket, key));
    return new LocalStorage(processes, folder, habits, region, keys);
  }

  get endpoint(): string {
    return this.habits.endpoint;
  }

  /** Variables of whoever has the keys. */
  environment(): Readonly<Record<string, string>> {
    return { AWS_ACCESS_KEY_ID: this.owner.accessKeyId, AWS_SECRET_ACCESS_KEY: this.owner.secretAccessKey };
  }

  client(bucket: string): BucketClient {
    return new BucketClient({ endpoint: this.endpoint, region: this.region, bucket }, this.owner);
  }

  /** Keys of what is in a bucket. */
  keys(bucket: string): string[] {
    const root = path.join(this.folder, 'objects', bucket);
    if (!fs.existsSync(root)) return [];
    const entries = fs.readdirSync(root, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)));
  }

  async stop(): Promise<void> {
    await this.habits.stop();
    await this.processes.stop();
  }
}

function forgetDeleted(folder: string, bucket: string, key: string): void {
  const about = path.join(folder, 'about', bucket, key);
  if (!fs.existsSync(path.join(about, 'meta', 'delete-marker'))) return;
  fs.rmSync(path.join(folder, 'objects', bucket, key));
  fs.rmSync(about, { recursive: true });
}
