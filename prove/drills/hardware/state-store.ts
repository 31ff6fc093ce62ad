import fs from 'node:fs';
import path from 'node:path';
import { freePorts, Processes } from '../../machine/processes.ts';
import { binary } from '../../tools/cache.ts';

const bucket = 'state';

/** A bucket for Terraform's state, on the loopback interface. */
export class StateStore {
  private readonly processes: Processes;
  private readonly folder: string;
  private port = 0;

  private constructor(folder: string) {
    this.folder = folder;
    this.processes = new Processes(path.join(folder, 'logs'));
  }

  static async start(folder: string): Promise<StateStore> {
    const store = new StateStore(folder);
    // A bucket is a folder.
    for (const name of [`objects/${bucket}`, 'about']) {
      fs.rmSync(path.join(folder, name), { recursive: true, force: true });
      fs.mkdirSync(path.join(folder, name), { recursive: true });
    }
    const [port = 0] = await freePorts(1);
    store.port = port;
    const keys = { ROOT_ACCESS_KEY: 'drill', ROOT_SECRET_KEY: 'drill-secret' };
    const listen = [`--port=127.0.0.1:${port}`, '--region=fsn1'];
    const posix = ['posix', `--sidecar=${path.join(folder, 'about')}`, path.join(folder, 'objects')];
    store.processes.start('versitygw', binary('versitygw'), [...listen, ...posix], keys);
    await store.processes.waitFor('the bucket of the state', 30, () =>
      fetch(store.endpoint).then(
        () => true,
        () => false,
      ),
    );
    return store;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  backendArguments(): string[] {
    const settings = [`bucket=${bucket}`, 'region=fsn1', `endpoints={s3="${this.endpoint}"}`];
    return settings.map((setting) => `-backend-config=${setting}`);
  }

  environment(): Readonly<Record<string, string>> {
    return { AWS_ACCESS_KEY_ID: 'drill', AWS_SECRET_ACCESS_KEY: 'drill-secret' };
  }

  /** Keys of what is in the bucket. */
  keys(): string[] {
    const root = path.join(this.folder, 'objects', bucket);
    const entries = fs.readdirSync(root, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)));
  }

  stop(): Promise<void> {
    return this.processes.stop();
  }
}
