import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { bundlesFile } from '../../config/bundles.ts';
import { environmentInput } from '../../config/index.ts';
import { upstream } from '../../config/upstream.ts';
import { InputError } from '../../constructs/core/error.ts';
import { runCommand } from '../../synth/command.ts';
import type { Output } from '../../synth/command.ts';
import { BucketClient, keysOf } from '../object-storage/bucket-client.ts';
import { clusterContents } from './cluster.ts';
import type { Kubectl } from './cluster.ts';
import { filesOf, folderOf } from './contents.ts';
import { help, parseOptions } from './options.ts';
import type { BundleOptions } from './options.ts';
import { readRecords, recordFindings, recordOf, staleFindings, writeRecord } from './record.ts';
import { keysInUse, sealingKeysOf } from './sealed.ts';
import { checkEnvironment, open, seal, sumOf } from './sealed-file.ts';
import type { Opened } from './sealed-file.ts';
import { bundleBucket, get, newestKey, put } from './store.ts';
import { envelopeText, readmeText } from './texts.ts';

/** What the command takes from the world. */
export interface BundleContext {
  /** Of the repository. */
  readonly root: string;
  readonly now: Date;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly kubectl: Kubectl;
}

/** Runs `npm run bundle`. @returns the exit code: 0 done, 1 refused or not as it should be, 2 called wrongly */
export function bundleCommand(
  context: BundleContext,
  args: readonly string[],
  output: Output = process,
): Promise<number> {
  return runCommand(
    help,
    async () => {
      const options = parseOptions(args);
      if (options === undefined) return 'help';
      const say = (line: string): void => void output.stdout.write(`${line}\n`);
      await run(context, options, say);
      return 0;
    },
    output,
    'what was there before is as it was',
  );
}

async function run(context: BundleContext, options: BundleOptions, say: (line: string) => void): Promise<void> {
  switch (options.verb) {
    case 'record':
      record(context, say);
      return;
    case 'envelope':
      return envelope(context, options, say);
    case 'make':
      return make(context, options, say);
    case 'check':
      return check(context, options, say);
    case 'open':
      return openIt(context, options, say);
  }
}

function record({ root }: BundleContext, say: (line: string) => void): void {
  const findings = recordFindings(root);
  if (findings.length > 0) throw new InputError(findings);
  const all = Object.values(readRecords(root)).filter(({ bundle }) => bundle !== undefined).length;
  say(`${all} disaster bundles are written down, each with every key in use`);
}

function clientOf({ root, env }: BundleContext, { environment, store }: BundleOptions): BucketClient {
  environmentInput(environment);
  const bucket = bundleBucket(root, environment, store);
  return new BucketClient({ ...bucket, endpoint: env.AWS_ENDPOINT_URL_S3 ?? bucket.endpoint }, keysOf(env));
}

async function envelope(context: BundleContext, options: BundleOptions, say: (line: string) => void): Promise<void> {
  const { root, now, env } = context;
  const { environment, out = '', replace } = options;
  const client = clientOf(context, options);
  if (readRecords(root)[environment] !== undefined && !replace) {
    throw new InputError({
      where: `${bundlesFile}: ${environment}`,
      what: 'there is an envelope of it',
      allowed: 'one envelope: an older one opens no bundle that is made for a newer',
      remedy: 'keep it, or where it is lost or somebody has seen it, add --replace and make a new bundle',
    });
  }
  const identity = await generateX25519Identity();
  const recipient = await identityToRecipient(identity);
  const text = envelopeText({ environment, identity, recipient, client, keys: keysOf(env), made: now });
  writeNew(out, text, '--out');
  writeRecord(root, environment, { recipient });
  say(`${out}: print it twice, and then remove it: shred -u ${out}`);
  say(`written to ${bundlesFile}; next: npm run bundle -- make ${environment}`);
}

async function make(context: BundleContext, options: BundleOptions, say: (line: string) => void): Promise<void> {
  const { root, now, env, kubectl } = context;
  const { environment, withoutCluster } = options;
  const client = clientOf(context, options);
  const { recipient } = recordOf(root, environment);
  const { contents: own, missing } = filesOf(environment, folderOf(environment, env));
  const contents = new Map([...own, ...(withoutCluster ? [] : await clusterContents(environment, kubectl))]);
  const sealing = sealingKeysOf(contents);
  const stale = staleFindings(root, environment, sealing, 'what was collected');
  if (stale.length > 0) {
    throw new InputError(stale.map((finding) => ({ ...finding, remedy: 'bring that key back into the folder' })));
  }
  const about = { environment, made: now.toISOString(), sealing, versions: versionsOf(root) };
  const bundle = await seal(contents, about, readmeText(environment), recipient);
  await put(client, environment, now, bundle);
  writeRecord(root, environment, {
    recipient,
    bundle: { made: now.toISOString().slice(0, 10), sha256: sumOf(bundle), sealing },
  });
  for (const { path: file, purpose } of missing) say(`not in it: ${file} (${purpose})`);
  if (withoutCluster) say('not in it: what only the cluster has; make another one once there is one');
  say(`${contents.size} files, ${bundle.length} bytes in ${client.place.bucket}, read back; older ones stay`);
  say(`written to ${bundlesFile}: commit it`);
}

async function check(context: BundleContext, options: BundleOptions, say: (line: string) => void): Promise<void> {
  const { root } = context;
  const { environment, identity } = options;
  const { bundle } = recordOf(root, environment);
  const bytes = await fetched(context, options);
  const findings = [
    ...unrecorded(bytes, bundle?.sha256, environment),
    ...staleFindings(root, environment, bundle?.sealing ?? [], `${bundlesFile}: ${environment}`),
  ];
  if (findings.length > 0) throw new InputError(findings);
  if (identity !== undefined) await opened(bytes, options);
  const how = identity === undefined ? 'not opened, for want of --identity' : 'opened, and whole';
  say(`the bundle of ${bundle?.made ?? ''} is there, with every key in use; ${how}`);
}

async function openIt(context: BundleContext, options: BundleOptions, say: (line: string) => void): Promise<void> {
  const { root, env } = context;
  const { environment, anyway } = options;
  const to = options.to ?? folderOf(environment, env);
  if (fs.existsSync(to)) throw inTheWay(to, '--to');
  const bytes = await fetched(context, options);
  const { index, contents } = await opened(bytes, options);
  const findings = [
    ...unrecorded(bytes, readRecords(root)[environment]?.bundle?.sha256, environment),
    ...staleFindings(root, environment, index.sealing, 'the bundle'),
  ];
  if (findings.length > 0 && !anyway) {
    throw new InputError(
      findings.map((each) => ({ ...each, remedy: `${each.remedy}; or, where there is no other one, add --anyway` })),
    );
  }
  // All of it beside, then at once: nobody finds a half.
  const beside = `${to}.new`;
  fs.rmSync(beside, { recursive: true, force: true });
  for (const [name, content] of contents) {
    const file = path.join(beside, name);
    if (!file.startsWith(`${beside}${path.sep}`)) throw inTheWay(name, 'the bundle');
    fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    fs.writeFileSync(file, content, { mode: 0o600, flag: 'wx' });
  }
  fs.renameSync(beside, to);
  say(`${contents.size} files of ${index.made} in ${to}, each as it was put in`);
  const unknown = keysInUse(root, environment).length === 0 ? ' (nothing is sealed here)' : '';
  say(`sealed values open with ${index.sealing.join(', ')}${unknown}`);
}

async function fetched(context: BundleContext, options: BundleOptions): Promise<Uint8Array> {
  if (options.file === undefined) return get(clientOf(context, options), newestKey(options.environment));
  environmentInput(options.environment);
  return readFile(options.file, '--file');
}

async function opened(bytes: Uint8Array, { identity = '', environment }: BundleOptions): Promise<Opened> {
  const text = new TextDecoder().decode(readFile(identity, '--identity'));
  const line = text.split('\n').find((each) => each.trim() !== '' && !each.startsWith('#')) ?? '';
  const found = await open(bytes, line.trim());
  checkEnvironment(found.index, environment);
  return found;
}

function unrecorded(bytes: Uint8Array, sha256: string | undefined, environment: string) {
  if (sumOf(bytes) === sha256) return [];
  return [
    {
      where: 'the bundle',
      what: sha256 === undefined ? 'none is written down' : 'it is not the one that is written down',
      allowed: `the one with the sha256 in ${bundlesFile}`,
      remedy: `see who made it, or make a new one by npm run bundle -- make ${environment}`,
    },
  ];
}

/** Of what it was made beside; the cluster's own are in git. */
function versionsOf(root: string): Record<string, string> {
  const pins = path.join(root, 'install/pins.env');
  const k3s = fs.existsSync(pins) ? /^K3S_VERSION='([^']+)'/m.exec(fs.readFileSync(pins, 'utf8'))?.[1] : undefined;
  const others = Object.entries(upstream).map(([name, { version }]) => [name, version] as const);
  return Object.fromEntries([...(k3s === undefined ? [] : [['k3s', k3s] as const]), ...others]);
}

function readFile(file: string, where: string): Uint8Array {
  try {
    return new Uint8Array(fs.readFileSync(file));
  } catch (error) {
    throw new InputError({
      where,
      what: `${file} can't be read: ${(error as NodeJS.ErrnoException).code ?? ''}`,
      allowed: 'a file that can be read',
      remedy: 'mend the path',
    });
  }
}

function writeNew(file: string, text: string, where: string): void {
  try {
    fs.writeFileSync(file, text, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw inTheWay(file, where);
    throw new InputError({
      where,
      what: `${file} can't be written: ${(error as NodeJS.ErrnoException).code ?? ''}`,
      allowed: 'a new file in a folder that can be written to',
      remedy: 'name another one',
    });
  }
}

function inTheWay(file: string, where: string): InputError {
  return new InputError({
    where,
    what: `${file} is there already, and is not overwritten`,
    allowed: 'a place where nothing is',
    remedy: 'name another one, or move that one away',
  });
}
