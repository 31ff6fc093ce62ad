// The backend of the proving ground: stands in for the NestJS API (docs/constructs/nest-backend.md).
import { createHash } from 'node:crypto';
import os from 'node:os';
import process from 'node:process';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { checkContract, databaseVariables, readSecret, serve, version, webVariables } from './shared.js';

checkContract('backend', [
  ...webVariables,
  ...databaseVariables,
  ...(process.env.REDIS_HOST ? ['REDIS_HOST', 'REDIS_PORT'] : ['REDIS_SENTINELS', 'REDIS_PRIMARY_NAME']),
  ...['REDIS_USER', 'REDIS_PASSWORD_FILE'],
  ...['LDAP_URL', 'LDAP_BASE_DN', 'LDAP_BIND_USER', 'LDAP_BIND_PASSWORD_FILE', 'KERBEROS_REALM', 'SESSION_KEY_FILE'],
]);

const mostMilliseconds = 1000;
const sliceMilliseconds = 10;
let lastSlice = Promise.resolve();

/** Burns CPU for at most 10 ms and says how many milliseconds it got; other callers and requests have their turn then. */
function burnSlice() {
  const slice = lastSlice.then(() => {
    const before = process.cpuUsage();
    const end = performance.now() + sliceMilliseconds;
    while (performance.now() < end);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  });
  lastSlice = slice.then(() => nextTurn());
  return slice;
}

async function work(query, response) {
  const text = query.get('milliseconds') ?? '';
  const milliseconds = Number(text);
  if (!/^\d+$/.test(text) || milliseconds > mostMilliseconds)
    return { status: 400, body: `milliseconds is a whole number from 0 to ${mostMilliseconds}\n` };
  // Nobody waits for it once the connection is gone.
  for (let left = milliseconds; left > 0 && !response.destroyed;) left -= await burnSlice();
  return json({ milliseconds });
}

async function index() {
  // The fingerprint shows a drill that a rotated key is in use; the key itself stays here.
  const sessionKey = createHash('sha256').update(readSecret('SESSION_KEY_FILE')).digest('hex').slice(0, 16);
  return json({ application: 'backend', version, host: os.hostname(), sessionKey });
}

const json = (value) => ({ type: 'application/json; charset=utf-8', body: `${JSON.stringify(value)}\n` });

serve({ name: 'backend', live: '/health/live', ready: '/health/ready', routes: { '/': index, '/work': work } });
