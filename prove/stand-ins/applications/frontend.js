// The frontend of the proving ground: stands in for the Next.js server (docs/constructs/next-frontend.md).
import os from 'node:os';
import process from 'node:process';
import { checkContract, serve, version, webVariables } from './shared.js';
import { work } from './work.js';

checkContract('frontend', [
  ...webVariables,
  ...['API_URL', 'HOSTNAME', 'KEEP_ALIVE_TIMEOUT', 'NEXT_TELEMETRY_DISABLED'],
  ...['NEXT_DEPLOYMENT_ID', 'NEXT_SERVER_ACTIONS_ENCRYPTION_KEY_FILE'],
]);

const apiTimeoutMilliseconds = Number(process.env.API_TIMEOUT_MS ?? 2000);
const entities = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escaped = (text) => text.replace(/[&<>"]/g, (character) => entities[character]);

/** What the backend answers; `state` is `answered` or `away`. */
async function askBackend() {
  try {
    const response = await fetch(process.env.API_URL, { signal: AbortSignal.timeout(apiTimeoutMilliseconds) });
    const text = await response.text();
    if (response.ok) return { state: 'answered', text };
    return { state: 'away', text: `502: the backend answered ${response.status}` };
  } catch (error) {
    return { state: 'away', text: `502: the backend doesn't answer (${error.cause?.code ?? error.name})` };
  }
}

/** The page is always there: a frontend without its backend says so instead of failing. */
async function page() {
  const { state, text } = await askBackend();
  const body = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Shop</title></head>
<body>
<p>frontend ${escaped(version)} on ${escaped(os.hostname())}</p>
<pre data-backend="${state}">${escaped(text.trim())}</pre>
</body>
</html>
`;
  return { type: 'text/html; charset=utf-8', body };
}

// One path for all probes: it renders nothing and asks no API.
serve({
  name: 'frontend',
  host: process.env.HOSTNAME,
  live: '/api/health',
  ready: '/api/health',
  routes: { '/': page, '/work': work },
});
