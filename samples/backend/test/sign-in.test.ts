import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Attempts } from '../src/auth/attempts.js';
import { cookieOf, startApplication } from './support/application.js';
import type { Running } from './support/application.js';
import { dnOf } from './support/ldap-server.js';
import { startRedis, withoutRedis } from './support/redis-server.js';

const people = {
  anna: { password: 'right', groups: ['shop-editors'] },
  bert: { password: 'right too', groups: [] },
  lena: { password: 'right', refusedBy: '775' },
  emil: { password: 'right', refusedBy: '701' },
  olga: { password: 'right', refusedBy: '532' },
  petra: { password: 'right', refusedBy: '52f' },
  sven: { password: 'right', refusedBy: '418' },
  paul: { password: 'right', primaryGroup: 'shop-editors' },
  paula: { password: 'right', primaryGroup: 'Domain Users' },
};

describe('signing in with a password', { skip: withoutRedis }, () => {
  let running: Running;
  before(async () => {
    running = await startApplication(people, { groupsOf: { 'Domain Users': ['shop-editors'] } });
  });
  after(() => running.stop());

  /** What the log says of the last attempt. */
  const lastOutcome = (): unknown => running.lines.findLast(({ event }) => event === 'sign-in')?.outcome;

  test('gives a session with the roles of the groups', async () => {
    const response = await running.login('anna', 'right');
    assert.equal(response.statusCode, 200);
    assert.deepEqual(response.json(), { name: 'anna', displayName: 'Name of anna', roles: ['reader', 'editor'] });
    const me = await running.application.inject({ url: '/auth/me', headers: { cookie: cookieOf(response) } });
    assert.equal(me.json<{ name: string }>().name, 'anna');
  });

  for (const [name, group] of [
    ['paul', 'a group that is the primary one'],
    ['paula', 'a group that the primary one is in'],
  ] as const) {
    test(`gives the roles of ${group}, which has no such member written down`, async () => {
      const response = await running.login(name, 'right');
      assert.deepEqual(response.json<{ roles: string[] }>().roles, ['reader', 'editor']);
    });
  }

  test('sets a cookie for this host alone, which scripts cannot read', async () => {
    const response = await running.login('anna', 'right');
    assert.match(
      String(response.headers['set-cookie']),
      /^__Host-session=[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    );
  });

  test('refuses a wrong password after a right one: each password has a connection of its own', async () => {
    await running.login('bert', 'right too');
    assert.equal((await running.login('bert', 'wrong')).statusCode, 401);
    assert.equal((await running.login('bert', 'right too')).statusCode, 200);
    const ofPeople = running.ldap.binds.filter(({ dn }) => dn !== 'service');
    const all = running.ldap.binds.map(({ connection }) => connection);
    assert.equal(new Set(all).size, all.length, 'two binds on one connection');
    assert.ok(ofPeople.length >= 3);
  });

  test('refuses an empty password before anything is asked', async () => {
    const before = running.ldap.connections;
    const response = await running.login('anna', '');
    assert.equal(response.statusCode, 401);
    assert.equal(running.ldap.connections, before);
    assert.ok(running.ldap.binds.every(({ isEmpty }) => !isEmpty));
    assert.equal(lastOutcome(), 'empty password');
  });

  test('gives one answer for all who are refused, and the log the reason', async () => {
    const tries = [
      ['anna', 'wrong', 'wrong password'],
      ['lena', 'right', 'locked'],
      ['emil', 'right', 'account expired'],
      ['olga', 'right', 'password expired'],
      ['petra', 'right', 'not by password'],
      ['sven', 'right', 'refused with data 418'],
      ['nobody', 'right', 'unknown account'],
      ['a*', 'right', 'unknown account'],
    ] as const;
    const answers = new Set<string>();
    for (const [name, password, reason] of tries) {
      const response = await running.login(name, password);
      answers.add(JSON.stringify([response.statusCode, response.body, { ...response.headers, date: '' }]));
      assert.equal(lastOutcome(), reason, name);
    }
    assert.equal(answers.size, 1);
    assert.match([...answers][0] ?? '', /^\[401,/);
  });

  test('asks the directory about a password for nobody too, so that the time tells nothing', async () => {
    await running.login('nobody2', 'x');
    assert.equal(running.ldap.binds.at(-1)?.dn, dnOf('nobody').replace(',CN=Users', ''));
  });

  test('asks the directory the same of who is refused and of nobody: groups are searched for who was let in', async () => {
    const searched = async (name: string, password: string): Promise<number> => {
      const before = running.ldap.searches.length;
      await running.login(name, password);
      return running.ldap.searches.length - before;
    };
    assert.deepEqual([await searched('nobody3', 'x'), await searched('anna', 'x')], [1, 1]);
    assert.equal(await searched('anna', 'right'), 2);
  });

  test('takes user@realm for the user', async () => {
    assert.equal((await running.login('bert@ad.example.com', 'right too')).statusCode, 200);
    assert.equal((await running.login('bert@other.example.com', 'right too')).statusCode, 401);
  });

  test('a name with signs of a filter asks for nobody else', async () => {
    const before = running.ldap.searches.length;
    await running.login('anna)(objectClass=*', 'right');
    assert.equal(running.ldap.searches.length, before, 'it is no name, and nobody is asked');
    await running.login('(anna)', 'right');
    assert.equal(lastOutcome(), 'unknown account');
  });

  test('a broken body is refused without a word of what was in it', async () => {
    const response = await running.application.inject({
      method: 'POST',
      url: '/auth/login',
      payload: { username: 'anna', password: { $gt: 'secret-looking' } },
    });
    assert.equal(response.statusCode, 400);
    assert.doesNotMatch(response.body, /secret-looking/);
  });

  test('no password is ever in the log', () => {
    assert.doesNotMatch(running.text(), /right|wrong[^ ]|secret-looking/);
  });
});

describe('attempts to sign in', { skip: withoutRedis }, () => {
  let running: Running;
  before(async () => {
    running = await startApplication(people, { variables: { SIGN_IN_ATTEMPTS: '3', SIGN_IN_WINDOW_SECONDS: '60' } });
  });
  after(() => running.stop());

  test('are limited for each account, however it is written, and the directory is not asked any more', async () => {
    for (const name of ['anna', 'ANNA', 'anna@AD.EXAMPLE.COM']) {
      assert.equal((await running.login(name, 'wrong')).statusCode, 401, name);
    }
    const asked = running.ldap.binds.filter(({ dn }) => dn === dnOf('anna')).length;
    const response = await running.login('Anna', 'right');
    assert.equal(response.statusCode, 429);
    assert.ok(Number(response.headers['retry-after']) > 50);
    assert.equal(running.ldap.binds.filter(({ dn }) => dn === dnOf('anna')).length, asked);
  });

  test('of one account hinder no other one', async () => {
    assert.equal((await running.login('bert', 'right too')).statusCode, 200);
  });

  test('that come at once are no more than one after another', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => running.login('lena', 'wrong')));
    assert.equal(answers.filter(({ statusCode }) => statusCode === 401).length, 3);
    assert.equal(answers.filter(({ statusCode }) => statusCode === 429).length, 5);
  });

  test('are forgotten when one was right', async () => {
    for (let round = 0; round < 3; round += 1) {
      assert.equal((await running.login('bert', 'wrong')).statusCode, 401);
      assert.equal((await running.login('bert', 'right too')).statusCode, 200);
    }
  });

  test('to names that are nobody are limited the same, so that the limit tells nothing', async () => {
    const codes: number[] = [];
    for (let round = 0; round < 4; round += 1) codes.push((await running.login('ghost', 'x')).statusCode);
    assert.deepEqual(codes, [401, 401, 401, 429]);
  });
});

test('attempts are forgotten a while after the last one, as the directory does', { skip: withoutRedis }, async () => {
  const redis = await startRedis();
  const attempts = new Attempts(redis.client, 2, 60);
  const left = async (): Promise<number> => redis.client.pttl((await redis.client.keys('attempts:*'))[0] ?? '');
  await attempts.begin('anna');
  await redis.client.pexpire((await redis.client.keys('attempts:*'))[0] ?? '', 20_000);
  assert.equal(await attempts.begin('anna'), undefined);
  assert.ok((await left()) > 50_000, 'the second one begins the time anew');
  await redis.client.pexpire((await redis.client.keys('attempts:*'))[0] ?? '', 20_000);
  assert.equal(await attempts.begin('anna'), 20);
  assert.ok((await left()) <= 20_000, 'one that is too much keeps nobody out for longer');
  await redis.stop();
});

test(
  'signing in while the directory is away is an error of the server, and no refusal',
  { skip: withoutRedis },
  async () => {
    const running = await startApplication(people);
    await running.ldap.close();
    assert.equal((await running.login('anna', 'right')).statusCode, 503);
    assert.equal(running.lines.filter(({ event }) => event === 'directory.failed').length, 1);
    await running.stop();
  },
);
