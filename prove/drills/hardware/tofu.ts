import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { run } from '../../machine/run.ts';
import type { Result } from '../../machine/run.ts';
import { ProvingError } from '../../machine/error.ts';
import type { Cloudflare } from '../../stand-ins/cloudflare/index.ts';
import type { Hetzner } from '../../stand-ins/hetzner/index.ts';
import type { LocalStorage } from '../../stand-ins/object-storage/local.ts';
import { binary } from '../../tools/cache.ts';
import { versionOf } from '../../tools/modules.ts';
import { publicKey } from './public-key.ts';

/** What a plan would do with one object. */
export interface Change {
  readonly address: string;
  readonly actions: readonly string[];
}

interface Plan {
  readonly resource_changes?: readonly {
    readonly address: string;
    readonly change: { readonly actions: readonly string[] };
  }[];
}

export interface TofuOptions {
  readonly root: string;
  readonly folder: string;
  readonly environment: string;
  readonly hetzner: Hetzner;
  readonly cloudflare: Cloudflare;
  readonly storage: LocalStorage;
  /** The bucket of the state, which is there. */
  readonly bucket: string;
}

/** Variables that are given beside the values of the environment. */
export type Variables = Readonly<Record<string, unknown>>;

/** Seconds that any one run of OpenTofu may take. */
const timeout = 600;

const colourful = new Set(['init', 'plan', 'apply', 'destroy', 'test', 'validate']);

/** OpenTofu on a copy of `terraform/` as it is committed, with the provider that was built. */
export class Tofu {
  readonly folder: string;
  private readonly options: TofuOptions;
  /** Instead of what the environment's file says, once it is set. */
  values: object | undefined;

  private get isOfMachines(): boolean {
    return this.folder === path.join(this.options.folder, 'terraform');
  }

  private constructor(options: TofuOptions, folder = path.join(options.folder, 'terraform')) {
    this.options = options;
    this.folder = folder;
  }

  /** Copies and initialises it, and selects the workspace of the environment. @throws ProvingError */
  static async prepare(options: TofuOptions): Promise<Tofu> {
    const tofu = new Tofu(options);
    fs.rmSync(tofu.folder, { recursive: true, force: true });
    const skipped = new Set(['.terraform', 'terraform.tfstate.d']);
    fs.cpSync(path.join(options.root, 'terraform'), tofu.folder, {
      recursive: true,
      filter: (file) => !skipped.has(path.basename(file)),
    });
    mirror(options.folder);
    await tofu.initialise();
    return tofu;
  }

  /** What lies in a folder of this one and has a state of its own. @throws ProvingError */
  async beside(name: string): Promise<Tofu> {
    const other = new Tofu(this.options, path.join(this.folder, name));
    await other.initialise();
    return other;
  }

  private async initialise(): Promise<void> {
    const { storage, bucket, environment } = this.options;
    const settings = [`bucket=${bucket}`, `region=${storage.region}`, `endpoints={s3="${storage.endpoint}"}`];
    await this.must(['init', '-input=false', ...settings.map((setting) => `-backend-config=${setting}`)]);
    await this.must(['workspace', 'select', '-or-create', environment]);
  }

  /** @param more arguments, such as `-target=...` */
  apply(variables: Variables = {}, more: readonly string[] = []): Promise<Result> {
    return this.run(['apply', '-input=false', '-auto-approve', ...this.given(variables), ...more]);
  }

  destroy(variables: Variables = {}): Promise<Result> {
    return this.run(['destroy', '-input=false', '-auto-approve', ...this.given(variables)]);
  }

  plan(variables: Variables = {}): Promise<Result> {
    return this.run(['plan', '-input=false', ...this.given(variables)]);
  }

  /** What a plan would change. @throws ProvingError where it can't be made */
  async changes(variables: Variables = {}): Promise<readonly Change[]> {
    const file = path.join(this.folder, 'drill.tfplan');
    await this.must(['plan', '-input=false', `-out=${file}`, ...this.given(variables)]);
    const { resource_changes = [] } = JSON.parse(await this.must(['show', '-json', file])) as Plan;
    return resource_changes
      .map(({ address, change }) => ({ address, actions: change.actions }))
      .filter(({ actions }) => !['no-op', 'read'].includes(actions.join()));
  }

  async output<Value>(name: string): Promise<Value> {
    return JSON.parse(await this.must(['output', '-json', name])) as Value;
  }

  async must(args: readonly string[]): Promise<string> {
    const { status, stdout, stderr } = await this.run(args);
    if (status === 0) return stdout;
    throw new ProvingError(`tofu ${args[0] ?? ''}: exit code ${status}\n${stderr.trim() || stdout.trim()}`);
  }

  run(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Result> {
    const { folder, hetzner, cloudflare, storage } = this.options;
    const [command = '', ...rest] = args;
    const plain = colourful.has(command) ? ['-no-color'] : [];
    return run(binary('tofu'), [command, ...plain, ...rest], {
      cwd: this.folder,
      timeout,
      env: {
        ...process.env,
        ...storage.environment(),
        TF_CLI_CONFIG_FILE: path.join(folder, 'tofurc'),
        TF_IN_AUTOMATION: '1',
        CHECKPOINT_DISABLE: '1',
        HCLOUD_TOKEN: hetzner.token,
        HCLOUD_ENDPOINT: hetzner.endpoint,
        CLOUDFLARE_API_TOKEN: cloudflare.token,
        CLOUDFLARE_BASE_URL: cloudflare.endpoint,
        ...env,
      },
    });
  }

  /** Arguments with the values of the environment, and others beside or instead of them. */
  given(variables: Variables): string[] {
    const file =
      this.values === undefined ? `environments/${this.options.environment}.tfvars.json` : 'drill.tfvars.json';
    if (this.values !== undefined) fs.writeFileSync(path.join(this.folder, file), JSON.stringify(this.values));
    // A machine without a key is refused: whoever asks for no other one gets this one.
    const keys = this.isOfMachines ? { ssh_keys: { drill: publicKey(9) } } : {};
    fs.writeFileSync(path.join(this.folder, 'more.tfvars.json'), JSON.stringify({ ...keys, ...variables }));
    return [`-var-file=${file}`, '-var-file=more.tfvars.json'];
  }
}

/** Of Cloudflare's provider what stands in for it calls itself, as terraform/cloudflare wants it. */
const pretendedVersion = '5.19.0';

/** A mirror of providers on disk, as OpenTofu looks for them. */
function mirror(folder: string): void {
  const providers = [
    ['terraform-provider-hcloud', 'hetznercloud/hcloud', versionOf('terraform-provider-hcloud').replace('v', '')],
    ['terraform-provider-cloudflare', 'cloudflare/cloudflare', pretendedVersion],
  ] as const;
  for (const [name, source, version] of providers) {
    const place = path.join(folder, 'mirror/registry.opentofu.org', source, version, 'linux_amd64');
    fs.mkdirSync(place, { recursive: true });
    const file = path.join(place, `${name}_v${version}`);
    fs.copyFileSync(binary(name), file);
    fs.chmodSync(file, 0o755);
  }
  const mirrored = `provider_installation {\n  filesystem_mirror {\n    path = ${JSON.stringify(path.join(folder, 'mirror'))}\n  }\n}\n`;
  fs.writeFileSync(path.join(folder, 'tofurc'), mirrored);
}
