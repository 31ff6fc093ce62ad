import { createHash } from 'node:crypto';
import type http from 'node:http';
import { LoopbackServer } from '../support/loopback-server.ts';

export const indexType = 'application/vnd.oci.image.index.v1+json';

export function digestOf(manifest: string): string {
  return `sha256:${createHash('sha256').update(manifest).digest('hex')}`;
}

type Handler = (request: http.IncomingMessage, response: http.ServerResponse) => void;

/** A registry on this machine that answers what a test tells it to. */
export class FakeRegistry extends LoopbackServer {
  /** Manifests by `name:tag`. */
  readonly manifests = new Map<string, string>();
  /** Requests so far: method, path with query, and who asked. */
  readonly requests: { readonly path: string; readonly authorization: string | undefined; readonly accept: string }[] =
    [];
  /** Answers instead of the registry; undefined lets it answer itself. */
  intercept: Handler | undefined;

  /** Sends a manifest the way registries do. */
  send(response: http.ServerResponse, manifest: string, headers: Record<string, string> = {}): void {
    const usual = { 'content-type': indexType, 'docker-content-digest': digestOf(manifest) };
    response.writeHead(200, { ...usual, ...headers }).end(manifest);
  }

  protected answer(request: http.IncomingMessage, response: http.ServerResponse): void {
    const { url = '', headers } = request;
    this.requests.push({ path: url, authorization: headers.authorization, accept: headers.accept ?? '' });
    if (this.intercept !== undefined) {
      this.intercept(request, response);
      return;
    }
    const [, name, tag] = /^\/v2\/(.+)\/manifests\/(.+)$/.exec(url) ?? [];
    const manifest = this.manifests.get(`${name}:${tag}`);
    if (manifest === undefined) response.writeHead(404).end('{"errors":[{"code":"MANIFEST_UNKNOWN"}]}');
    else this.send(response, manifest);
  }
}
