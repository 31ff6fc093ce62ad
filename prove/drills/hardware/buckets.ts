import { PassThrough } from 'node:stream';
import { bucketsCommand } from '../../../scripts/buckets/command.ts';
import { trialPrefix } from '../../../scripts/buckets/lock.ts';
import { wantedBuckets } from '../../../scripts/buckets/wanted.ts';
import { textOf } from '../../../scripts/object-storage/bucket-client.ts';
import { ProvingError } from '../../machine/error.ts';
import type { Part } from '../../results/index.ts';
import type { Asked } from '../../stand-ins/object-storage/habits.ts';
import type { LocalStorage } from '../../stand-ins/object-storage/local.ts';
import { Checks } from './checks.ts';

type Keys = Readonly<Record<string, string>>;

/** What a run of the command said and did. */
interface Said {
  readonly code: number;
  readonly text: string;
  readonly asked: readonly Asked[];
}

export interface BucketsGround {
  readonly storage: LocalStorage;
  /** The second provider's, which has the bucket `offsite`. */
  readonly offsite: LocalStorage;
  readonly root: string;
  readonly environment: string;
}

/** Makes the bucket of the state, as terraform/README.md says. @returns its name. @throws ProvingError */
export async function makeStateBucket(ground: BucketsGround): Promise<string> {
  const { code, text } = await buckets(ground, ['state']);
  if (code !== 0) throw new ProvingError(`npm run buckets -- state: exit code ${code}\n${text}`);
  return nameOf(ground, 'state');
}

/** Buckets from nothing, at a provider with habits: made, made again, interrupted, and what is refused. */
export async function bucketsOf(ground: BucketsGround, report: (line: string) => void): Promise<Part> {
  const checks = new Checks();
  const { storage } = ground;
  const all = ['backups', 'offsite', 'state'];
  const refused = (what: string, { code, text, asked }: Said, because: string): void => {
    checks.says(what, `exit code ${code}: ${text}`, because);
    checks.same(`${what}: what it changed`, changes(asked), 'nothing');
  };

  report('buckets that are not there');
  refused('buckets --check before', await buckets(ground, [...all, '--check']), 'is there not so');
  const stranger = { AWS_ACCESS_KEY_ID: 'nobody', AWS_SECRET_ACCESS_KEY: 'nobody' };
  refused('buckets with wrong keys', await buckets(ground, all, stranger), 'it takes no such keys');

  report('making buckets, and an interruption');
  storage.habits.failing.add('lifecycle');
  const interrupted = await buckets(ground, ['state']);
  checks.says('buckets while a setting fails', `exit code ${interrupted.code}`, 'exit code 1');
  storage.habits.failing.clear();
  const made = await buckets(ground, all);
  checks.same('buckets after it', made.code === 0 ? 'done' : made.text, 'done');
  const again = await buckets(ground, all);
  checks.same('buckets again changes', changes(again.asked), 'nothing');
  checks.same('buckets again says', again.text.includes('done') ? again.text : 'all as it was', 'all as it was');
  for (const name of all) checks.same(`settings of ${name}`, await settings(ground, name), wanted(name));

  report('what is locked, and what would be lost');
  const offsite = ground.offsite.client(nameOf(ground, 'offsite'));
  await offsite.ask('PUT', { key: 'locked', body: 'copy' });
  const version = await newest(ground, 'offsite');
  const gone = await offsite.ask('DELETE', { key: 'locked', query: { versionId: version } });
  checks.same(
    'deleting a version of what is locked',
    gone.status === 403 || gone.status === 409 ? 'refused' : String(gone.status),
    'refused',
  );
  const backups = storage.client(nameOf(ground, 'backups'));
  for (const body of ['first', 'second']) await backups.ask('PUT', { key: 'kept', body });
  await backups.ask('PUT', { query: { lifecycle: '' }, body: rule('<Prefix></Prefix>', 365) });
  refused(
    'buckets where old versions would go sooner',
    await buckets(ground, ['backups']),
    'old versions go after 30 days',
  );
  const shortened = await buckets(ground, ['backups', '--shorten']);
  checks.same('the same with --shorten', shortened.code === 0 ? 'done' : shortened.text, 'done');
  await backups.ask('PUT', { query: { lifecycle: '' }, body: rule('<Prefix>theirs/</Prefix>', 30) });
  refused(
    'buckets with a rule of somebody else',
    await buckets(ground, ['backups', '--shorten']),
    'a rule of somebody else',
  );
  return { figures: {}, checks: checks.all };
}

/** The habits themselves, which whatever is drilled on it has to live with. */
export async function habitsOf({ storage, environment, root }: BucketsGround): Promise<Part> {
  const checks = new Checks();
  const client = storage.client(nameOf({ environment, root }, 'backups'));
  const put = await client.ask('PUT', { key: 'condition', body: 'one' });
  const etag = put.headers.get('etag') ?? '';
  const write = async (headers: Readonly<Record<string, string>>) =>
    String((await client.ask('PUT', { key: 'condition', body: 'two', headers })).status);
  checks.same('writing where something is, if nothing is', await write({ 'if-none-match': '*' }), '412');
  checks.same('writing by an ETag in quotes', await write({ 'if-match': `"${etag.replaceAll('"', '')}"` }), '412');
  checks.same('writing by the ETag without', await write({ 'if-match': etag.replaceAll('"', '') }), '200');
  const tags = await client.ask('GET', { key: 'condition', query: { tagging: '' } });
  checks.same('asking for tags', tags.code ?? 'done', 'NotImplemented');
  const copied = await client.ask('PUT', {
    key: 'copy',
    headers: { 'x-amz-copy-source': `/${client.place.bucket}/condition` },
  });
  checks.same('copying', copied.code ?? 'done', 'InternalError');
  return { figures: {}, checks: checks.all };
}

/** One run for each provider, as their keys are others. */
async function buckets(ground: BucketsGround, args: readonly string[], keys?: Keys): Promise<Said> {
  const options = args.filter((each) => each.startsWith('--'));
  const stores = args.filter((each) => !each.startsWith('--'));
  const said: Said[] = [];
  for (const provider of [ground.storage, ground.offsite]) {
    const here = stores.filter((name) => storageOf(ground, name) === provider);
    if (here.length > 0) said.push(await bucketsAt(provider, ground, [...here, ...options], keys));
  }
  return {
    code: Math.max(...said.map(({ code }) => code)),
    text: said.map(({ text }) => text).join(' '),
    asked: said.flatMap(({ asked }) => asked),
  };
}

async function bucketsAt(
  storage: LocalStorage,
  { root, environment }: BucketsGround,
  args: readonly string[],
  keys: Keys = storage.environment(),
): Promise<Said> {
  const output = new PassThrough();
  const before = storage.habits.asked.length;
  const context = { root, env: { ...keys, AWS_ENDPOINT_URL_S3: storage.endpoint }, patienceMilliseconds: 10_000 };
  const code = await bucketsCommand(context, [...args, '--environment', environment], {
    stdout: output,
    stderr: output,
  });
  const text = String(output.read() ?? '').replace(/\s+/g, ' ');
  return { code, text, asked: storage.habits.asked.slice(before) };
}

function storageOf({ storage, offsite }: BucketsGround, name: string): LocalStorage {
  return name === 'offsite' ? offsite : storage;
}

/** But for the file by which it tries the lock, which it deletes again. */
function changes(asked: readonly Asked[]): string {
  const changing = asked.filter(({ method, path }) => method !== 'GET' && !path.includes(`/${trialPrefix}`));
  return changing.map(({ method, path }) => `${method} ${path}`).join(', ') || 'nothing';
}

function nameOf({ root, environment }: Pick<BucketsGround, 'root' | 'environment'>, name: string): string {
  return wantedBuckets(root, environment).find((each) => each.name === name)?.bucket ?? '';
}

const wanted = (name: string): string =>
  ({
    backups: 'versions kept, old ones for 30 days, no lock',
    offsite: 'versions kept, old ones for 30 days, locked for 30 days',
    state: 'versions kept, old ones for 365 days, no lock',
  })[name] ?? '';

/** As the bucket itself tells. */
async function settings(ground: BucketsGround, name: string): Promise<string> {
  const client = storageOf(ground, name).client(nameOf(ground, name));
  const read = async (query: string) => textOf((await client.ask('GET', { query: { [query]: '' } })).body);
  const kept = (await read('versioning')).includes('<Status>Enabled</Status>') ? 'kept' : 'not kept';
  const days = /<NoncurrentDays>(\d+)</.exec(await read('lifecycle'))?.[1] ?? 'no';
  const lock = await read('object-lock');
  const locked = lock.includes('<Mode>COMPLIANCE</Mode>') ? /<Days>(\d+)</.exec(lock)?.[1] : undefined;
  return `versions ${kept}, old ones for ${days} days, ${locked === undefined ? 'no lock' : `locked for ${locked} days`}`;
}

async function newest(ground: BucketsGround, name: string): Promise<string> {
  const listed = await storageOf(ground, name)
    .client(nameOf(ground, name))
    .ask('GET', { query: { versions: '' } });
  return /<VersionId>([^<]+)</.exec(textOf(listed.body))?.[1] ?? '';
}

function rule(prefix: string, days: number): string {
  const expiry = `<NoncurrentVersionExpiration><NoncurrentDays>${days}</NoncurrentDays></NoncurrentVersionExpiration>`;
  return `<LifecycleConfiguration><Rule><ID>theirs</ID><Filter>${prefix}</Filter><Status>Enabled</Status>${expiry}</Rule></LifecycleConfiguration>`;
}
