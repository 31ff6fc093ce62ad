// The internet, as far as a cluster of the proving ground needs it, on port 443 of one address: GitHub's repositories by
// git's own program, a chart repository, a registry with every image, and whoever is told of alerts. All but those read only.
// node scripts/run.cjs prove/stand-ins/internet/server.ts ADDRESS FOLDER STORE CERTIFICATE KEY TOLD_HOST...
import fs from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import https from 'node:https';
import path from 'node:path';
import process from 'node:process';
import { serveGit } from './git.ts';
import { gitDelayFile, toldFile, worldHosts } from './names.ts';
import { serveRegistry } from './registry.ts';

const [address = '', folder = '', store = '', certificate = '', key = '', ...toldHosts] = process.argv.slice(2);

https
  .createServer({ cert: fs.readFileSync(certificate), key: fs.readFileSync(key) }, (request, response) => {
    response.on('close', () => {
      const { method = '', headers, url = '' } = request;
      log(`${method} ${response.statusCode} ${headers.host ?? ''}${url}`);
    });
    answer(request, response);
  })
  .listen(443, address, () => log(`listening on ${address}:443`));

/** In milliseconds: drills write it to a file where GitHub is to be slow. */
function gitDelay(): number {
  const file = path.join(folder, gitDelayFile);
  return fs.existsSync(file) ? Number(fs.readFileSync(file, 'utf8')) : 0;
}

function log(line: string): void {
  process.stdout.write(`${new Date().toISOString()} ${line}\n`);
}

function answer(request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? '/', `https://${request.headers.host ?? address}`);
  if (url.pathname.startsWith('/v2/')) serveRegistry(path.join(folder, 'images'), store, url, request, response);
  else if (url.hostname === worldHosts.git)
    setTimeout(() => serveGit(path.join(folder, 'git'), url, request, response), gitDelay());
  else if (toldHosts.includes(url.hostname)) take(url, request, response);
  else serveFile(path.join(folder, 'charts'), url, response);
}

/** Writes down what somebody is told, and when. */
function take({ hostname, pathname }: URL, request: IncomingMessage, response: ServerResponse): void {
  const pieces: Buffer[] = [];
  request.on('data', (piece: Buffer) => pieces.push(piece));
  request.on('end', () => {
    const line = { at: new Date().toISOString(), hostname, pathname, body: Buffer.concat(pieces).toString() };
    fs.appendFileSync(path.join(folder, toldFile), `${JSON.stringify(line)}\n`);
    response.writeHead(200).end();
  });
}

/** A file of a chart repository, which is a folder with an index. */
function serveFile(root: string, url: URL, response: ServerResponse): void {
  const file = path.join(root, path.normalize(url.pathname));
  if (!fs.statSync(file, { throwIfNoEntry: false })?.isFile()) {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200);
  fs.createReadStream(file).pipe(response);
}
