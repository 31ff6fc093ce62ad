// What both servers and the migrations have in common: the contract with the platform's constructs
// (docs/constructs/web-workload.md), probes, metrics and the calm end.
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import process from 'node:process';
import { Readable } from 'node:stream';
import { acceptSocket, echo, isEcho } from './echo.js';

/** Baked into the image, as a server knows its version; everything else comes from the Deployment. */
export const version = process.env.APP_VERSION || '0.1.0';

/** What drills publish as bad releases: versions that carry the name of their fault. */
const fault = ['never-ready', 'crash'].find((name) => version.includes(name));

/** Variables that every web workload gets. */
export const webVariables = [
  ...['NODE_ENV', 'NODE_OPTIONS', 'PORT', 'PUBLIC_URL', 'KEEP_ALIVE_TIMEOUT_MS', 'SHUTDOWN_TIMEOUT_MS'],
  ...['METRICS_PORT', 'METRICS_PATH'],
];

/** Variables of a wire to a database. */
export const databaseVariables = ['HOST', 'PORT', 'NAME', 'SSLMODE', 'USER', 'PASSWORD_FILE', 'CA_FILE'].map(
  (name) => `DATABASE_${name}`,
);

const shapes = [
  { of: /(PORT|TIMEOUT|_MS)$/, holds: (value) => /^\d+$/.test(value), is: 'a whole number' },
  { of: /_URL$/, holds: (value) => URL.canParse(value), is: 'an address' },
  { of: /_PATH$/, holds: (value) => value.startsWith('/'), is: 'a path from /' },
];

/**
 * The secret in the file that a variable names, read at each use because rotation changes the file.
 * @throws Error naming the variable, when the file can't be read or is empty
 */
export function readSecret(variable) {
  let value;
  try {
    value = fs.readFileSync(process.env[variable], 'utf8').trim();
  } catch (error) {
    throw new Error(`${variable} names a file that can't be read (${error.message})`, { cause: error });
  }
  if (value === '') throw new Error(`${variable} names an empty file (${process.env[variable]})`);
  return value;
}

function findingsOf(variable) {
  const value = process.env[variable];
  if (!value) return [`${variable} is missing`];
  if (variable.endsWith('_FILE')) {
    try {
      readSecret(variable);
    } catch (error) {
      return [error.message];
    }
  }
  return shapes
    .filter(({ of, holds }) => of.test(variable) && !holds(value))
    .map(({ is }) => `${variable} is not ${is}: ${value}`);
}

/** Ends the process with 1 and one line that names every variable that is missing or wrong. */
export function checkContract(name, variables) {
  const findings = variables.flatMap(findingsOf);
  if (findings.length === 0) return;
  console.error(`${name} ${version} can't start: ${findings.join('; ')}`);
  process.exit(1);
}

/** Prometheus' text format, with the kubelet's probes left out of the requests. */
function metricsText(requests) {
  return [
    '# HELP http_requests_total Requests answered.',
    '# TYPE http_requests_total counter',
    ...[...requests].map(([status, count]) => `http_requests_total{status="${status}"} ${count}`),
    '# HELP process_resident_memory_bytes Resident memory size in bytes.',
    '# TYPE process_resident_memory_bytes gauge',
    `process_resident_memory_bytes ${process.memoryUsage.rss()}`,
    '# HELP app_info The version that runs.',
    '# TYPE app_info gauge',
    `app_info{version=${JSON.stringify(version)}} 1`,
    '',
  ].join('\n');
}

/**
 * Serves until SIGTERM: `routes` maps a path to a function from (query, response) to { status, type, body }; a body is text,
 * or made of parts that are sent as they come.
 * Without `host` it listens on all addresses.
 */
export function serve({ name, host, live, ready, routes }) {
  const requests = new Map();
  const sockets = new Set();
  let draining = false;

  async function answerTo(request, response) {
    const [path, query] = request.url.split('?', 2);
    if (isEcho(path)) return echo(name, request);
    if (!['GET', 'HEAD'].includes(request.method)) return { status: 405, body: 'only GET and HEAD\n' };
    // Database, cache and directory have no pods in the proving ground yet, so readiness asks none of them: it only says
    // whether this server is leaving.
    if (path === ready) return draining || fault === 'never-ready' ? { status: 503, body: 'not ready\n' } : ok;
    if (path === live) return ok;
    if (!Object.hasOwn(routes, path)) return { status: 404, body: 'not found\n' };
    return routes[path](new URLSearchParams(query), response);
  }

  const server = http.createServer(async (request, response) => {
    const probe = [live, ready].includes(request.url);
    response.once('finish', () => {
      if (!probe) requests.set(response.statusCode, (requests.get(response.statusCode) ?? 0) + 1);
    });
    const answer = await answerTo(request, response).catch((error) => {
      console.error(`${name}: ${error.message}`);
      return { status: 500, body: 'internal error\n' };
    });
    if (draining) response.setHeader('Connection', 'close');
    // Tells a refusal of its own from one on the way to it.
    response.setHeader('X-Application', name);
    send(response, answer);
  });
  server.on('upgrade', acceptSocket);
  server.keepAliveTimeout = Number(process.env.KEEP_ALIVE_TIMEOUT_MS);
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });

  const metrics = http.createServer((request, response) => {
    if (request.url !== process.env.METRICS_PATH) send(response, { status: 404, body: 'not found\n' });
    else send(response, { type: 'text/plain; version=0.0.4; charset=utf-8', body: metricsText(requests) });
  });

  process.on('SIGTERM', () => {
    draining = true;
    const timeout = Number(process.env.SHUTDOWN_TIMEOUT_MS);
    // The close of http.Server would cut idle connections at once, and with them the request that is just on its way. This
    // one only stops accepting: what comes is answered with `Connection: close`, and what stays idle is closed later.
    net.Server.prototype.close.call(server, () => process.exit(0));
    setTimeout(() => setInterval(closeIdle, 100), timeout / 10);
    setTimeout(() => {
      console.error(`${name}: cut ${sockets.size} connections, still open ${timeout} ms after SIGTERM`);
      process.exit(1);
    }, timeout);
  });

  function closeIdle() {
    server.closeIdleConnections();
    // Node counts a connection that never sent a byte as busy.
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
  }

  metrics.listen(Number(process.env.METRICS_PORT), host, () => {
    server.listen(Number(process.env.PORT), host, () => {
      console.log(`${name} ${version} listens on ${server.address().port}, metrics on ${metrics.address().port}`);
      if (fault !== 'crash') return;
      console.error(`${name} ${version} crashes, as its version says`);
      process.exit(1);
    });
  });
}

const ok = { body: 'ok\n' };

function send(response, { status = 200, type = 'text/plain; charset=utf-8', body }) {
  if (typeof body !== 'string') {
    response.writeHead(status, { 'Content-Type': type });
    Readable.from(body).pipe(response);
    return;
  }
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) }).end(body);
}
