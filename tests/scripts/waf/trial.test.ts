import { ordinaryTraffic } from '../../../scripts/waf/ordinary-traffic.ts';
import { keptRuleSet } from '../../../scripts/waf/rule-set.ts';
import { ordinaryOf, verdicts } from '../../../scripts/waf/trial.ts';
import { lackingForWaf, releases, routeOf, wafSettings } from '../../support/waf.ts';

const host = 'shop.example.com';
const other = 'api.example.com';
const message = (to: string): Buffer =>
  Buffer.from(
    `GET /?q=1%27%20or%201=1--%20 HTTP/1.1\r\nHost: ${to}\r\nUser-Agent: a\r\nAccept: */*\r\nConnection: close\r\n\r\n`,
  );

test('a host is asked what is ordinary of its application, and one that nobody knows everything', () => {
  const asked = (of: string) => [...new Set(ordinaryOf(of, { frontend: host, backend: other }).map(({ to }) => to))];
  expect([asked(host), asked(other), asked('docs.example.com')]).toEqual([
    ['frontend'],
    ['backend'],
    ['frontend', 'backend'],
  ]);
});

(lackingForWaf() === undefined ? describe : describe.skip)('a trial with the real firewall', () => {
  test('leads to an application of this machine, on every route, and refuses attacks alone', async () => {
    const routes = [routeOf(other), routeOf(host, { mode: 'detect', to: releases(50, 50) })];
    const sent = [other, host].map((to) => ({
      host: to,
      ordinary: ordinaryTraffic.slice(0, 1),
      attacks: [{ rule: 942100, test: 1, message }],
    }));
    const refused = { ordinary: [], attacks: new Set(['942100-1']) };
    expect(await verdicts(wafSettings(routes), routes, keptRuleSet()!, sent)).toEqual([refused, refused]);
  });
});
