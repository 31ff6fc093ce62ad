import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { folder, keyFile } from './support/pod.ts';

/** In the place of the server that Next.js makes: as it does, it asks Node.js for one without saying how. */
const server = `
import http from 'node:http';
const server = http.createServer((request, response) => response.end(String(request.headers.authorization.length)));
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
`;

test('a ticket as large as Active Directory makes them reaches the application', async () => {
  fs.copyFileSync(path.resolve(import.meta.dirname, '../start.mjs'), path.join(folder, 'start.mjs'));
  fs.writeFileSync(path.join(folder, 'server.js'), server);
  fs.writeFileSync(path.join(folder, 'package.json'), '{"type":"module"}');
  const pod = spawn(process.execPath, ['start.mjs'], {
    cwd: folder,
    env: {
      NODE_ENV: 'production',
      ...{ API_URL: 'http://api', PUBLIC_URL: 'https://shop.example.com', NEXT_DEPLOYMENT_ID: 'v1' },
      NEXT_SERVER_ACTIONS_ENCRYPTION_KEY_FILE: keyFile('key-of-start'),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const [port] = (await once(pod.stdout, 'data')) as [Buffer];
    const authorization = `Negotiate ${Buffer.alloc(48_000).toString('base64')}`;
    const response = await fetch(`http://127.0.0.1:${String(port).trim()}/`, { headers: { authorization } });
    assert.equal(response.status, 200);
    assert.equal(await response.text(), String(authorization.length));
  } finally {
    pod.kill('SIGKILL');
  }
});
