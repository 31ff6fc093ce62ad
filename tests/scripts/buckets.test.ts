import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { environmentInput } from '../../config/index.ts';
import { bucketsCommand } from '../../scripts/buckets/command.ts';
import { holdsLock, wantedBuckets } from '../../scripts/buckets/wanted.ts';
import { root } from '../support/committed.ts';
import { TestStorage } from './object-storage.ts';

let storage: TestStorage;
beforeEach(async () => (storage = await TestStorage.start()));
afterEach(() => storage.stop());

async function buckets(args: readonly string[], env: object = storage.env, patienceMilliseconds = 2000) {
  const output = new PassThrough();
  const before = storage.asked.length;
  const context = { root, patienceMilliseconds, env: { ...env, AWS_ENDPOINT_URL_S3: storage.endpoint } };
  const code = await bucketsCommand(context, args, { stdout: output, stderr: output });
  const text = String(output.read() ?? '').replace(/\s+/g, ' ');
  const changes = storage.asked.slice(before).filter((each) => !each.startsWith('GET ') && !trial.test(each));
  return { code, text, changes };
}

/** A file that it makes and deletes again, beside Terraform's states. */
const trial = /^(PUT|DELETE) \/[^/]+\/npm-run-buckets-[0-9a-f-]+\.tflock$/;
const nameOf = (name: string): string =>
  wantedBuckets(root, 'production').find((each) => each.name === name)?.bucket ?? '';
const days = (number: number, prefix = ''): string =>
  `<LifecycleConfiguration><Rule><Filter><Prefix>${prefix}</Prefix></Filter><NoncurrentVersionExpiration><NoncurrentDays>${number}</NoncurrentDays></NoncurrentVersionExpiration></Rule></LifecycleConfiguration>`;
const retention = (mode: string, number: number): string =>
  `<ObjectLockConfiguration><Rule><DefaultRetention><Mode>${mode}</Mode><Days>${number}</Days></DefaultRetention></Rule></ObjectLockConfiguration>`;

/** One that is as it should be, with something in it. */
async function full(name: string) {
  await buckets([name]);
  const bucket = storage.buckets.get(nameOf(name))!;
  bucket.versions.push({ key: 'backup', body: Buffer.from('x'), modified: new Date() });
  return bucket;
}

describe('npm run buckets', () => {
  test('makes a bucket whose versions are kept, and go when they are old', async () => {
    const { code, text } = await buckets(['backups']);
    expect(code).toBe(0);
    expect(text).toContain('old versions go after 30 days done, and read back');
    const { locked, settings } = storage.buckets.get(nameOf('backups'))!;
    expect(locked).toBe(false);
    expect(settings.get('versioning')).toContain('<Status>Enabled</Status>');
    expect(settings.get('lifecycle')).toContain('<NoncurrentDays>30</NoncurrentDays>');
  });

  test('locks the one that copies go to', async () => {
    await buckets(['offsite']);
    const { locked, settings } = storage.buckets.get(nameOf('offsite'))!;
    expect(locked).toBe(true);
    expect(settings.get('object-lock')).toContain('<Mode>COMPLIANCE</Mode><Days>30</Days>');
  });

  test("makes that of Terraform's state, of which old versions stay for a year", async () => {
    await buckets(['state']);
    expect(storage.buckets.get(nameOf('state'))?.settings.get('lifecycle')).toContain('<NoncurrentDays>365<');
  });

  test('changes nothing the second time', async () => {
    await buckets(['backups', 'offsite', 'state']);
    const { code, changes, text } = await buckets(['backups', 'offsite', 'state']);
    expect({ code, changes }).toEqual({ code: 0, changes: [] });
    expect(text).not.toContain('done');
  });

  test('goes on where it was interrupted', async () => {
    storage.refusing.set(`PUT /${nameOf('backups')}?lifecycle`, 'OperationAborted');
    expect((await buckets(['backups'])).code).toBe(1);
    storage.refusing.clear();
    expect(await buckets(['backups'])).toMatchObject({ code: 0, changes: [`PUT /${nameOf('backups')}?lifecycle=`] });
  });

  test('waits for a bucket that was just made to be known', async () => {
    storage.unknownTimes = 5;
    expect((await buckets(['backups'])).code).toBe(0);
  });

  test('only tells with --check', async () => {
    expect(await buckets(['backups', '--check'])).toMatchObject({ code: 1, changes: [] });
    await full('backups');
    expect(await buckets(['backups', '--check'])).toMatchObject({ code: 0, changes: [] });
    storage.buckets.get(nameOf('backups'))!.settings.delete('versioning');
    const { code, text } = await buckets(['backups', '--check']);
    expect(code).toBe(1);
    expect(text).toContain('every one is kept not so');
  });

  test('takes settings in the words of other services: rules without names, locks by years', async () => {
    const bucket = await full('state');
    bucket.settings.set('lifecycle', days(365));
    expect(await buckets(['state'])).toMatchObject({ code: 0, changes: [] });
  });

  test('shortens what is kept where that is asked for', async () => {
    const bucket = await full('backups');
    bucket.settings.set('lifecycle', days(90));
    const refused = await buckets(['backups']);
    expect(refused.text).toContain('old versions go after 30 days, which go after 90 now');
    expect(refused).toMatchObject({ code: 1, changes: [] });
    expect((await buckets(['backups', '--shorten'])).code).toBe(0);
  });

  test('says with which lock the days would be fewer', async () => {
    const bucket = await full('offsite');
    bucket.settings.set('object-lock', retention('COMPLIANCE', 90));
    expect((await buckets(['offsite'])).text).toContain('is locked for 30 days, and not for 90');
  });

  test('makes a lock that the owner may lift one that nobody may', async () => {
    const bucket = await full('offsite');
    bucket.settings.set('object-lock', retention('GOVERNANCE', 30));
    expect((await buckets(['offsite'])).code).toBe(0);
    expect(bucket.settings.get('object-lock')).toContain('COMPLIANCE');
  });

  const refusals: readonly [string, () => unknown, readonly string[], object | undefined, string][] = [
    ['no bucket at all', () => undefined, [], undefined, 'which bucket?'],
    ['a bucket of another name', () => undefined, ['backup'], undefined, 'there is none called "backup"'],
    [
      'an environment that there is not',
      () => undefined,
      ['state', '--environment', 'no'],
      undefined,
      'none called "no"',
    ],
    ['missing keys', () => undefined, ['backups'], {}, 'AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY: they are not set'],
    [
      'a missing second key',
      () => undefined,
      ['backups'],
      { AWS_ACCESS_KEY_ID: 'test' },
      'AWS_SECRET_ACCESS_KEY: it is not set',
    ],
    [
      'wrong keys, which are no missing bucket',
      () => undefined,
      ['backups'],
      { AWS_ACCESS_KEY_ID: 'other', AWS_SECRET_ACCESS_KEY: 'x' },
      'it takes no such keys (InvalidAccessKeyId)',
    ],
    [
      'a bucket of somebody else',
      () => storage.refusing.set('GET /', 'AccessDenied'),
      ['backups'],
      undefined,
      "the bucket is somebody else's",
    ],
    [
      'a rule of somebody else',
      async () => (await full('backups')).settings.set('lifecycle', days(30, 'theirs/')),
      ['backups', '--shorten'],
      undefined,
      'it has a rule of somebody else',
    ],
    [
      'to let old versions go that stay now',
      async () => (await full('backups')).settings.delete('lifecycle'),
      ['backups'],
      undefined,
      'old versions go after 30 days, which stay now',
    ],
    [
      'to lock a bucket that was made without',
      () => storage.make(nameOf('offsite')),
      ['offsite'],
      undefined,
      "it was made without object lock, which can't be added",
    ],
  ];
  test.each(refusals)('refuses %s', async (_, prepare, args, env, what) => {
    await prepare();
    const { code, text } = await buckets(args, env ?? storage.env);
    expect(code).toBeGreaterThan(0);
    expect(text).toContain(what);
  });

  test('refuses a name that somebody has', async () => {
    storage.refusing.set(`PUT /${nameOf('backups')}`, 'BucketAlreadyExists');
    expect((await buckets(['backups'])).text).toContain('somebody else has a bucket of that name');
  });

  test('does not believe what it set before it reads it', async () => {
    storage.forgets = true;
    expect((await buckets(['backups'], storage.env, 50)).text).toContain("the service still doesn't say so");
  });

  test('says that nobody answers', async () => {
    const context = {
      root,
      patienceMilliseconds: 50,
      env: { ...storage.env, AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:1' },
    };
    const output = new PassThrough();
    expect(await bucketsCommand(context, ['backups'], { stdout: output, stderr: output })).toBe(1);
    expect(String(output.read())).toContain('it could not be reached');
  });

  test('deletes nothing, whatever it is asked, but its trial of the lock', async () => {
    await full('backups');
    await buckets(['backups', 'offsite', 'state', '--shorten']);
    expect(storage.asked.filter((each) => each.startsWith('DELETE') && !trial.test(each))).toEqual([]);
  });

  test("tries the lock of Terraform's state there and nowhere else, and leaves no file of it", async () => {
    const { code, text } = await buckets(['backups', 'offsite', 'state']);
    expect(code).toBe(0);
    expect(text).toContain('lock file is made by one alone, and again after it tried');
    const tried = storage.asked.filter((each) => trial.test(each)).map((each) => each.split('/npm-')[0]);
    const state = nameOf('state');
    expect(tried).toEqual(['PUT', 'PUT', 'DELETE', 'PUT', 'DELETE'].map((method) => `${method} /${state}`));
    expect(storage.buckets.get(state)?.versions.at(-1)?.deleted).toBe(true);
    storage.asked.length = 0;
    expect((await buckets(['state', '--check'])).code).toBe(0);
    expect(storage.asked.some((each) => trial.test(each))).toBe(false);
  });

  // Seen of Ceph's gateway, versitygw and rustfs; of Incus; of B2.
  const unlocked: readonly [string, TestStorage['conditions'], string][] = [
    [
      'takes what was deleted for a file, so that nobody could lock a second time',
      'marks are files',
      'a file that was deleted is not made again where there is none (PreconditionFailed)',
    ],
    ['heeds no condition, so that two could lock at once', 'unheeded', 'it overwrites a file that is only to be made'],
    ['knows no condition', 'unknown', 'it makes no file that is only made where there is none (NotImplemented)'],
  ];
  test.each(unlocked)('refuses a service for the state that %s', async (_, conditions, what) => {
    storage.conditions = conditions;
    await buckets(['state']);
    // Also when the bucket is there already.
    const { code, text } = await buckets(['state']);
    expect([code, text]).toEqual([1, expect.stringContaining(what)]);
    expect(text).toContain('set use_lockfile = false in terraform/backend.tf and terraform/cloudflare/backend.tf');
    expect(storage.buckets.get(nameOf('state'))?.versions.at(-1)?.deleted).not.toBe(false);
    expect((await buckets(['backups'])).code).toBe(0);
  });

  test('says that keys may not write where it tries the lock', async () => {
    await buckets(['state']);
    storage.refusing.set(`PUT /${nameOf('state')}/npm-run-buckets-`, 'AccessDenied');
    expect((await buckets(['state'])).text).toContain('these keys may not do that');
  });
});

describe('the buckets that are wanted', () => {
  test('are those of the environment, and that of the state', () => {
    const names = Object.keys(environmentInput('production').objectStores);
    expect(wantedBuckets(root, 'production').map(({ name }) => name)).toEqual([...names, 'state']);
  });

  test.each([
    [true, false],
    [false, true],
    [false, false],
  ])('are tried for a lock where a state is locked by a file: %s, %s', (machines, names) => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-buckets-'));
    fs.mkdirSync(path.join(folder, 'terraform/cloudflare'), { recursive: true });
    const copied = ['state.s3.tfbackend', 'backend.tf', 'cloudflare/backend.tf'];
    for (const [index, file] of copied.entries()) {
      const text = fs.readFileSync(path.join(root, 'terraform', file), 'utf8');
      const locks = [undefined, machines, names][index];
      const changed = text.replace(/(use_lockfile\s*=) true/, `$1 ${locks}`);
      fs.writeFileSync(path.join(folder, 'terraform', file), changed);
    }
    const holding = wantedBuckets(folder, 'production').filter((each) => holdsLock(folder, each));
    expect(holding.map(({ name }) => name)).toEqual(machines || names ? ['state'] : []);
    fs.rmSync(folder, { recursive: true });
  });

  test('are refused where the state says no place', () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-buckets-'));
    fs.mkdirSync(path.join(folder, 'terraform'));
    fs.writeFileSync(path.join(folder, 'terraform/state.s3.tfbackend'), 'bucket = "mine"\n');
    expect(() => wantedBuckets(folder, 'production')).toThrow('it has no region, no endpoint');
    fs.rmSync(folder, { recursive: true });
  });
});
