import { InputError } from '../../constructs/core/error.ts';
import { makePublic } from '../../scripts/buckets/public.ts';
import { BucketClient } from '../../scripts/object-storage/bucket-client.ts';
import { TestStorage } from './object-storage.ts';

let storage: TestStorage;
beforeEach(async () => (storage = await TestStorage.start()));
afterEach(() => storage.stop());

const bucket = 'page';
const options = { check: false, shorten: false, lock: false, patienceMilliseconds: 50 };
const make = (changes: Partial<typeof options> = {}) =>
  makePublic(
    new BucketClient(
      { endpoint: storage.endpoint, region: 'test', bucket },
      { accessKeyId: 'test', secretAccessKey: 'x' },
    ),
    { ...options, ...changes },
  );
const states = async (changes?: Partial<typeof options>) => (await make(changes)).map(({ state }) => state);

describe('a bucket that everybody may read', () => {
  test('is so by a policy that lets nobody list or write, and a file of it is read without keys', async () => {
    const { settings, versions } = storage.make(bucket);
    expect(await states()).toEqual(['done', 'tried']);
    expect(JSON.parse(settings.get('policy')!)).toMatchObject({
      Statement: [{ Effect: 'Allow', Principal: '*', Action: ['s3:GetObject'], Resource: ['arn:aws:s3:::page/*'] }],
    });
    expect(versions.at(-1)).toMatchObject({ deleted: true });
  });

  test('is left as it was the second time, also where the service writes the policy in its own way', async () => {
    const { settings } = storage.make(bucket);
    await make();
    expect(await states()).toEqual(['as it was', 'tried']);
    settings.set(
      'policy',
      '{ "Statement": [ { "Sid": "everybody-reads", "Effect": "Allow", "Principal": { "AWS": ["*"] }, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::page/*" } ] }',
    );
    expect(await states({ check: true })).toEqual(['as it was']);
  });

  test('is so by an access list where the service has no policies, as B2', async () => {
    const { settings } = storage.make(bucket);
    storage.refusing.set(`GET /${bucket}?policy`, 'NotImplemented');
    expect(await states({ check: true })).toEqual(['missing']);
    expect(await states()).toEqual(['done', 'tried']);
    expect(settings.get('acl')).toContain('AllUsers');
    expect(await states()).toEqual(['as it was', 'tried']);
  });

  test('is so by an access list where only setting a policy is refused', async () => {
    storage.make(bucket);
    storage.refusing.set(`PUT /${bucket}?policy`, 'NotImplemented');
    expect(await states()).toEqual(['done', 'tried']);
  });

  test('is only told of with check', async () => {
    storage.make(bucket);
    expect(await states({ check: true })).toEqual(['missing']);
    expect(storage.asked.filter((each) => !each.startsWith('GET '))).toEqual([]);
  });

  const refusals: readonly [string, () => void, string][] = [
    [
      'a policy of somebody else',
      () => storage.buckets.get(bucket)!.settings.set('policy', '{"Statement":[{"Effect":"Allow","Principal":"*"}]}'),
      'it has a policy of somebody else',
    ],
    [
      'a bucket that nobody can read all the same',
      () => (storage.forgets = true),
      'a file in it is answered 403 without keys',
    ],
    [
      'keys that may set neither',
      () => {
        storage.refusing.set(`GET /${bucket}?policy`, 'AccessDenied');
        storage.refusing.set(`PUT /${bucket}?acl`, 'AccessDenied');
      },
      'these keys may not do that',
    ],
    [
      'keys that may not write',
      () => storage.refusing.set(`PUT /${bucket}/`, 'AccessDenied'),
      'these keys may not do that',
    ],
    ['a service that is out of order', () => storage.refusing.set(`GET /${bucket}?policy`, 'x'), 'it refused (x'],
  ];
  test.each(refusals)('is refused for %s', async (_, prepare, what) => {
    storage.make(bucket);
    prepare();
    const told = await make().then(
      () => 'nothing',
      (error: unknown) => (error instanceof InputError ? error.message : 'another error'),
    );
    expect(told.replace(/\s+/g, ' ')).toContain(what);
  });
});
