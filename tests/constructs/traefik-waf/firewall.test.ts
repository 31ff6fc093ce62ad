import fs from 'node:fs';
import path from 'node:path';
import { Firewall, firewallFiles, outdatedExclusions } from '../../../constructs/traefik-waf/index.ts';
import type { EdgeRoute, Exclusion } from '../../../constructs/traefik-waf/index.ts';
import { isForgotten } from '../../../constructs/traefik-waf/waf/limits.ts';
import { root } from '../../support/committed.ts';
import { built, ofContainer } from '../../support/constructs.ts';
import { at, only } from '../../support/harness.ts';
import { releases, routeOf, wafSettings } from '../../support/waf.ts';

const host = 'shop.example.com';
const files = (...routes: readonly EdgeRoute[]): Readonly<Record<string, string>> => firewallFiles(wafSettings(routes));
const rulesOf = (route: EdgeRoute): string => files(route)[`route-${route.name}.conf`] ?? '';
const serversOf = (...routes: readonly EdgeRoute[]): string => files(...routes)['routes.conf'] ?? '';
const exclusion: Exclusion = {
  route: host,
  rule: 942100,
  target: 'ARGS:comment',
  reason: 'words of people',
  until: '2027-06-30',
};
const excluding = (changes: Partial<Exclusion>) => () => rulesOf(routeOf(host, {}, [{ ...exclusion, ...changes }]));

describe('a firewall', () => {
  const { value, manifests } = built(
    (scope) => new Firewall(scope, 'waf', wafSettings([routeOf(host), routeOf('api.example.com')])),
  );
  const deployment = only(manifests, 'Deployment', 'edge-waf');

  test('starts its own configuration, as the user of the image, on a root that nobody writes to', () => {
    expect(ofContainer(deployment, 'command')).toEqual(['bash', '/etc/waf/start.sh']);
    expect(at(deployment, 'spec.template.spec.securityContext.runAsUser')).toBe(101);
    expect(ofContainer(deployment, 'securityContext.readOnlyRootFilesystem')).toBe(true);
    expect(ofContainer(deployment, 'volumeMounts')).toEqual([
      { name: 'temporary', mountPath: '/tmp' },
      { name: 'files-edge-waf-configuration', mountPath: '/etc/waf', readOnly: true },
    ]);
  });

  test('has ended the connections in use before it is told to stop', () => {
    const [, seconds] = /^ {2}keepalive_time (\d+)s;$/m.exec(files()['nginx.conf'] ?? '') ?? [];
    expect(Number(seconds)).toBeLessThan(ofContainer(deployment, 'lifecycle.preStop.sleep.seconds') as number);
  });

  test('is two pods on two nodes, of which one is replaced at a time', () => {
    expect(at(deployment, 'spec.strategy.rollingUpdate')).toEqual({ maxSurge: 0, maxUnavailable: 1 });
  });

  test('has the files of the folder as they are, and two that follow from each host', () => {
    const data = at(only(manifests, 'ConfigMap', 'edge-waf-configuration'), 'data') as Record<string, string>;
    const folder = path.join(root, 'constructs/traefik-waf/files/waf');
    const names = fs.readdirSync(folder);
    expect(names.map((name) => data[name])).toEqual(
      names.map((name) => fs.readFileSync(path.join(folder, name), 'utf8')),
    );
    expect(Object.keys(data).filter((name) => !names.includes(name))).toEqual([
      'route-api.example.com.conf',
      `route-${host}.conf`,
      'routes.conf',
    ]);
  });

  test('leads to itself by one port, and shows its numbers at another', () => {
    expect(value.endpoint.url).toBe('http://edge-waf.test.svc.cluster.local:8080');
  });

  test('is never reloaded', () => {
    expect(Object.values(files()).join('')).not.toMatch(/-s reload|HUP/);
  });
});

describe('a route', () => {
  test('blocks, or only watches', () => {
    expect(rulesOf(routeOf(host))).toMatch(/^SecRuleEngine On$/m);
    expect(rulesOf(routeOf(host, { mode: 'detect' }))).toMatch(/^SecRuleEngine DetectionOnly$/m);
  });

  test.each<[string, Parameters<typeof routeOf>[1]]>([
    ['methods', { methods: ['GET'] }],
    ['contentTypes', { contentTypes: ['application/json'] }],
    ['jsonDepth', { jsonDepth: 3 }],
    ['mode', { mode: 'detect' }],
  ])('has rules of its own by %s', (_, props) => {
    expect(rulesOf(routeOf(host, props))).not.toBe(rulesOf(routeOf(host)));
  });

  test('has a place for each of its paths, and answers 404 beside them', () => {
    const places = serversOf(routeOf(host, { path: '/shop', staticPaths: ['/shop/files/'] })).match(/location .* \{/g);
    expect(places).toEqual([
      'location = /shop {',
      'location ^~ /shop/ {',
      'location ^~ /shop/files/ {',
      'location / {',
    ]);
  });

  test('leads its clients to one application, or shares them', () => {
    expect(serversOf(routeOf(host))).toContain('set $to_0 http://first.shop.svc.cluster.local:3000;');
    const shared = serversOf(routeOf(host), routeOf('api.example.com', { to: releases(10, 90) }));
    expect(/split_clients[^}]*\}/.exec(shared)?.[0]).toBe(
      [
        'split_clients "$remote_addr$http_user_agent" $to_1 {',
        '  10% http://first.shop.svc.cluster.local:3000;',
        '  * http://second.shop.svc.cluster.local:3000;',
        '}',
      ].join('\n'),
    );
  });

  test('has limits in the firewall where Traefik would forget them, and where they are used', () => {
    const login = [{ path: '/auth/login', limits: 'auth' }];
    expect(serversOf(routeOf(host))).not.toContain('limit_req');
    const servers = serversOf(routeOf(host), routeOf(host, { path: '/v2', limits: 'api', limitedPaths: login }));
    expect(/map "\$request_method[^}]*\}/.exec(servers)?.[0]).toBe(
      [
        'map "$request_method $host$uri" $limits {',
        "  default '';",
        '  "~*^(?!OPTIONS )\\S+ shop[.]example[.]com/auth/login(?:/|$)" auth;',
        '  "~^\\S+ shop[.]example[.]com/v2(?:/|$)" api;',
        '  "~^\\S+ shop[.]example[.]com(?:/|$)" default;',
        '}',
      ].join('\n'),
    );
    expect(servers.match(/limit_req_zone.*/g)).toEqual(['limit_req_zone $client_of_auth zone=auth:2m rate=10r/m;']);
    expect(servers).toContain('limit_req zone=auth burst=4 nodelay;');
  });

  test('may have the usual limits kept so, whose name is a word of nginx', () => {
    const limits = { default: { requests: 100, perSeconds: 1, burst: 500, inFlight: 100 } };
    const servers = firewallFiles({ ...wafSettings([routeOf(host)]), limits })['routes.conf'] ?? '';
    expect(/map \$limits[^}]*\}/.exec(servers)?.[0]).toBe(
      ['map $limits $client_of_default {', "  default '';", '  "~^default$" $client;', '}'].join('\n'),
    );
  });

  test('sets a policy for pages only where the application may have its own', () => {
    expect(serversOf(routeOf(host))).not.toContain('add_header Content-Security-Policy');
    const own = serversOf(routeOf(host, { contentSecurityPolicy: 'application' }));
    expect(own).toContain('add_header Content-Security-Policy $missing_policy always;');
  });
});

test.each([
  ['as much at once as two seconds bring', { requests: 100, perSeconds: 1, burst: 200 }, false],
  ['more than that', { requests: 100, perSeconds: 1, burst: 201 }, true],
  ['one at a time, however slowly', { requests: 10, perSeconds: 60, burst: 1 }, false],
  ['two at a time, slowly', { requests: 10, perSeconds: 60, burst: 2 }, true],
])('Traefik forgets limits that let through %s: %j', (_, limits, forgets) => {
  expect(isForgotten({ ...limits, inFlight: 5 })).toBe(forgets);
});

describe('an exclusion', () => {
  test.each<[string, Partial<Exclusion>, string]>([
    ['a rule for a field', {}, 'SecRuleUpdateTargetById 942100 "!ARGS:comment"'],
    ['a rule for fields of a pattern', { target: 'REQUEST_COOKIES:/^ph_/' }, '942100 "!REQUEST_COOKIES:/^ph_/"'],
    ['a rule', { target: false }, 'SecRuleRemoveById 942100'],
    ['a group of rules for a field', { rule: 'attack-sqli' }, 'SecRuleUpdateTargetByTag "attack-sqli" "!ARGS:comment"'],
  ])('silences %s', (_, changes, line) => {
    expect(excluding(changes)()).toContain(line);
  });

  test('says in the configuration until when, and why', () => {
    expect(excluding({})()).toContain('# Until 2027-06-30: words of people\n');
  });

  test.each<[string, Partial<Exclusion>, string]>([
    ['of a rule that there is not', { rule: 942999 }, 'there is no rule 942999 that looks for anything'],
    ['of the rule that decides', { rule: 949110 }, 'there is no rule 949110 that looks for anything'],
    ['of a group that there is not', { rule: 'attack-sql' }, 'did you mean attack-sqli?'],
    ['of a group for everything', { rule: 'attack-sqli', target: false }, 'all rules of attack-sqli are left out'],
    ['of a group for all fields', { rule: 'attack-sqli', target: 'ARGS' }, 'all rules of attack-sqli are left out'],
    ['for a field that the rule does not ask', { target: 'FILES:a' }, 'target: FILES:a, which rule 942100 doesn'],
    ['for what ends the line', { target: 'ARGS:/a|b/' }, 'target: ARGS:/a|b/'],
    ['for what is no field', { target: 'comment' }, 'target: comment'],
    ['without a reason', { reason: '' }, 'its reason is ""'],
    ['with a reason of two lines', { reason: 'words of\npeople' }, 'its reason is'],
    ['without a day', { until: '2027-02-30' }, 'until: 2027-02-30'],
  ])('is refused %s', (_, changes, message) => {
    expect(excluding(changes)).toThrow(message);
  });

  test('is refused twice', () => {
    expect(() => rulesOf(routeOf(host, {}, [exclusion, exclusion]))).toThrow('it is there twice');
  });

  test('is outdated from its day on', () => {
    const outdated = (day: string): number => outdatedExclusions([exclusion], new Date(`${day}T12:00:00Z`)).length;
    expect([outdated('2027-06-29'), outdated('2027-06-30')]).toEqual([0, 1]);
  });
});
