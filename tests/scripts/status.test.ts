import { PassThrough } from 'node:stream';
import { environmentInput } from '../../config/index.ts';
import type { EnvironmentInput } from '../../config/schema.ts';
import { InputError } from '../../constructs/core/error.ts';
import { statusCommand } from '../../scripts/status/command.ts';
import { TestStorage } from './object-storage.ts';

let storage: TestStorage;
beforeEach(async () => {
  storage = await TestStorage.start();
  storage.make('page');
});
afterEach(() => storage.stop());

const { objectStores, observability } = environmentInput('production');
const withPage: Pick<EnvironmentInput, 'objectStores' | 'observability'> = {
  objectStores: { ...objectStores, status: { ...objectStores.offsite!, bucket: 'page', public: true } },
  observability: { ...observability!, statusPage: { store: 'status' } },
};
const withoutPage = { objectStores, observability: { ...observability!, statusPage: undefined } };

interface Given {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: Pick<EnvironmentInput, 'objectStores' | 'observability'>;
}

async function status(args: readonly string[], { env = storage.env, input = withPage }: Given = {}) {
  const output = new PassThrough();
  const context = {
    env: { ...env, AWS_ENDPOINT_URL_S3: storage.endpoint },
    input: (name: string) => {
      if (name === 'production') return input;
      throw new InputError({
        where: 'config',
        what: `none called "${name}"`,
        allowed: 'production',
        remedy: 'name it',
      });
    },
    now: () => new Date('2026-12-01T02:03:04.567Z'),
  };
  const code = await statusCommand(context, args, { stdout: output, stderr: output });
  return { code, text: String(output.read() ?? '').replace(/\s+/g, ' ') };
}
const announcement = () => storage.buckets.get('page')!.versions.at(-1);

describe('npm run status', () => {
  test('puts words on the page, with their time, and says where they are read', async () => {
    const { code, text } = await status([' We move. "All" is back at 4. ']);
    expect(code).toBe(0);
    expect(text).toContain(`${storage.endpoint}/page/index.html`);
    expect(announcement()).toMatchObject({ key: 'announcement.json' });
    expect(JSON.parse(announcement()!.body.toString())).toEqual({
      written: '2026-12-01T02:03:04Z',
      text: 'We move. "All" is back at 4.',
    });
  });

  test('shows what stands there', async () => {
    expect((await status([])).text).toContain('nothing stands at');
    await status(['We move.']);
    expect(await status([])).toEqual({ code: 0, text: 'since 2026-12-01T02:03:04Z: We move. ' });
  });

  test('takes it away, also where nothing stands', async () => {
    expect((await status(['--clear'])).code).toBe(0);
    await status(['We move.']);
    expect((await status(['--clear'])).code).toBe(0);
    expect(JSON.parse(announcement()!.body.toString())).toEqual({ written: '2026-12-01T02:03:04Z', text: '' });
    expect(storage.asked.filter((each) => each.startsWith('DELETE'))).toEqual([]);
    expect((await status([])).text).toContain('nothing stands at');
  });

  const refusals: readonly [string, readonly string[], Parameters<typeof status>[1], string][] = [
    ['two texts', ['one', 'two'], {}, 'put it into quotes'],
    ['a text and its end', ['one', '--clear'], {}, 'a text, or --clear'],
    ['nothing to say', ['  '], {}, 'it has 0 characters'],
    ['what nobody reads to its end', ['x'.repeat(1001)], {}, 'it has 1001 characters'],
    ['an environment without a page', ['x'], { input: withoutPage }, 'there is no status page'],
    ['an environment that there is not', ['x', '--environment', 'no'], {}, 'none called "no"'],
    ['missing keys', ['x'], { env: {} }, 'AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY: they are not set'],
  ];
  test.each(refusals)('refuses %s', async (_, args, more, what) => {
    const { code, text } = await status(args, more);
    expect(code).toBeGreaterThan(0);
    expect(text).toContain(what);
    expect(storage.buckets.get('page')!.versions).toEqual([]);
  });

  const answers: readonly [string, readonly string[]][] = [
    ['PUT /page/announcement.json', ['x']],
    ['PUT /page/', ['--clear']],
    ['GET /page/announcement.json', []],
  ];
  test.each(answers)('says why %s is refused', async (begin, args) => {
    storage.refusing.set(begin, 'AccessDenied');
    const { code, text } = await status(args);
    expect([code, text]).toEqual([1, expect.stringContaining('these keys may not do that')]);
  });

  test('says that there is no bucket', async () => {
    storage.buckets.clear();
    expect((await status([])).text).toContain('there is no such bucket');
  });
});
