import net from 'node:net';
import type { Request } from '../../scripts/waf/send.ts';

/** What nothing may write down. */
export const secret = 'hunter2-Zx9';
export const browser = { 'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0)', Accept: '*/*' };
export const injection = `1' or 1=1-- ${secret}`;
export const json = (value: unknown, more: Record<string, string> = {}): Request => ({
  method: 'POST',
  path: '/orders',
  headers: { ...browser, 'Content-Type': 'application/json', ...more },
  body: typeof value === 'string' ? value : JSON.stringify(value),
});
export const get = (path: string, more: Record<string, string> = {}): Request => ({
  method: 'GET',
  path,
  headers: { ...browser, ...more },
});
export const form = (body: string, type = 'application/x-www-form-urlencoded'): Request => ({
  method: 'POST',
  path: '/contact',
  headers: { ...browser, ...(type === '' ? {} : { 'Content-Type': type }) },
  body,
});
export const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

/** Sends these bytes, and reads until the other side ends. */
export function raw(port: number, message: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1', () => socket.write(message));
    let answer = '';
    socket.on('data', (part) => (answer += part.toString()));
    socket.on('end', () => {
      resolve(answer);
    });
    socket.on('error', reject);
  });
}
