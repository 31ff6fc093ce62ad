// Starts the server that `next build` made: node start.mjs. Next.js takes its key from a variable, the platform gives files.
import fs from 'node:fs';
import http from 'node:http';
import process from 'node:process';

const { env } = process;

/** @returns what is missing or wrong, in words and without the value */
function findings() {
  const missing = ['API_URL', 'PUBLIC_URL', 'NEXT_DEPLOYMENT_ID', 'NEXT_SERVER_ACTIONS_ENCRYPTION_KEY_FILE']
    .filter((name) => !env[name])
    .map((name) => `${name} is missing`);
  const file = env.NEXT_SERVER_ACTIONS_ENCRYPTION_KEY_FILE;
  if (!file) return missing;
  try {
    // Also of base64url, as the platform makes keys, which Next.js does not read.
    const key = Buffer.from(fs.readFileSync(file, 'utf8').trim(), 'base64');
    // Pods with another key can't read each other's forms, and one that is cut off would only show there.
    if (![16, 24, 32].includes(key.length)) {
      return [...missing, `the key in ${file} has ${key.length} bytes, not 16, 24 or 32`];
    }
    env.NEXT_SERVER_ACTIONS_ENCRYPTION_KEY = key.toString('base64');
    return missing;
  } catch {
    return [...missing, `NEXT_SERVER_ACTIONS_ENCRYPTION_KEY_FILE names a file that can't be read`];
  }
}

const wrong = findings();
if (wrong.length > 0) {
  console.error(JSON.stringify({ level: 'error', event: 'start', reason: wrong.join('; '), msg: 'cannot start' }));
  process.exit(1);
}

// The ticket of who is in many groups of an Active Directory has up to 48,000 bytes, in base64. Node.js takes 16 KiB of headers,
// and answers 431 before any page could offer the form; Next.js asks it for no more.
const { createServer } = http;
http.createServer = (...given) => {
  const [options, listener] = typeof given[0] === 'function' ? [{}, given[0]] : given;
  return createServer({ maxHeaderSize: 80 * 1024, ...options }, listener);
};

// Next.js finishes open requests at SIGTERM by itself, for as long as it takes.
process.once('SIGTERM', () => setTimeout(() => process.exit(1), Number(env.SHUTDOWN_TIMEOUT_MS ?? 20_000)).unref());

await import('./server.js');
