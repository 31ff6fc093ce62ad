// A client that does what the edge will do, for drills: it follows the addresses of the ready pods, asks them in turn over
// connections that it keeps, and asks the next one where the network failed, at most once, since a GET may be repeated.
// node --input-type=module --eval THIS NAMES PORT PATH INTERVAL TIMEOUT: names by commas, milliseconds.
// It prints the lines of `probe every`, with the number of attempts before the body.
import dns from 'node:dns/promises';
import http from 'node:http';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';

const [names = '', port, path, interval, timeout] = process.argv.slice(-5);
const agent = new http.Agent({ keepAlive: true });
let addresses = [];
let turn = 0;

async function follow() {
  const found = await Promise.all(names.split(',').map((name) => dns.lookup(name, { all: true, family: 4 })));
  addresses = [...new Set(found.flat().map(({ address }) => address))].sort();
}

function ask(host) {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(Number(timeout));
    const request = http.get({ host, port, path, agent, signal }, async (response) => {
      try {
        const text = Buffer.concat(await response.toArray()).toString();
        resolve({ ok: response.statusCode < 400, text: response.statusCode < 400 ? text : `${response.statusCode}` });
      } catch (error) {
        reject(error);
      }
    });
    request.on('error', reject);
  });
}

async function askTwice() {
  const reasons = [];
  while (reasons.length < 2) {
    const address = addresses[turn++ % addresses.length];
    try {
      const { ok, text } = await ask(address);
      return { ok, text: [reasons.length + 1, ...reasons, text].join(' ') };
    } catch (error) {
      reasons.push(`(${address} ${error.code ?? error.name})`);
    }
  }
  return { ok: false, text: [2, ...reasons].join(' ') };
}

// A name that isn't answered changes nothing: what was known last stays.
setInterval(() => void follow().catch(() => undefined), 1000);
while (addresses.length === 0) {
  await follow().catch(() => undefined);
  if (addresses.length === 0) await delay(200);
}
for (;;) {
  const at = new Date();
  const { ok, text } = await askTwice();
  const milliseconds = Date.now() - at.getTime();
  console.log(at.toISOString(), ok ? 'ok' : 'failed', milliseconds, text.trim().replaceAll('\n', ' '));
  await delay(Math.max(0, Number(interval) - milliseconds));
}
