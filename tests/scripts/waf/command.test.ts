import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { attacksOf } from '../../../scripts/waf/attacks.ts';
import { wafCommand } from '../../../scripts/waf/command.ts';
import { datesOf } from '../../../scripts/waf/dates.ts';
import { explained } from '../../../scripts/waf/explain.ts';
import { countTable, readLog } from '../../../scripts/waf/log.ts';

const line = (id: string, client: string, rules: readonly object[]): string =>
  JSON.stringify({
    ...{
      waf: 'blocked',
      time: 'Sun Nov 29 10:00:00 2026',
      client,
      host: 'shop.example.com',
      route: 'shop.example.com',
    },
    ...{ request_id: id, method: 'POST', path: '/contact', status: 403, score: 5, rules },
  });
const sqli = { id: 942100, target: 'ARGS:comment', message: 'SQL Injection Attack Detected via libinjection' };
const broken = { id: 100010, target: 'REQBODY_ERROR', message: 'The body is not what its content type says' };
const log = `[pod/edge-waf-a/nginx] ${line('aa', '203.0.113.1', [sqli])}\nsomething else\n${line('bb', '203.0.113.2', [sqli])}\n${line('cc', '203.0.113.2', [broken])}\n`;

async function run(...args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const texts = { stdout: '', stderr: '' };
  const code = await wafCommand({ root: '/', now: new Date('2026-11-29') }, args, {
    stdout: { write: (text) => (texts.stdout += text) },
    stderr: { write: (text) => (texts.stderr += text) },
  });
  return { code, ...texts };
}

test('what was refused is counted by route, rule and field, with how many clients there were', () => {
  expect(countTable(readLog(log))).toContain('       2        2  blocked  shop.example.com  942100 ARGS:comment\n');
});

test('a log without any refused request is refused', () => {
  expect(() => readLog('[notice] start\n')).toThrow('no line of it is about a request that was refused');
});

test('a request is explained by its rules, with the smallest exclusion', async () => {
  const text = await explained(readLog(log), 'aa', [], {}, 'nginx');
  expect(text).toContain('POST shop.example.com/contact of 203.0.113.1');
  expect(text).toContain(`{ route: 'shop.example.com', rule: 942100, target: 'ARGS:comment', reason: `);
  expect(text).toContain('In apps/edge-exclusions.ts a host is named by its argument');
  expect(text).toContain('Not tried: no route of the environment has the host shop.example.com.');
});

test('a field that an exclusion can not name is named by a pattern', async () => {
  const entry = line('ee', '203.0.113.3', [{ ...sqli, target: "ARGS:$ACTION_1:0's" }]);
  expect(await explained(readLog(entry), 'ee', [], {}, 'nginx')).toContain(
    String.raw`target: String.raw${'`'}ARGS:/^\$ACTION_1:0.s$/${'`'}, reason: `,
  );
});

test('no exclusion is proposed for a request that could not be read', async () => {
  expect(await explained(readLog(log), 'cc', [], {}, 'nginx')).toContain('No exclusion helps');
});

test('a request that the log does not have is refused', async () => {
  await expect(explained(readLog(log), 'dd', [], {}, 'nginx')).rejects.toThrow(
    'the log has 3 requests, and not this one',
  );
});

test('exclusions are told 90 days before their day, and refused from it on', () => {
  const exclusion = {
    route: 'shop.example.com',
    rule: 942100,
    target: 'ARGS:comment',
    reason: 'words',
    until: '2027-02-01',
  };
  expect(datesOf(new Date('2026-10-01'), [exclusion])).toBe('1 exclusions, and none is past its day\n');
  expect(datesOf(new Date('2026-11-29'), [exclusion])).toContain('from 2027-02-01 on: 942100 for ARGS:comment');
  expect(() => datesOf(new Date('2027-02-01'), [exclusion])).toThrow('its day was 2027-02-01');
});

test('an exclusion whose day is years away is refused: nobody would look at it', () => {
  const exclusion = { route: 'shop.example.com', rule: 942100, target: 'ARGS:comment', reason: 'words' };
  expect(() => datesOf(new Date('2026-11-30'), [{ ...exclusion, until: '2099-01-01' }])).toThrow(
    'its day is 2099-01-01',
  );
});

test.each([
  [['explain', 'aa'], 'explain needs --log'],
  [['count'], 'count needs a log'],
  [['reload'], '"reload" is nothing that it does'],
])('called as %j it says how it is called', async (args, message) => {
  const { code, stderr } = await run(...args);
  expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
});

test('a log that is not there is refused', async () => {
  expect(await run('count', '/nowhere/waf.log')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("it can't be read") as string,
  });
});

test("attacks are the tests of a rule that it has to find, for the route's host", () => {
  const tests = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-attacks-'));
  fs.mkdirSync(path.join(tests, 'REQUEST-942'));
  const stage = (data: string, found: string): string =>
    `stages: [{input: {headers: {Host: localhost}, method: POST, uri: /post, data: "${data}"}, output: {log: {${found}: [942100]}}}]`;
  fs.writeFileSync(
    path.join(tests, 'REQUEST-942', '942100.yaml'),
    `rule_id: 942100\ntests:\n  - {test_id: 1, ${stage('a=1', 'expect_ids')}}\n  - {test_id: 2, ${stage('a=2', 'no_expect_ids')}}\n`,
  );
  const attacks = attacksOf({ tests }, 942100);
  expect(attacks.map(({ test: number }) => number)).toEqual([1]);
  expect(attacks[0]?.message('shop.example.com').toString()).toBe(
    'POST /post HTTP/1.1\r\nHost: shop.example.com\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\nConnection: close\r\n\r\na=1',
  );
});
