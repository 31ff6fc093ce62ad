import { createPrivateKey, X509Certificate } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { snapshotFolder } from '../../apps/cluster.ts';
import { environmentInput } from '../../config/index.ts';
import { InputError } from '../../constructs/core/error.ts';
import type { Finding } from '../../constructs/core/error.ts';
import type { Platform } from '../../constructs/core/platform.ts';
import { runCommand } from '../../synth/command.ts';
import type { Output } from '../../synth/command.ts';
import { filesOf, folderOf } from '../bundle/contents.ts';
import type { Contents } from '../bundle/contents.ts';
import { staleFindings } from '../bundle/record.ts';
import { sealingKeysOf } from '../bundle/sealed.ts';
import { BucketClient, keysOf, refusalOf } from '../object-storage/bucket-client.ts';
import type { BucketKeys } from '../object-storage/bucket-client.ts';
import { listed } from '../object-storage/list.ts';
import { askArchives } from './archives.ts';
import { help, parseOptions } from './options.ts';
import type { WayBackOptions } from './options.ts';
import { provenSnapshot } from './snapshot.ts';

/** What the command takes from the world. */
export interface WayBackContext {
  /** Of the repository. */
  readonly root: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What is committed for an environment. @throws InputError */
  readonly platformOf: (environment: string) => Platform;
}

/** A snapshot takes longer than what is asked for otherwise. */
const patienceMilliseconds = 300_000;

/** Runs `npm run way-back`. @returns the exit code: 0 there is a way back, 1 there is none, 2 called wrongly */
export function wayBackCommand(
  context: WayBackContext,
  args: readonly string[],
  output: Output = process,
): Promise<number> {
  return runCommand(
    help,
    async () => {
      const options = parseOptions(args);
      if (options === undefined) return 'help';
      const say = (line: string): void => void output.stdout.write(`way back: ${line}\n`);
      const contents = provenSecrets(context, options, say);
      if (options.snapshot === undefined) await proveArchives(context, options, contents, say);
      else await fetchSnapshot(context, options, contents, say);
      return 0;
    },
    output,
    'nothing was changed',
  );
}

function provenSecrets(
  { root, env }: WayBackContext,
  { environment, secrets }: WayBackOptions,
  say: (line: string) => void,
): Contents {
  const folder = secrets ?? folderOf(environment, env);
  // New ones would open nothing of what was lost.
  const { contents, missing } = filesOf(
    environment,
    folder,
    `bring it back out of the bundle: npm run bundle -- open ${environment} --identity FILE; or name the folder by --secrets`,
  );
  const findings = [...staleFindings(root, environment, sealingKeysOf(contents), folder), ...halves(contents, folder)];
  if (findings.length > 0) throw new InputError(findings);
  for (const { path: file, purpose } of missing) say(`not in ${folder}: ${file} (${purpose})`);
  say(`every secret that is needed is in ${folder}, with every key that anything is sealed with`);
  return contents;
}

/** A certificate that is not of the key would seal what nothing opens. */
function halves(contents: Contents, folder: string): Finding[] {
  const [key, certificate] = ['sealing.key', 'sealing.crt'].map((name) => Buffer.from(contents.get(name) ?? []));
  try {
    if (new X509Certificate(certificate ?? '').checkPrivateKey(createPrivateKey(key ?? ''))) return [];
  } catch {
    // The same as one of another key.
  }
  return [
    {
      where: path.join(folder, 'sealing.crt'),
      what: 'it is not the certificate of sealing.key',
      allowed: 'both halves of the key that secrets are sealed with',
      remedy: 'open the bundle again: npm run bundle -- open, into another folder',
    },
  ];
}

async function proveArchives(
  context: WayBackContext,
  { environment }: WayBackOptions,
  contents: Contents,
  say: (line: string) => void,
): Promise<void> {
  const { objectStores } = environmentInput(environment);
  const { told, findings } = await askArchives(context.platformOf(environment), (address) => {
    const [, bucket = '', folder = ''] = /^s3:\/\/([^/]+)\/(.+)$/.exec(address) ?? [];
    const name = Object.keys(objectStores).find((each) => objectStores[each]?.bucket === bucket) ?? '';
    return listed(clientOf(context, environment, name, contents), `${folder}/`);
  });
  if (findings.length > 0) throw new InputError(findings);
  for (const line of told) say(line);
}

async function fetchSnapshot(
  context: WayBackContext,
  { environment, snapshot = '', out }: WayBackOptions,
  contents: Contents,
  say: (line: string) => void,
): Promise<void> {
  const { k3s } = environmentInput(environment);
  if (!k3s?.snapshots) throw noSnapshots(environment, 'it keeps no snapshots in a bucket');
  const client = clientOf(context, environment, k3s.snapshots.store, contents);
  // What K3s says about each lies beside them, in a folder that begins with a dot.
  const all = (await listed(client, `${snapshotFolder}/`))
    .map((each) => ({ ...each, name: each.key.slice(snapshotFolder.length + 1) }))
    .filter(({ name }) => name !== '' && !name.includes('/'))
    .sort((a, b) => b.modified.getTime() - a.modified.getTime());
  const [newest] = all;
  if (newest === undefined) throw noSnapshots(environment, `${client.place.bucket} has none in ${snapshotFolder}/`);
  const chosen = snapshot === 'latest' ? newest : all.find(({ name }) => name === snapshot);
  const names = all.map(({ name }) => name).filter((name) => name !== chosen?.name);
  if (chosen === undefined) {
    throw new InputError({
      where: '--snapshot',
      what: `there is no ${snapshot} in ${client.place.bucket}/${snapshotFolder}`,
      allowed: ['latest', ...names.slice(0, 5)].join(', '),
      remedy: 'name one of these',
    });
  }
  const answer = await client.ask('GET', { key: chosen.key });
  if (answer.code !== undefined) throw refusalOf(client.place, answer);
  const token = Buffer.from(contents.get('k3s/token') ?? []).toString();
  const bytes = provenSnapshot(chosen.name, Buffer.from(answer.body), token, names.slice(0, 5));
  if (out !== undefined) {
    fs.writeFileSync(out, bytes, { mode: 0o600 });
    fs.writeFileSync(`${out}.name`, chosen.name, { mode: 0o600 });
  }
  say(`the snapshot ${chosen.name} of ${chosen.modified.toISOString()} is whole, and of this cluster`);
}

function noSnapshots(environment: string, what: string): InputError {
  return new InputError({
    where: `config/environments/${environment}.ts: k3s.snapshots`,
    what,
    allowed: 'a bucket with snapshots of etcd',
    remedy: 'restore without --snapshot: the cluster is begun anew, and Argo CD brings back what is committed',
  });
}

function clientOf({ env }: WayBackContext, environment: string, name: string, contents: Contents): BucketClient {
  const { objectStores } = environmentInput(environment);
  const { endpoint = '', region = '', bucket = '' } = objectStores[name] ?? {};
  const place = { endpoint: env.AWS_ENDPOINT_URL_S3 ?? endpoint, region, bucket };
  const remedy = `write a pair for ${bucket} into the folder of secrets, tokens/${name}/AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or export both variables`;
  return new BucketClient(place, ofFolder(name, contents) ?? keysOf(env, remedy), patienceMilliseconds);
}

function ofFolder(name: string, contents: Contents): BucketKeys | undefined {
  const [accessKeyId, secretAccessKey] = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'].map((key) =>
    Buffer.from(contents.get(`tokens/${name}/${key}`) ?? [])
      .toString()
      .trim(),
  );
  return accessKeyId && secretAccessKey ? { accessKeyId, secretAccessKey } : undefined;
}
