import * as v from 'valibot';
import { clusterNamespaces } from '../../apps/namespaces.ts';
import { InputError } from '../../constructs/core/error.ts';
import { saidByKubectl } from '../release/child-process.ts';
import type { Ended } from '../release/child-process.ts';
import { archiveKeys } from './contents.ts';
import type { Contents } from './contents.ts';

/** Runs kubectl. @throws InputError where there is none */
export type Kubectl = (args: readonly string[]) => Promise<Ended>;

const secretSchema = v.object({
  metadata: v.object({ name: v.string() }),
  data: v.optional(v.record(v.string(), v.string()), {}),
});
const listSchema = v.object({ items: v.array(secretSchema) });

/** Label of the Secrets that the controller of sealed-secrets takes for its keys. */
const keyLabel = 'sealedsecrets.bitnami.com/sealed-secrets-key';

/** What only the cluster has: every key that anything was ever sealed with, and those that backups are encrypted with. */
export async function clusterContents(environment: string, kubectl: Kubectl): Promise<Contents> {
  const namespace = clusterNamespaces.sealedSecrets.name;
  const keys = await get(kubectl, ['-n', namespace, 'get', 'secrets', '-l', keyLabel, '-o', 'json'], listSchema);
  if (keys.items.length === 0) {
    throw new InputError({
      where: `namespace ${namespace}`,
      what: 'the cluster has no key that secrets are sealed with',
      allowed: 'the cluster of the environment, whose controller has one',
      remedy: 'choose the context of kubectl, or take what the folder has alone by --without-cluster',
    });
  }
  const found = new Map<string, Uint8Array>();
  const take = (folder: string, data: Readonly<Record<string, string>>): void => {
    for (const [key, value] of Object.entries(data)) {
      found.set(`cluster/${folder}/${key}`, new Uint8Array(Buffer.from(value, 'base64')));
    }
  };
  for (const { metadata, data } of keys.items) take(`sealing/${metadata.name}`, data);
  for (const { namespace: home, name } of archiveKeys(environment)) {
    const { data } = await get(kubectl, ['-n', home, 'get', 'secret', name, '-o', 'json'], secretSchema);
    take(`archives/${home}/${name}`, data);
  }
  return found;
}

async function get<Schema extends v.GenericSchema>(
  kubectl: Kubectl,
  args: readonly string[],
  schema: Schema,
): Promise<v.InferOutput<Schema>> {
  const ended = await kubectl(args);
  const { code, stdout } = ended;
  const found = code === 0 ? v.safeParse(v.pipe(v.string(), v.parseJson(), schema), stdout) : undefined;
  if (found?.success === true) return found.output;
  throw new InputError({
    where: `kubectl ${args.join(' ')}`,
    // Its answer may be a secret.
    what:
      code === 0
        ? 'its answer is not what it should be'
        : `it ended with ${code}: ${saidByKubectl({ ...ended, stdout: '' })}`,
    allowed: "a cluster that answers by kubectl's current context, whose secrets are unsealed",
    remedy:
      'choose the context (kubectl config use-context NAME), or take what the folder has alone by --without-cluster',
  });
}
