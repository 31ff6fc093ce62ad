// The backend of the proving ground: stands in for the NestJS API (docs/constructs/nest-backend.md).
import { createHash } from 'node:crypto';
import os from 'node:os';
import process from 'node:process';
import { verifyDatabase } from './database.js';
import { checkContract, databaseVariables, readSecret, serve, version, webVariables } from './shared.js';
import { work } from './work.js';

checkContract('backend', [
  ...webVariables,
  ...databaseVariables,
  // A cache of one server has neither; one behind Sentinels has both ways.
  ...(process.env.REDIS_HOST && !process.env.REDIS_SENTINELS ? [] : ['REDIS_SENTINELS', 'REDIS_PRIMARY_NAME']),
  ...['REDIS_HOST', 'REDIS_PORT', 'REDIS_USER', 'REDIS_PASSWORD_FILE', 'REDIS_CA_FILE', 'REDIS_TLS_NAME'],
  ...['LDAP_URL', 'LDAP_BASE_DN', 'LDAP_BIND_USER', 'LDAP_BIND_PASSWORD_FILE', 'LDAP_CA_FILE', 'SESSION_KEY_FILE'],
  ...['KERBEROS_REALM', 'KRB5_CONFIG', 'KRB5_KTNAME', 'KRB5RCACHEDIR'],
]);

async function index() {
  // The fingerprint shows a drill that a rotated key is in use; the key itself stays here.
  const sessionKey = createHash('sha256').update(readSecret('SESSION_KEY_FILE')).digest('hex').slice(0, 16);
  const body = JSON.stringify({ application: 'backend', version, host: os.hostname(), sessionKey });
  return { type: 'application/json; charset=utf-8', body: `${body}\n` };
}

/** Whether the database is the right one; its authority, or why it is refused. */
async function database() {
  try {
    return { body: `${await verifyDatabase()}\n` };
  } catch (error) {
    return { status: 502, body: `refused: ${error.code ?? error.message}\n` };
  }
}

serve({
  name: 'backend',
  live: '/health/live',
  ready: '/health/ready',
  routes: { '/': index, '/database': database, '/work': work },
});
