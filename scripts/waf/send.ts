import http from 'node:http';
import type { OrdinaryRequest } from './ordinary-traffic.ts';

export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

/** What is sent: of a recorded request all but its name and its application. */
export type Request = Pick<OrdinaryRequest, 'method' | 'path'> & Partial<Pick<OrdinaryRequest, 'headers' | 'body'>>;

/** Sends a request to a port of this machine, for a host. */
export function send(port: number, host: string, request: Request): Promise<Answer> {
  const { method, path, headers = {}, body } = request;
  // Files are bytes; all else is text.
  const isUpload = Object.values(headers).some((value) => value.startsWith('multipart/form-data'));
  const bytes = Buffer.from(body ?? '', isUpload ? 'latin1' : 'utf8');
  const hasBody = body !== undefined || ['POST', 'PUT', 'PATCH'].includes(method);
  const all = { Host: host, ...headers, ...(hasBody ? { 'Content-Length': bytes.length } : {}) };
  return new Promise((resolve, reject) => {
    const sent = http.request({ port, host: '127.0.0.1', method, path, headers: all, agent: false }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', reject);
      response.on('end', () => {
        const { statusCode = 0, headers: answered } = response;
        resolve({ status: statusCode, headers: answered, body: Buffer.concat(parts).toString() });
      });
    });
    // To a WebSocket, or to what hangs up.
    sent.on('upgrade', (response, socket) => {
      socket.destroy();
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: '' });
    });
    sent.on('error', reject);
    sent.end(bytes);
  });
}
