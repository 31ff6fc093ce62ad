import { ruleTests } from '../../../scripts/waf/rule-tests.ts';
import type { TestInput } from '../../../scripts/waf/rule-tests.ts';

/** A request that a rule has to see something in. */
export interface AttackSample {
  /** Such as `942100-3`. */
  readonly name: string;
  readonly rule: number;
  /** All of it, with `HOST` in place of the host. */
  readonly text: string;
}

/** Headers that say where a request goes, and how its connection ends; a client writes its own. */
const own = ['host', 'connection', 'content-length', 'transfer-encoding'];

/** The attacks among the tests: of one request each, that HTTP/1.1 can carry to any host. */
export function attackSamples(folder: string): readonly AttackSample[] {
  return ruleTests(folder).flatMap(({ rule, test, input }) => {
    // Where the headers are the attack, another host or length would make another one of it.
    const isCarried = (input.version ?? 'HTTP/1.1') === 'HTTP/1.1' && input.autocomplete_headers !== false;
    return isCarried ? [{ name: `${rule}-${test}`, rule, text: textOf(input) }] : [];
  });
}

function textOf({ method = 'GET', uri = '/', headers = {}, data }: TestInput): string {
  const kept = Object.entries(headers).filter(([name]) => !own.includes(name.toLowerCase()));
  const hasType = kept.some(([name]) => name.toLowerCase() === 'content-type');
  const body = data === undefined ? '' : Buffer.from(data).toString('latin1');
  const lines = [
    `${method} ${uri} HTTP/1.1`,
    'Host: HOST',
    ...kept.map(([name, value]) => `${name}: ${value}`),
    ...(data === undefined || hasType ? [] : ['Content-Type: application/x-www-form-urlencoded']),
    ...(data === undefined ? [] : [`Content-Length: ${body.length}`]),
    'Connection: close',
  ];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}
