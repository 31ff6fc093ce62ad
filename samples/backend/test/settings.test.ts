import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { connection } from '../src/database/database.js';
import { redisOptions } from '../src/cache/redis.js';
import { readSettings } from '../src/settings.js';
import { settingsFor } from './support/application.js';
import { certificate, temporaryFolder } from './support/certificate.js';

const folder = temporaryFolder();
const { file } = certificate(folder);
const settings = (more: Record<string, string> = {}) => settingsFor(folder, 'ldaps://dc.example.com:636', file, more);

test('all that is missing or wrong is named at once, and no value of it', () => {
  assert.throws(
    () => readSettings({ PORT: 'x-secret', LDAP_URL: 'ldaps://dc', SESSION_KEY_FILE: '/nowhere' }),
    ({ message }: Error) => {
      assert.match(message, /PORT is no whole number/);
      assert.match(message, /DATABASE_HOST is missing/);
      assert.match(message, /SESSION_KEY_FILE names a file/);
      assert.doesNotMatch(message, /x-secret/);
      return true;
    },
  );
});

test('a directory without TLS is refused', () => {
  assert.throws(() => settingsFor(folder, 'ldap://dc.example.com:389', file), /LDAP_URL has to begin with ldaps/);
});

test('a cache without an address is refused', () => {
  assert.throws(() => settings({ REDIS_HOST: '', REDIS_PORT: '6379' }), /REDIS_HOST is empty/);
});

test('an empty file of a secret is refused', () => {
  fs.writeFileSync(path.join(folder, 'empty'), '\n');
  assert.throws(() => settings({ SESSION_KEY_FILE: path.join(folder, 'empty') }), /SESSION_KEY_FILE names a file/);
});

test('roles follow from groups', () => {
  assert.deepEqual(settings({ ROLE_GROUPS: 'editor=shop-editors,owner=Shop Owners' }).ROLE_GROUPS, [
    ['editor', 'shop-editors'],
    ['owner', 'Shop Owners'],
  ]);
});

test('the database is verified by authority and name, and its password read at each connection', () => {
  const options = connection(settings({ DATABASE_SSLMODE: 'verify-full', DATABASE_CA_FILE: file }));
  assert.deepEqual(options.ssl, { rejectUnauthorized: true, ca: fs.readFileSync(file, 'utf8') });
  assert.equal(options.password(), 'of the database');
  fs.writeFileSync(path.join(folder, 'database'), 'another one');
  assert.equal(options.password(), 'another one');
});

test('the client of Redis has what a failover asks of it', () => {
  const options = redisOptions(
    settings({
      REDIS_SENTINELS: 's1:26379,s2:26379',
      REDIS_PRIMARY_NAME: 'redis',
      REDIS_CA_FILE: file,
      REDIS_TLS_NAME: 'redis.data',
    }),
  );
  const tls = { ca: fs.readFileSync(file, 'utf8'), servername: 'redis.data' };
  assert.deepEqual(options.sentinels, [
    { host: 's1', port: 26379 },
    { host: 's2', port: 26379 },
  ]);
  assert.deepEqual([options.tls, options.sentinelTLS, options.enableTLSForSentinelMode], [tls, tls, true]);
  assert.deepEqual([options.connectTimeout, options.socketTimeout, options.sentinelCommandTimeout], [1000, 2000, 1000]);
  assert.equal(options.retryStrategy?.(100), 500);
  assert.equal(options.sentinelRetryStrategy?.(100), 500);
  assert.equal(options.reconnectOnError?.(new Error('READONLY You can’t write')), 2);
  assert.equal(options.reconnectOnError?.(new Error('NOAUTH')), false);
  assert.deepEqual([options.sentinelUsername, options.sentinelPassword], ['app', 'of redis']);
  assert.equal(options.failoverDetector, undefined);
});
