import { Cloudflare } from '../../../prove/stand-ins/cloudflare/index.ts';

let cloudflare: Cloudflare;
beforeEach(async () => (cloudflare = await Cloudflare.start()));
afterEach(() => cloudflare.stop());

async function call(method: string, path = '', body?: object, token = cloudflare.token, zone = cloudflare.zone) {
  const response = await fetch(`${cloudflare.endpoint}/zones/${zone}/dns_records${path}`, {
    method,
    headers: { authorization: `Bearer ${token}` },
    body: body && JSON.stringify(body),
  });
  const answer = (await response.json()) as { errors: { message: string }[]; result: { id: string } | null };
  return { status: response.status, error: answer.errors[0]?.message, id: answer.result?.id };
}

const record = { name: 'shop.example.com', type: 'A', content: '192.0.2.1', ttl: 300 };

describe("the stand-in for Cloudflare's API", () => {
  test('makes, shows, changes and deletes a record', async () => {
    const { id } = await call('POST', '', record);
    await call('PUT', `/${id}`, { ...record, content: '192.0.2.2' });
    expect(cloudflare.records.get(id!)).toMatchObject({ content: '192.0.2.2', proxied: false });
    await call('DELETE', `/${id}`);
    expect((await call('GET', `/${id}`)).error).toBe('Record does not exist.');
  });

  test('says what a record of its parts is as text', () => {
    const data = { flags: 0, tag: 'issue', value: 'letsencrypt.org' };
    expect(cloudflare.add({ name: 'example.com', type: 'CAA', data }).content).toBe('0 issue "letsencrypt.org"');
  });

  test('refuses another token, another zone, a twin, and a lifetime that is too short', async () => {
    await call('POST', '', record);
    const answers = [
      await call('POST', '', record, 'wrong'),
      await call('POST', '', record, cloudflare.token, 'f'.repeat(32)),
      await call('POST', '', record),
      await call('POST', '', { ...record, content: '192.0.2.3', ttl: 30 }),
    ];
    expect(answers.map(({ error }) => error)).toEqual([
      'Authentication error',
      'Could not route to that zone',
      'An identical record already exists.',
      'Invalid TTL. Must be between 60 and 86400 seconds, or 1 for Automatic.',
    ]);
  });
});
