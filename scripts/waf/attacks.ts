import net from 'node:net';
import path from 'node:path';
import { ruleTests } from './rule-tests.ts';
import type { TestInput } from './rule-tests.ts';
import type { RuleSet } from './rule-set.ts';

/** A request of the rule set's own tests that a rule has to find something in. */
export interface Attack {
  readonly rule: number;
  /** Number of the test. */
  readonly test: number;
  /** The message for a host. */
  readonly message: (host: string) => Buffer;
}

/** Attacks of one stage that a rule, or any, has to find. Rules that look at answers have none. */
export function attacksOf({ tests }: Pick<RuleSet, 'tests'>, rule?: number): readonly Attack[] {
  const isAsked = (file: string): boolean =>
    file.startsWith('REQUEST-') && (rule === undefined || path.basename(file) === `${rule}.yaml`);
  return ruleTests(tests, isAsked).map(({ input, ...test }) => ({
    ...test,
    message: (host) => messageOf(input, host),
  }));
}

function messageOf(
  { method = 'GET', uri = '/', version = 'HTTP/1.1', headers = {}, data }: TestInput,
  host: string,
): Buffer {
  const body = Buffer.from(data ?? '');
  const names = Object.keys(headers).map((name) => name.toLowerCase());
  const isForm = data !== undefined && !names.includes('content-type');
  const all: Readonly<Record<string, string | number>> = {
    ...headers,
    // What the host is tested for stays.
    ...(headers.Host === 'localhost' || headers.Host === undefined ? { Host: host } : {}),
    ...(isForm ? { 'Content-Type': 'application/x-www-form-urlencoded' } : {}),
    ...(data === undefined || names.includes('content-length') || names.includes('transfer-encoding')
      ? {}
      : { 'Content-Length': String(body.length) }),
    Connection: 'close',
  };
  const lines = [`${method} ${uri} ${version}`, ...Object.entries(all).map(([name, value]) => `${name}: ${value}`)];
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), body]);
}

/** The status of the answer to a message; 0 where there is none. */
export function statusOf(port: number, message: Buffer): Promise<number> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = net.connect(port, '127.0.0.1', () => socket.write(message));
    const end = (): void => {
      socket.destroy();
      resolve(Number(/^HTTP\/1\.\d (\d+)/.exec(answer)?.[1] ?? 0));
    };
    socket.setTimeout(60_000, end);
    socket.on('data', (part) => {
      answer += part.toString('latin1');
      if (/^HTTP\/1\.\d \d+/.test(answer)) end();
    });
    socket.on('close', end);
    socket.on('error', end);
  });
}
