import { spawn } from 'node:child_process';
import type { IncomingMessage, ServerResponse } from 'node:http';
import process from 'node:process';

/** Answers as `git http-backend` does, for the bare repositories below `root`. */
export function serveGit(root: string, url: URL, request: IncomingMessage, response: ServerResponse): void {
  const { headers, method } = request;
  const header = (name: string): string => String(headers[name] ?? '');
  const backend = spawn('git', ['http-backend'], {
    env: {
      PATH: process.env.PATH,
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: url.pathname,
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: method,
      CONTENT_TYPE: header('content-type'),
      HTTP_CONTENT_ENCODING: header('content-encoding'),
      GIT_PROTOCOL: header('git-protocol'),
      // Neither the user's settings of git nor the machine's have a say in what the stand-in answers.
      GIT_CONFIG_NOSYSTEM: '1',
      HOME: '/nonexistent',
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  backend.on('error', (error) => response.writeHead(500).end(error.message));
  // A git that refuses doesn't read to the end.
  backend.stdin.on('error', () => undefined);
  request.pipe(backend.stdin);

  let head = Buffer.alloc(0);
  const readHead = (chunk: Buffer): void => {
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf('\r\n\r\n');
    if (end < 0) return;
    backend.stdout.off('data', readHead);
    writeHead(head.subarray(0, end).toString(), response);
    response.write(head.subarray(end + 4));
    backend.stdout.pipe(response);
  };
  backend.stdout.on('data', readHead);
  backend.on('close', () => response.end());
}

/** Lines as CGI has them: the status is one of the headers, and missing where it is 200. */
function writeHead(text: string, response: ServerResponse): void {
  const lines = text.split('\r\n').map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).trim()] as const;
  });
  const status = lines.find(([name]) => name === 'Status')?.[1];
  for (const [name, value] of lines) if (name !== 'Status') response.setHeader(name, value);
  response.writeHead(status === undefined ? 200 : Number.parseInt(status, 10));
}
