import fs from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import path from 'node:path';
import { blobFile } from '../../images/store.ts';

/**
 * Answers pulls as every registry at once: containerd says in `ns` which one it would have asked.
 * @param references folder with a file for each reference, which holds the digest of its manifest
 * @param store folder of the blobs
 * @see https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md
 */
export function serveRegistry(
  references: string,
  store: string,
  url: URL,
  { method }: IncomingMessage,
  response: ServerResponse,
): void {
  const [, name = '', kind = '', reference = ''] = /^\/v2\/(.+)\/(manifests|blobs)\/([^/]+)$/.exec(url.pathname) ?? [];
  if (url.pathname === '/v2/') {
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    return;
  }
  const registry = url.searchParams.get('ns') ?? '';
  const digest = reference.startsWith('sha256:')
    ? reference
    : readText(path.join(references, encodeURIComponent(`${registry}/${name}:${reference}`)));
  const file = digest === undefined ? undefined : blobFile(store, digest);
  const size = file === undefined ? undefined : fs.statSync(file, { throwIfNoEntry: false })?.size;
  if (digest === undefined || file === undefined || size === undefined) {
    const code = kind === 'blobs' ? 'BLOB_UNKNOWN' : 'MANIFEST_UNKNOWN';
    const errors = [{ code, message: `${registry}/${name}:${reference} was not published here` }];
    response.writeHead(404, { 'content-type': 'application/json' }).end(JSON.stringify({ errors }));
    return;
  }
  const manifest = 'application/vnd.oci.image.manifest.v1+json';
  response.writeHead(200, {
    'content-type': kind === 'manifests' ? manifest : 'application/octet-stream',
    'content-length': size,
    'docker-content-digest': digest,
  });
  if (method === 'HEAD') response.end();
  else fs.createReadStream(file).pipe(response);
}

function readText(file: string): string | undefined {
  return fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : undefined;
}
