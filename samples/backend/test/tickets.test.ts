import assert from 'node:assert/strict';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { isNtlm, KeytabTickets, NotAccepted } from '../src/auth/tickets.js';
import { startApplication } from './support/application.js';
import type { Running } from './support/application.js';
import { withoutRedis } from './support/redis-server.js';

/** Takes the place of the library: a token is a name, good for once; `broken` fails, `long` wants a second step. */
class Library {
  contexts = 0;
  private readonly seen = new Set<string>();

  begin = async (service: string) => {
    assert.equal(service, 'HTTP');
    this.contexts += 1;
    let principal = '';
    return {
      get username() {
        return principal;
      },
      response: 'YW5zd2Vy',
      get contextComplete() {
        return principal !== 'long';
      },
      step: async (token: string) => {
        if (this.seen.has(token)) throw new Error('Request is a replay');
        this.seen.add(token);
        principal = Buffer.from(token, 'base64').toString().split('#')[0] ?? '';
        if (principal === 'broken') throw new Error('Unspecified GSS failure');
      },
    };
  };
}

let tickets = 0;
const ticket = (principal: string): string =>
  `Negotiate ${Buffer.from(`${principal}#${(tickets += 1)}`).toString('base64')}`;
/** The first message of NTLM, as browsers send it: by itself, and in SPNEGO. */
const ntlm = Buffer.concat([Buffer.from('NTLMSSP\0'), Buffer.from([1, 0, 0, 0, 7, 130, 8, 162])]);
const wrapped = Buffer.concat([
  Buffer.from('604006062b0601050502a0363034a00e300c060a2b06010401823702020aa2220420', 'hex'),
  ntlm,
]);

const people = {
  anna: { password: 'right', groups: ['shop-editors'] },
  lena: { password: 'right', attributes: { 'msDS-User-Account-Control-Computed': '16' } },
  emil: { password: 'right', attributes: { accountExpires: '132000000000000000' } },
  dora: { password: 'right', attributes: { userAccountControl: '514' } },
};

describe('signing in with a ticket', { skip: withoutRedis }, () => {
  const library = new Library();
  let running: Running;
  let port = 0;
  before(async () => {
    running = await startApplication(people, { tickets: new KeytabTickets(library.begin) });
    await running.application.listen(0, '127.0.0.1');
    port = (running.application.getHttpServer().address() as AddressInfo).port;
  });
  after(() => running.stop());

  const negotiate = (authorization?: string) =>
    running.application.inject({ url: '/auth/negotiate', headers: authorization ? { authorization } : {} });
  const lastOutcome = (): unknown => running.lines.findLast(({ event }) => event === 'sign-in')?.outcome;

  test('is offered to who sends none, and the form is named', async () => {
    const response = await negotiate();
    assert.equal(response.statusCode, 401);
    assert.equal(response.headers['www-authenticate'], 'Negotiate');
    assert.equal(response.json<{ signIn: string }>().signIn, '/auth/login');
  });

  test('gives a session, and the browser its proof of the server', async () => {
    const response = await negotiate(ticket('anna@AD.EXAMPLE.COM'));
    assert.equal(response.statusCode, 200);
    assert.equal(response.headers['www-authenticate'], 'Negotiate YW5zd2Vy');
    assert.match(String(response.headers['set-cookie']), /^__Host-session=/);
    assert.deepEqual(response.json<{ roles: string[] }>().roles, ['reader', 'editor']);
  });

  for (const [name, token] of [
    ['an NTLM token', ntlm],
    ['an NTLM token inside of SPNEGO', wrapped],
  ] as const) {
    test(`answers ${name} with 401 and the form, asks for no other one, and gives it to no library`, async () => {
      const before = library.contexts;
      const response = await negotiate(`Negotiate ${token.toString('base64')}`);
      assert.equal(response.statusCode, 401);
      assert.equal(response.headers['www-authenticate'], undefined);
      assert.equal(response.json<{ signIn: string }>().signIn, '/auth/login');
      assert.equal(lastOutcome(), 'NTLM token');
      assert.equal(library.contexts, before);
    });
  }

  test('answers a ticket that the library refuses with 401, and the reason is in the log', async () => {
    assert.equal((await negotiate(ticket('broken'))).statusCode, 401);
    assert.equal(lastOutcome(), 'ticket refused: Unspecified GSS failure');
  });

  test('takes no way of more than one step: the next request may be of somebody else', async () => {
    assert.equal((await negotiate(ticket('long'))).statusCode, 401);
  });

  test('refuses another realm', async () => {
    assert.equal((await negotiate(ticket('anna@OTHER.EXAMPLE.COM'))).statusCode, 401);
    assert.equal(lastOutcome(), 'another realm');
  });

  for (const [name, reason] of [
    ['lena', 'locked'],
    ['emil', 'account expired'],
    ['dora', 'disabled'],
  ] as const) {
    test(`refuses an account that is ${reason}, whose ticket is still good`, async () => {
      assert.equal((await negotiate(ticket(`${name}@AD.EXAMPLE.COM`))).statusCode, 401);
      assert.equal(lastOutcome(), reason);
    });
  }

  test('takes one as large as Active Directory makes them for who is in many groups', async () => {
    // 48,000 bytes, in base64; Node.js itself stops at 16 KiB.
    const name = `${'x'.repeat(48_000)}@OTHER.EXAMPLE.COM`;
    const { status } = await fetch(`http://127.0.0.1:${port}/auth/negotiate`, {
      headers: { authorization: ticket(name) },
    });
    assert.equal(status, 401);
    assert.equal(lastOutcome(), 'another realm');
  });

  test('counts for all fields of a question, which a ticket that is good for once is shown with', async () => {
    const response = await running.application.inject({
      method: 'POST',
      url: '/graphql',
      headers: { authorization: ticket('anna@AD.EXAMPLE.COM') },
      payload: { query: '{ one: product(id: 1) { name } two: product(id: 2) { name } }' },
    });
    assert.deepEqual(response.json<{ data: object }>().data, { one: { name: 'Hinge' }, two: { name: 'Panel' } });
  });

  test('counts for one request: the next one on the same connection is nobody', async () => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const ask = (headers: Record<string, string>) =>
      new Promise<{ readonly status?: number | undefined; readonly reused: boolean; readonly text: string }>(
        (resolve, reject) => {
          const request = http.get({ port, path: '/auth/me', agent, headers }, (response) => {
            let text = '';
            response.on('data', (chunk: Buffer) => (text += chunk.toString()));
            response.on('end', () => resolve({ status: response.statusCode, reused: request.reusedSocket, text }));
          });
          request.on('error', reject);
        },
      );
    const first = await ask({ authorization: ticket('anna@AD.EXAMPLE.COM') });
    const second = await ask({});
    agent.destroy();
    assert.equal(first.status, 200);
    assert.equal(second.reused, true, 'it has to be the same connection');
    assert.equal(second.status, 401);
    assert.doesNotMatch(second.text, /anna/);
  });
});

test('without a keytab no ticket is offered', { skip: withoutRedis }, async () => {
  const running = await startApplication(people);
  const response = await running.application.inject({ url: '/auth/negotiate' });
  assert.equal(response.statusCode, 401);
  assert.equal(response.headers['www-authenticate'], undefined);
  await running.stop();
});

test('a token of nothing is refused before the library sees it', async () => {
  await assert.rejects(new KeytabTickets(() => assert.fail('asked')).accept('='), NotAccepted);
});

test('the signature of NTLM is found at the beginning, and not in the depth of a ticket', () => {
  assert.equal(isNtlm(ntlm), true);
  assert.equal(isNtlm(Buffer.concat([Buffer.alloc(1000), ntlm])), false);
});
