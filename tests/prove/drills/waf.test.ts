import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { reachedBy } from '../../../prove/drills/waf/attacks.ts';
import { disguises, smuggled, smuggling } from '../../../prove/drills/waf/disguises.ts';
import { ruleFacts } from '../../../prove/drills/waf/rule-facts.ts';
import { attackSamples } from '../../../prove/drills/waf/rule-tests.ts';

let folder: string;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-waf-drill-'));
});

afterEach(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

const write = (name: string, text: string): void => fs.writeFileSync(path.join(folder, name), text);

const stage = (input: string, ids = '[942100]'): string =>
  `stages: [{ input: ${input}, output: { log: { expect_ids: ${ids} } } }]`;

function samplesOf(...tests: readonly string[]) {
  const lines = tests.map((test, index) => `  - { test_id: ${index + 1}, ${test} }`);
  write('942100.yaml', ['rule_id: 942100', 'tests:', ...lines, ''].join('\n'));
  return attackSamples(folder);
}

test('an attack of the rule set goes to the host that is asked, with its own headers and the length of its body', () => {
  const [sample] = samplesOf(stage('{ method: POST, uri: "/post", headers: { Host: localhost, A: b }, data: "q=é" }'));
  expect(sample).toEqual({
    name: '942100-1',
    rule: 942_100,
    text: [
      ...['POST /post HTTP/1.1', 'Host: HOST', 'A: b', 'Content-Type: application/x-www-form-urlencoded'],
      ...['Content-Length: 4', 'Connection: close', '', 'q=Ã©'],
    ].join('\r\n'),
  });
});

test('tests of no attack, of several requests, of other versions and of bytes are left out', () => {
  const plain = '{ uri: "/" }';
  const samples = samplesOf(
    stage(plain, '[]'),
    stage(plain, '[941100]'),
    `stages: [{ input: ${plain}, output: { log: { expect_ids: [942100] } } }, { input: ${plain}, output: {} }]`,
    stage('{ uri: "/", version: "HTTP/1.0" }'),
    stage('{ encoded_request: "R0VUIC8=" }'),
    stage('{ uri: "/", autocomplete_headers: false }'),
  );
  expect(samples).toEqual([]);
});

test('a rule says from which level on it counts, and how much', () => {
  write(
    'REQUEST-942.conf',
    [
      'SecRule A "b" \\\n    "id:1,\\\n    tag:\'paranoia-level/2\',\\\n    severity:\'CRITICAL\'"',
      'SecRule A "b" "id:2,tag:\'paranoia-level/1\',severity:\'WARNING\'"',
      'SecAction "id:3"\n',
    ].join('\n'),
  );
  expect(Object.fromEntries(ruleFacts(folder))).toEqual({
    1: { paranoiaLevel: 2, severity: 'CRITICAL' },
    2: { paranoiaLevel: 1, severity: 'WARNING' },
  });
});

test('the application has answered where it says so', () => {
  const answer = { status: 200, headers: {}, milliseconds: 1 };
  const bytes = (body: string): boolean => reachedBy({ ...answer, body });
  expect(bytes('HTTP/1.1 200 OK\r\nX-Application: backend\r\n\r\n')).toBe(true);
  expect(bytes('HTTP/1.1 403 Forbidden\r\n\r\nno x-application: here')).toBe(false);
  expect(reachedBy(undefined)).toBe(false);
});

test('each disguised request is for the host that is asked, or for none', () => {
  const others = Object.entries(disguises).filter(([, text]) => !text.includes('HOST'));
  expect(others.map(([what]) => what)).toEqual(['a host that nobody has', 'no host', 'an address as host']);
});

test('what is hidden behind a request can be found in the log of an application', () => {
  expect(Object.entries(smuggling).filter(([, text]) => !text.includes(`GET ${smuggled} `))).toEqual([]);
});
