import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { ProvingError } from '../../machine/error.ts';
import { must, run } from '../../machine/run.ts';

/** What a page shows. */
export interface Seen {
  readonly summary: string;
  /** Such as `Signing in ✓ works`. */
  readonly lines: readonly string[];
  /** Words of people; empty where there are none. */
  readonly announcement: string;
}

/** Opens a page in a browser that nobody sees, and reads what stands there once its script has run. */
export async function see(url: string, folder: string): Promise<Seen> {
  const html = await must('chromium', [...options(folder), '--virtual-time-budget=5000', '--dump-dom', url], {
    timeout: 60,
  });
  const text = (pattern: RegExp): string => plain(pattern.exec(html)?.[1] ?? '');
  const isHidden = /<section id="announcement"[^>]*\bhidden\b/.test(html);
  return {
    summary: text(/<p id="summary"[^>]*>([\s\S]*?)<\/p>/),
    lines: [...html.matchAll(/<li\b[^>]*>([\s\S]*?)<\/li>/g)].map(([, line = '']) => plain(line)),
    announcement: isHidden ? '' : text(/<p id="text"[^>]*>([\s\S]*?)<\/p>/),
  };
}

/** Keeps a picture of it, for people who look at what a drill saw. */
export async function picture(
  url: string,
  folder: string,
  name: string,
  { dark = false, width = 800 } = {},
): Promise<void> {
  const file = path.join(folder, `${name}.png`);
  const size = [`--window-size=${width},640`, ...(dark ? ['--force-dark-mode'] : [])];
  const { status, stderr } = await run('chromium', [
    ...options(folder),
    ...size,
    '--hide-scrollbars',
    '--virtual-time-budget=5000',
    `--screenshot=${file}`,
    url,
  ]);
  if (status !== 0) throw new ProvingError(`chromium took no picture of ${url}: ${stderr.slice(-600)}`);
}

/** Stands before the storage with a clock that is ahead: what it is asked for then is as old as it would be by then. */
export class Later {
  private readonly server: http.Server;

  private constructor(storage: string, milliseconds: number) {
    this.server = http.createServer((request, response) => {
      void fetch(`${storage}${request.url ?? '/'}`).then(
        async (answer) => {
          response.writeHead(answer.status, {
            'content-type': answer.headers.get('content-type') ?? '',
            date: new Date(Date.now() + milliseconds).toUTCString(),
          });
          response.end(Buffer.from(await answer.arrayBuffer()));
        },
        () => response.destroy(),
      );
    });
  }

  static async start(storage: string, minutes: number): Promise<Later> {
    const later = new Later(storage, minutes * 60_000);
    await new Promise<void>((resolve) => later.server.listen(0, '127.0.0.1', resolve));
    return later;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => void this.server.close(() => resolve()));
  }
}

/** As root there is no sandbox; what is opened is this drill's own. */
function options(folder: string): readonly string[] {
  return ['--headless', '--no-sandbox', '--disable-gpu', `--user-data-dir=${path.join(folder, 'browser')}`];
}

function plain(html: string): string {
  return html
    .replaceAll(/<[^>]+>/g, ' ')
    .replaceAll('&amp;', '&')
    .replaceAll('&lt;', '<')
    .replaceAll(/\s+/g, ' ')
    .trim();
}
