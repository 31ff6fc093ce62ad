import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { run } from '../../machine/run.ts';
import type { Result } from '../../machine/run.ts';
import { ProvingError } from '../../machine/error.ts';
import type { Hetzner } from '../../stand-ins/hetzner/index.ts';
import { binary } from '../../tools/cache.ts';
import { versionOf } from '../../tools/modules.ts';
import type { StateStore } from './state-store.ts';

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
  readonly store: StateStore;
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

  private constructor(options: TofuOptions) {
    this.options = options;
    this.folder = path.join(options.folder, 'terraform');
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
    await tofu.must(['init', '-input=false', ...options.store.backendArguments()]);
    await tofu.must(['workspace', 'select', '-or-create', options.environment]);
    return tofu;
  }

  apply(variables: Variables = {}): Promise<Result> {
    return this.run(['apply', '-input=false', '-auto-approve', ...this.given(variables)]);
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
    const { folder, hetzner, store } = this.options;
    const [command = '', ...rest] = args;
    const plain = colourful.has(command) ? ['-no-color'] : [];
    return run(binary('tofu'), [command, ...plain, ...rest], {
      cwd: this.folder,
      timeout,
      env: {
        ...process.env,
        ...store.environment(),
        TF_CLI_CONFIG_FILE: path.join(folder, 'tofurc'),
        TF_IN_AUTOMATION: '1',
        CHECKPOINT_DISABLE: '1',
        HCLOUD_TOKEN: hetzner.token,
        HCLOUD_ENDPOINT: hetzner.endpoint,
        ...env,
      },
    });
  }

  /** Arguments with the values of the environment, and others beside or instead of them. */
  given(variables: Variables): string[] {
    const file =
      this.values === undefined ? `environments/${this.options.environment}.tfvars.json` : 'drill.tfvars.json';
    if (this.values !== undefined) fs.writeFileSync(path.join(this.folder, file), JSON.stringify(this.values));
    fs.writeFileSync(path.join(this.folder, 'more.tfvars.json'), JSON.stringify(variables));
    return [`-var-file=${file}`, '-var-file=more.tfvars.json'];
  }
}

/** A mirror of providers on disk, as OpenTofu looks for them. */
function mirror(folder: string): void {
  const version = versionOf('terraform-provider-hcloud').replace('v', '');
  const place = path.join(folder, 'mirror/registry.opentofu.org/hetznercloud/hcloud', version, 'linux_amd64');
  fs.mkdirSync(place, { recursive: true });
  const file = path.join(place, `terraform-provider-hcloud_v${version}`);
  fs.copyFileSync(binary('terraform-provider-hcloud'), file);
  fs.chmodSync(file, 0o755);
  const mirrored = `provider_installation {\n  filesystem_mirror {\n    path = ${JSON.stringify(path.join(folder, 'mirror'))}\n  }\n}\n`;
  fs.writeFileSync(path.join(folder, 'tofurc'), mirrored);
}
