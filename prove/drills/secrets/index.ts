import fs from 'node:fs';
import { PassThrough } from 'node:stream';
import { secretInventory } from '../../../apps/inventory.ts';
import { clusterNamespaces } from '../../../apps/namespaces.ts';
import { buildPlatform } from '../../../apps/platform.ts';
import type { Manifest } from '../../../constructs/core/manifest.ts';
import type { SecretInventoryEntry } from '../../../constructs/core/secret.ts';
import { sealCommand } from '../../../synth/seal/command.ts';
import { sealedManifests } from '../../../synth/seal/files.ts';
import { ControlPlane } from '../../cluster/control-plane.ts';
import { apply, getJson, tryApply, tryKubectl } from '../../cluster/kubectl.ts';
import { committedObjects, defineCustomResources, inOrder } from '../../delivery/committed.ts';
import { typedValue } from '../../delivery/typed.ts';
import { withCleanUp } from '../../machine/clean-up.ts';
import { ProvingError } from '../../machine/error.ts';
import type { DrillCheck } from '../../results/index.ts';
import { podOf } from '../admission/spoiled.ts';
import type { Area, Outcome } from '../area.ts';
import type { Ground } from '../ground.ts';
import { renderedChart, SealedSecretsController } from './controller.ts';

const namespace = clusterNamespaces.sealedSecrets.name;

interface Secret {
  readonly metadata: { readonly uid: string };
  readonly data: Readonly<Record<string, string>>;
}

interface Sealed {
  readonly metadata: { readonly generation: number };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

export const area: Area<'api'> = {
  purpose: 'seals, unseals and rotates every secret with the real controller',
  promises: {
    secrets:
      'the whole inventory sealed by npm run seal, unsealed by the real controller, a value and the key rotated',
  },
  needs: 'api',
  minutes: 2,
  programs: ['sealed-secrets-controller', 'helm'],
  about: ['synth/seal', 'constructs/core/secret.ts', 'apps/inventory.ts'],
  run: secrets,
};

/**
 * The inventory's values, sealed as a user would with the certificate of the real controller, become Secrets; a value
 * and the sealing key are rotated while nothing goes missing; a copy for another namespace can't be opened.
 */
async function secrets({ root, folder, environment, report }: Ground): Promise<Outcome> {
  report('starting a control plane');
  const plane = await ControlPlane.start(folder);
  return withCleanUp([() => plane.stop()], async () => {
    return {
      secrets: {
        figures: {},
        units: {},
        checks: await new SecretsDrill(plane, environment, report).run(root),
        standIns: ['the controller runs as a process with the rights of its pod, not as a pod'],
      },
    };
  });
}

class SecretsDrill {
  private readonly plane: ControlPlane;
  private readonly report: (line: string) => void;
  private readonly environment: string;
  private readonly inventory: readonly SecretInventoryEntry[];
  private readonly checks: DrillCheck[] = [];

  constructor(plane: ControlPlane, environment: string, report: (line: string) => void) {
    this.plane = plane;
    this.environment = environment;
    this.inventory = secretInventory(environment);
    this.report = report;
  }

  async run(root: string): Promise<DrillCheck[]> {
    const { report } = this;
    const controller = await this.prepare(root);
    report('sealing the inventory');
    const certificate = await controller.start();
    await this.seal('--cert', certificate, '--values', '-');
    const first = await this.unsealed();

    report('moving a secret to another namespace');
    await this.moved();

    report('rotating a value');
    const rotated = this.inventory.find(({ keys }) => Object.values(keys).every(({ kind }) => kind === 'random'));
    if (rotated === undefined) throw new ProvingError('the inventory has no secret that is generated');
    await this.seal('--rotate', rotated.name, '--cert', certificate);
    const second = await this.renewed(rotated, first);

    report('rotating the sealing key');
    const keys = await controller.backUpKeys();
    await controller.stop();
    const newCertificate = await controller.start(new Date(Date.now() + 1000));
    this.check('a new sealing key', fs.readFileSync(newCertificate, 'utf8') !== fs.readFileSync(certificate, 'utf8'));
    await this.seal('--reseal', '--cert', newCertificate, '--private-key', keys);
    await this.kept(second);
    return this.checks;
  }

  /** What the controller needs: its kinds, the committed namespaces, and what its chart renders. */
  private async prepare(root: string): Promise<SealedSecretsController> {
    const { plane, environment } = this;
    await defineCustomResources(plane);
    const committed = inOrder(committedObjects(root, `dist/${environment}/namespaces`));
    const chart = renderedChart(buildPlatform(environment));
    const { status, stderr } = await tryApply(plane, [...committed, ...inOrder(chart)]);
    this.check(
      'the chart renders with the committed values and is applied',
      status === 0 && !stderr.includes('Warning'),
    );
    if (status !== 0) throw new ProvingError(stderr);
    for (const workload of chart.filter(({ kind }) => kind === 'Deployment')) {
      const input = JSON.stringify(podOf(workload));
      const pod = await tryKubectl(plane, ['create', '--dry-run=server', '-f', '-'], { input });
      this.check('Pod Security restricted admits the controller', pod.status === 0);
    }
    return new SealedSecretsController(plane, namespace);
  }

  /** Runs `npm run seal` and applies what it wrote. */
  private async seal(...args: readonly string[]): Promise<void> {
    const output = new PassThrough({ encoding: 'utf8' });
    let said = '';
    output.on('data', (text: string) => (said += text));
    const code = await sealCommand({
      arguments: ['--environment', this.environment, ...args],
      root: this.plane.folder,
      inventory: () => this.inventory,
      now: new Date(),
      stdin: new PassThrough().end(args.includes('-') ? this.typed() : ''),
      stdout: output,
      stderr: output,
    });
    const command = `npm run seal -- ${args.filter((arg) => arg.startsWith('--')).join(' ')}`;
    if (code !== 0) throw new ProvingError(`${command} ends with ${code}: ${said}`);
    this.check(`${command} succeeds`, true);
    await apply(this.plane, this.sealed());
  }

  /** What a person would type. */
  private typed(): string {
    const human = this.inventory.map(({ name, keys }) => [
      name,
      Object.fromEntries(
        Object.entries(keys)
          .filter(([, { kind }]) => kind === 'human')
          .map(([key, source]) => [key, typedValue(name, key, source)]),
      ),
    ]);
    return JSON.stringify(Object.fromEntries(human.filter(([, values]) => Object.keys(values ?? {}).length > 0)));
  }

  private sealed(): Manifest[] {
    return sealedManifests(this.plane.folder, this.environment).map(({ manifest }) => manifest);
  }

  /** Waits for every Secret of the inventory. */
  private async unsealed(): Promise<Map<string, Secret>> {
    const found = new Map<string, Secret>();
    for (const { name, keys, copies } of this.inventory) {
      for (const copy of copies) {
        const secret = await this.secret(copy.namespace, name, () => true);
        const complete = Object.keys(keys).every((key) => (secret?.data[key] ?? '').length > 0);
        this.check(`${copy.namespace}/${name} is unsealed with all its keys`, complete);
        if (secret !== undefined) found.set(`${copy.namespace}/${name}`, secret);
      }
    }
    return found;
  }

  /** Strict scope: what is sealed for one namespace can't be opened in another. */
  private async moved(): Promise<void> {
    const [manifest] = this.sealed();
    if (manifest === undefined) throw new ProvingError('nothing is sealed');
    const { name } = manifest.metadata;
    const spec = manifest.spec as { readonly template: object };
    const template = { ...spec.template, metadata: { name, namespace: 'default' } };
    const copy = { ...manifest, metadata: { name, namespace: 'default' }, spec: { ...spec, template } };
    await apply(this.plane, [copy]);
    const conditions = await this.plane.waitFor('the verdict on the moved secret', 30, async () => {
      const { status } = await getJson<Sealed>(this.plane, ['sealedsecret', name, '--namespace=default']);
      return status?.conditions;
    });
    this.check(
      'a secret sealed for another namespace is refused',
      conditions.some(({ type, status }) => type === 'Synced' && status === 'False'),
    );
    const secret = await tryKubectl(this.plane, ['get', 'secret', name, '--namespace', 'default']);
    this.check('and no Secret is made of it', secret.status !== 0);
  }

  /** Waits for the new value; the object itself stays, so that nobody who mounts it loses it. */
  private async renewed(
    entry: SecretInventoryEntry,
    before: ReadonlyMap<string, Secret>,
  ): Promise<Map<string, Secret>> {
    const after = new Map(before);
    for (const { namespace: copy } of entry.copies) {
      const id = `${copy}/${entry.name}`;
      const old = before.get(id);
      const secret = await this.secret(
        copy,
        entry.name,
        ({ data }) => JSON.stringify(data) !== JSON.stringify(old?.data),
      );
      this.check(`${id} has a new value`, secret !== undefined);
      this.check(`${id} was never away`, secret?.metadata.uid === old?.metadata.uid);
      if (secret !== undefined) after.set(id, secret);
    }
    return after;
  }

  /** Waits until the controller has judged what was sealed with the new key, and compares every value. */
  private async kept(before: ReadonlyMap<string, Secret>): Promise<void> {
    for (const [id, old] of before) {
      const [copy = '', name = ''] = id.split('/');
      const synced = await this.plane.waitFor(`the verdict on ${id}`, 30, async () => {
        const { metadata, status } = await getJson<Sealed>(this.plane, [
          ...['sealedsecret', name, `--namespace=${copy}`],
        ]);
        return status?.observedGeneration === metadata.generation ? status.conditions?.[0]?.status : undefined;
      });
      const now = await this.secret(copy, name, () => true);
      const same = now?.metadata.uid === old.metadata.uid && JSON.stringify(now.data) === JSON.stringify(old.data);
      this.check(`${id} has the same value under the new key, and was never away`, synced === 'True' && same);
    }
  }

  private async secret(copy: string, name: string, fits: (secret: Secret) => boolean): Promise<Secret | undefined> {
    try {
      return await this.plane.waitFor(`${copy}/${name}`, 30, async () => {
        const asked = ['get', 'secret', name, '--namespace', copy, '-o', 'json'];
        const { status, stdout } = await tryKubectl(this.plane, asked);
        const secret = status === 0 ? (JSON.parse(stdout) as Secret) : undefined;
        return secret !== undefined && fits(secret) ? secret : undefined;
      });
    } catch (error) {
      if (error instanceof ProvingError) return undefined;
      throw error;
    }
  }

  private check(what: string, holds: boolean): void {
    this.checks.push({ what, expected: 'yes', got: holds ? 'yes' : 'no' });
  }
}
