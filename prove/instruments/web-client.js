// Clients of the way in, as the world has them: from any address of this machine, by any version of HTTP, well-formed or
// not. What to do comes as JSON on standard input, or in the file that is its argument.
//
//   { "ask": [REQUEST...], "atOnce": 8 }     prints an answer for each, a line of JSON, in their order
//   { "load": REQUEST, "perSecond": 100, "seconds": 10, "connections": 20 }
//                                            begins so many a second, whatever is answered, and prints one line of JSON
//   { "every": REQUEST, "milliseconds": 100, "isKept": true }
//                                            until it is ended: a line for each as `probe every` has it
//
// A request: `to` { address, port } and `from` an address; `servername` for TLS, else it speaks plainly; `protocol` h1 or
// h2; `method`, `path`, `headers` (an object, or a list of names and values) and `body` in base64, or `raw` in base64,
// and `then` more of it after the first answer;
// `before` in base64, sent before TLS begins; `tls` more options of Node's tls.connect; `timeout` in milliseconds.
import fs from 'node:fs';
import http from 'node:http';
import http2 from 'node:http2';
import net from 'node:net';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import tls from 'node:tls';

/** Of an answer, in bytes: what a check looks at is short. */
const kept = 8192;

const decoded = (text = '') => Buffer.from(text, 'base64');

/** A connection that is ready for the first byte of HTTP. */
function connect({ to, from, servername, before, tls: more = {}, protocol = 'h1', timeout = 10_000 }) {
  return new Promise((resolve, reject) => {
    const plain = net.connect({ host: to.address, port: to.port, localAddress: from });
    plain.setNoDelay(true);
    plain.setTimeout(timeout, () => plain.destroy(new Error('no answer')));
    plain.once('error', reject);
    plain.once('connect', () => {
      if (before !== undefined) plain.write(decoded(before));
      if (servername === undefined) {
        resolve(plain);
        return;
      }
      const ALPNProtocols = [protocol === 'h2' ? 'h2' : 'http/1.1'];
      const secure = tls.connect({ socket: plain, servername, ALPNProtocols, ...more });
      secure.once('error', reject);
      secure.once('secureConnect', () => resolve(secure));
    });
  });
}

/** What a fresh connection was secured with; nothing for a plain one. */
function secured(socket) {
  if (!(socket instanceof tls.TLSSocket)) return undefined;
  const certificate = socket.getPeerCertificate();
  return {
    protocol: socket.getProtocol(),
    cipher: socket.getCipher().name,
    group: socket.getEphemeralKeyInfo().name,
    curve: certificate.nistCurve,
    serial: certificate.serialNumber,
    names: certificate.subjectaltname,
  };
}

/** The first bytes of a stream as text, and how many it had. */
function bodyOf(stream, start) {
  return new Promise((resolve, reject) => {
    const chunks = [];
    let bytes = 0;
    let firstByte;
    stream.on('data', (chunk) => {
      firstByte ??= Math.round(performance.now() - start);
      if (bytes < kept) chunks.push(chunk);
      bytes += chunk.length;
    });
    stream.on('error', reject);
    stream.on('close', () => resolve({ body: Buffer.concat(chunks).toString('utf8', 0, kept), bytes, firstByte }));
  });
}

function byHttp1(request, options) {
  const { method = 'GET', path = '/', headers = {}, body, timeout = 10_000 } = request;
  const start = performance.now();
  return new Promise((resolve, reject) => {
    const asked = http.request({ method, path, headers, timeout, ...options, setHost: false });
    asked.on('timeout', () => asked.destroy(new Error('no answer')));
    asked.on('error', reject);
    asked.on('upgrade', (response, socket) => {
      socket.destroy();
      resolve({ status: response.statusCode, headers: response.headers, body: '', bytes: 0 });
    });
    asked.on('response', (response) => {
      const { statusCode: status, headers } = response;
      bodyOf(response, start).then((read) => resolve({ status, headers, ...read }), reject);
    });
    asked.end(body === undefined ? undefined : decoded(body));
  });
}

function byHttp2(socket, { method = 'GET', path = '/', headers = {}, body, timeout = 10_000 }) {
  const start = performance.now();
  const session = http2.connect('https://h2', { createConnection: () => socket });
  return new Promise((resolve, reject) => {
    session.on('error', reject);
    const stream = session.request({ ':method': method, ':path': path, ...headers }, { endStream: body === undefined });
    stream.setTimeout(timeout, () => stream.destroy(new Error('no answer')));
    stream.on('error', reject);
    stream.on('response', ({ ':status': status, ...rest }) => {
      bodyOf(stream, start).then((read) => resolve({ status, headers: { ...rest }, ...read }), reject);
    });
    if (body !== undefined) stream.end(decoded(body));
  }).finally(() => session.destroy());
}

/** Sends bytes as they are, and takes what comes until the other side ends it or says nothing for a while. */
function byBytes(socket, { raw, then, quiet = 1500 }) {
  return new Promise((resolve, reject) => {
    const chunks = [];
    let later = then;
    const done = (end) => {
      const text = Buffer.concat(chunks).toString('latin1', 0, kept);
      socket.destroy();
      resolve({ status: Number(/^HTTP\/1\.\d (\d+)/.exec(text)?.[1] ?? 0), headers: {}, body: text, end });
    };
    socket.setTimeout(quiet, () => done('quiet'));
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      if (later !== undefined) socket.write(decoded(later));
      later = undefined;
    });
    socket.on('error', (error) => (chunks.length === 0 ? reject(error) : done(error.code ?? error.message)));
    socket.on('end', () => done('ended'));
    socket.write(decoded(raw));
  });
}

async function ask(request) {
  const start = performance.now();
  let answer;
  let socket;
  try {
    socket = await connect(request);
    const how = { tls: secured(socket) };
    if (request.raw !== undefined) answer = { ...how, ...(await byBytes(socket, request)) };
    else if (request.protocol === 'h2') answer = { ...how, ...(await byHttp2(socket, request)) };
    else answer = { ...how, ...(await byHttp1(request, { createConnection: () => socket, agent: undefined })) };
  } catch (error) {
    answer = { status: 0, headers: {}, body: '', error: error.code ?? error.message };
  } finally {
    socket?.destroy();
  }
  return { ...answer, milliseconds: Math.round((performance.now() - start) * 10) / 10 };
}

async function askAll({ ask: requests, atOnce = 1 }) {
  const answers = [];
  let next = 0;
  const work = async () => {
    for (let index = next++; index < requests.length; index = next++) answers[index] = await ask(requests[index]);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, requests.length) }, work));
  for (const answer of answers) console.log(JSON.stringify(answer));
}

/** Connections that are used again, as browsers do. */
function agentFor({ to, from, servername, tls: more = {} }, maxSockets) {
  const shared = { keepAlive: true, maxSockets, noDelay: true };
  const where = { host: to.address, port: to.port, localAddress: from };
  if (servername === undefined) return { agent: new http.Agent(shared), ...where };
  const agent = new http.Agent(shared);
  agent.createConnection = (_, ready) => {
    connect({ to, from, servername, tls: more }).then((socket) => ready(null, socket), ready);
  };
  return { agent, ...where };
}

async function load({ load: request, perSecond, seconds, connections = 20 }) {
  const options = agentFor(request, connections);
  const statuses = {};
  const accepted = [];
  const start = performance.now();
  const one = async () => {
    const began = performance.now();
    const { status, error } = await byHttp1(request, options).catch((reason) => ({ status: 0, error: reason }));
    const key = error === undefined ? String(status) : String(error.code ?? error.message);
    statuses[key] = (statuses[key] ?? 0) + 1;
    if (status >= 200 && status < 400) accepted.push(performance.now() - began);
  };
  const running = [];
  const total = Math.round(perSecond * seconds);
  for (let index = 0; index < total; index++) {
    const due = start + (index * 1000) / perSecond;
    if (due > performance.now()) await delay(due - performance.now());
    running.push(one());
  }
  await Promise.all(running);
  // On a busy machine requests wait for a connection, and are sent long after their turn.
  const took = (performance.now() - start) / 1000;
  options.agent.destroy();
  accepted.sort((a, b) => a - b);
  const at = (share) => Math.round((accepted[Math.floor(accepted.length * share)] ?? 0) * 10) / 10;
  const milliseconds = { median: at(0.5), slow: at(0.95), slowest: Math.round((accepted.at(-1) ?? 0) * 10) / 10 };
  console.log(JSON.stringify({ offered: total, seconds: took, accepted: accepted.length, statuses, milliseconds }));
}

async function every({ every: request, milliseconds, isKept = false }) {
  const options = agentFor(request, 1);
  for (;;) {
    const at = new Date();
    const start = performance.now();
    const answer = isKept
      ? await byHttp1(request, options).catch((error) => ({ status: 0, error: error.code ?? error.message }))
      : await ask(request);
    const took = performance.now() - start;
    const ok = answer.error === undefined && answer.status < 400;
    const { location } = answer.headers ?? {};
    // What a page tells whoever is in front of it comes first.
    const [, alert = ''] = / role="alert"[^>]*>([^<]*)/.exec(answer.body ?? '') ?? [];
    const said = `${answer.status} ${location === undefined ? '' : `to ${location} `}${alert}${answer.body?.trim()}`;
    const text = answer.error ?? said.replaceAll('\n', ' ').slice(0, 200).trim();
    console.log(`${at.toISOString()} ${ok ? 'ok' : 'failed'} ${took.toFixed(1)} ${text}`);
    await delay(Math.max(0, milliseconds - took));
  }
}

async function main() {
  const [, , file] = process.argv;
  // Its input may not be there yet: read at once, that would be an error.
  const task = JSON.parse(file === undefined ? await text(process.stdin) : fs.readFileSync(file, 'utf8'));
  if (task.ask !== undefined) await askAll(task);
  else if (task.load !== undefined) await load(task);
  else await every(task);
}

await main();
