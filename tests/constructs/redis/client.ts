import tls from 'node:tls';
import { patience } from '../../support/until.ts';

export interface Asked {
  readonly host: string;
  readonly port: number;
  /** Who signed the certificate; its name is not looked at. */
  readonly authority: Buffer;
  readonly user: string;
  readonly password: string;
}

/**
 * One command on a connection of its own, in this process: tests ask so often that starting redis-cli was most of what
 * they took.
 * @returns what redis-cli would print, a line for each value; one empty line where nobody answers
 */
export function ask({ host, port, authority, user, password }: Asked, command: readonly string[]): Promise<string[]> {
  return new Promise((resolve) => {
    const socket = tls.connect({ host, port, ca: authority, checkServerIdentity: () => undefined });
    let text = '';
    const end = (lines: string[]): void => {
      socket.destroy();
      resolve(lines);
    };
    socket.setTimeout(patience, () => end(['']));
    socket.on('error', () => end([''])).on('close', () => end(['']));
    socket.setEncoding('latin1').on('data', (part: string) => {
      text += part;
      const greeted = answer(text, 0);
      const said = greeted && answer(text, greeted.end);
      if (said !== undefined) end(said.lines.length === 0 ? [''] : said.lines);
    });
    socket.write(request(['AUTH', user, password]) + request(command));
  });
}

function request(words: readonly string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`;
}

/** What is answered from there on, and where it ends; undefined until it is whole. */
function answer(text: string, start: number): { readonly lines: string[]; readonly end: number } | undefined {
  const lineEnd = text.indexOf('\r\n', start);
  if (lineEnd < 0) return undefined;
  const kind = text[start];
  const line = text.slice(start + 1, lineEnd);
  let end = lineEnd + 2;
  if (kind === '*') {
    const lines: string[] = [];
    for (let left = Number(line); left > 0; left -= 1) {
      const next = answer(text, end);
      if (next === undefined) return undefined;
      lines.push(...next.lines);
      ({ end } = next);
    }
    return { lines, end };
  }
  if (kind !== '$') return { lines: [line], end };
  const length = Number(line);
  if (length < 0) return { lines: [''], end };
  if (text.length < end + length + 2) return undefined;
  return { lines: [text.slice(end, end + length)], end: end + length + 2 };
}
