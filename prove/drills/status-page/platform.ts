import fs from 'node:fs';
import path from 'node:path';
import { environmentInput } from '../../../config/index.ts';
import type { LoadOptions } from '../../../config/index.ts';
import type { Manifest } from '../../../constructs/core/manifest.ts';
import type { Platform } from '../../../constructs/core/platform.ts';
import { podTemplateOf } from '../../../synth/pods.ts';
import { synthesise } from '../../../synth/synthesise.ts';
import { ProvingError } from '../../machine/error.ts';

/** Name of the bucket in the configuration. */
const store = 'status';

/** What an environment with a status page has beside what is committed, at the provider of its copies. */
export function withStatusPage(environment: string) {
  const { objectStores, observability } = environmentInput(environment);
  const { offsite } = objectStores;
  if (offsite === undefined || observability === undefined) {
    throw new ProvingError(`${environment} has no objectStores.offsite, or no observability`);
  }
  return {
    objectStores: {
      ...objectStores,
      [store]: { ...offsite, bucket: 'drill-status', public: true, oldVersionsDays: 1 },
    },
    observability: { ...observability, statusPage: { store } },
  } satisfies LoadOptions['changes'];
}

/** What synth makes of an environment that has a status page. */
export class Synthesised {
  readonly platform: Platform;
  readonly changes: ReturnType<typeof withStatusPage>;
  private readonly manifests: readonly Manifest[];

  constructor(root: string, environment: string) {
    this.changes = withStatusPage(environment);
    const { platform, collection } = synthesise({
      root,
      environment,
      strict: false,
      dryRun: true,
      changes: this.changes,
    });
    this.platform = platform;
    this.manifests = collection.dist.map(({ manifest }) => manifest);
  }

  get place() {
    const { endpoint, region, bucket } = this.changes.objectStores[store];
    return { endpoint, region, bucket };
  }

  /** Writes the files of a ConfigMap into a folder. @returns the folder */
  files(name: string, folder: string): string {
    const { data } = this.named('ConfigMap', name) as { readonly data?: Readonly<Record<string, string>> };
    fs.mkdirSync(folder, { recursive: true });
    for (const [file, text] of Object.entries(data ?? {})) fs.writeFileSync(path.join(folder, file), text);
    return folder;
  }

  /** Variables of whoever feeds the page, as its container has them. */
  variables(): Readonly<Record<string, string>> {
    const [container] = podTemplateOf(this.named('Deployment', 'status-page'))?.spec?.containers ?? [];
    return Object.fromEntries(
      (container?.env ?? []).flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]])),
    );
  }

  private named(kind: string, name: string): Manifest {
    const found = this.manifests.find((each) => each.kind === kind && each.metadata.name === name);
    if (found === undefined) throw new ProvingError(`synth made no ${kind} ${name}`);
    return found;
  }
}
