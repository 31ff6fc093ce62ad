import type { Manifest } from '../../../constructs/core/manifest.ts';
import { networkFindings } from '../../../synth/network/lint.ts';
import type { LintOptions } from '../../../synth/network/lint.ts';
import {
  app,
  containerPort,
  coreDns,
  defaultDeny,
  deployment,
  inNamespace,
  namespace,
  policy,
  service,
} from './manifests.ts';

const clean = [
  namespace('shop'),
  defaultDeny('shop'),
  deployment('shop/backend', ['http:8080']),
  deployment('shop/agent', ['9100'], { hostNetwork: true }),
];

/** `where: what` of each finding for the clean tree plus some manifests. */
function findings(added: readonly Manifest[], options: LintOptions = { foreign: [coreDns] }, base = clean): string[] {
  return networkFindings([...base, ...added], options).map(({ where, what }) => `${where}: ${what}`);
}

const toBackend = (spec: Record<string, unknown>) => policy('shop/p', { podSelector: app('backend'), ...spec });
const egressTo = (...to: unknown[]) => toBackend({ policyTypes: ['Egress'], egress: [{ to }] });
const outTo = (cidr: string, except: string[] = []) => egressTo({ ipBlock: { cidr, except } });
const inFrom = (peer: unknown) => toBackend({ ingress: [{ from: [peer] }] });
const P = 'NetworkPolicy shop/p';

test('a clean tree has no findings', () => {
  expect(findings([])).toEqual([]);
});

describe('default-deny', () => {
  test.each([
    ['is missing', [], 'ingress and egress'],
    ['covers ingress only', [policy('new/deny', { podSelector: {} })], 'egress'],
    ['covers egress only', [policy('new/deny', { podSelector: {}, policyTypes: ['Egress'] })], 'ingress'],
    [
      'has a rule',
      [
        policy('new/deny', {
          podSelector: {},
          policyTypes: ['Ingress', 'Egress'],
          egress: [{ to: [{ podSelector: app('x') }] }],
        }),
      ],
      'egress',
    ],
    [
      'selects some pods only',
      [policy('new/deny', { podSelector: app('x'), policyTypes: ['Ingress', 'Egress'] })],
      'ingress and egress',
    ],
  ])('that %s is refused', (_, policies, directions) => {
    expect(findings([namespace('new'), deployment('new/x'), ...policies])).toContain(
      `Namespace new: no policy denies ${directions} by default`,
    );
  });

  test('may stand in two policies', () => {
    const halves = [
      policy('new/in', { podSelector: {} }),
      policy('new/out', { podSelector: {}, policyTypes: ['Egress'] }),
    ];
    expect(findings([namespace('new'), ...halves])).toEqual([]);
  });

  test('is asked of a namespace that only a pod template names', () => {
    expect(findings([deployment('new/x')])).toEqual(['Namespace new: no policy denies ingress and egress by default']);
  });

  test('is asked of a namespace without pods', () => {
    expect(findings([namespace('new')])).toEqual(['Namespace new: no policy denies ingress and egress by default']);
  });

  test('is asked of a namespace of foreign pods as soon as a policy is put there', () => {
    expect(findings([policy('kube-system/p', { podSelector: {}, ingress: [{}] })])).toEqual([
      'Namespace kube-system: no policy denies ingress and egress by default',
    ]);
  });

  test('is not asked of a namespace that only foreign pods name', () => {
    expect(findings([], { foreign: [coreDns] })).toEqual([]);
  });
});

describe('a policy', () => {
  const useless = `${P} spec.podSelector: selects no pods that a policy applies to`;
  test('that selects no pods is refused', () => {
    const ingress = [{ ports: [{ port: 8080 }] }];
    expect(findings([policy('shop/p', { podSelector: app('backed'), ingress })])).toEqual([useless]);
  });

  test('that selects pods on the host network only is refused', () => {
    expect(findings([policy('shop/p', { podSelector: app('agent') })])).toEqual([useless]);
  });

  test('that denies by default is fine in a namespace without pods', () => {
    expect(findings([namespace('new'), defaultDeny('new')])).toEqual([]);
  });

  test('that selects foreign pods is fine', () => {
    const chart = { ...coreDns, namespace: 'shop', name: 'shop/chart', labels: { app: 'chart' } };
    expect(findings([policy('shop/p', { podSelector: app('chart') })], { foreign: [chart] })).toEqual([]);
  });
});

describe('a peer', () => {
  test.each([
    ['podSelector', { podSelector: app('frontend') }],
    ['namespaceSelector', { namespaceSelector: inNamespace('kube-sytem') }],
    ['pair of selectors', { namespaceSelector: inNamespace('kube-system'), podSelector: app('backend') }],
    ['selector of pods on the host network', { podSelector: app('agent') }],
    ['empty entry', {}],
  ])('%s that selects nothing is refused', (_, peer) => {
    const what = 'selects no pods that a policy can recognise';
    expect(findings([inFrom(peer)])).toEqual([`${P} spec.ingress[0].from[0]: ${what}`]);
    expect(findings([egressTo({ podSelector: app('backend') }, peer)])).toEqual([`${P} spec.egress[0].to[1]: ${what}`]);
  });

  test.each([
    ['podSelector', { podSelector: app('backend') }],
    ['namespaceSelector', { namespaceSelector: inNamespace('kube-system') }],
    ['podSelector in all namespaces', { namespaceSelector: {}, podSelector: app('backend') }],
  ])('%s that selects pods is fine', (_, peer) => {
    expect(
      findings([inFrom(peer), policy('shop/q', { podSelector: app('backend'), egress: [{ to: [peer] }] })]),
    ).toEqual([]);
  });

  test('with an empty namespaceSelector and no podSelector is refused', () => {
    const what = 'an empty namespaceSelector without a podSelector allows every pod of the cluster';
    expect(findings([inFrom({ namespaceSelector: {} })])).toEqual([`${P} spec.ingress[0].from[0]: ${what}`]);
  });

  test('may be missing from an ingress rule', () => {
    expect(findings([toBackend({ ingress: [{ ports: [{ port: 8080 }] }] })])).toEqual([]);
  });

  test('missing from an egress rule is refused', () => {
    expect(findings([toBackend({ policyTypes: ['Egress'], egress: [{ ports: [{ port: 443 }] }] })])).toEqual([
      `${P} spec.egress[0]: names no destination and so allows every address`,
    ]);
  });
});

describe('egress to the internet', () => {
  const exceptions = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '169.254.169.254/32'];

  test('is fine with all exceptions', () => {
    expect(findings([outTo('0.0.0.0/0', exceptions)])).toEqual([]);
  });

  test('is fine with exceptions that cover more', () => {
    expect(
      findings([
        outTo('0.0.0.0/0', ['172.0.0.0/8', ...exceptions.filter((e) => !/^1(72|69)/.test(e)), '169.254.0.0/16']),
      ]),
    ).toEqual([]);
  });

  test.each(exceptions)('is refused without an exception for %s', (missing) => {
    const except = exceptions.filter((exception) => exception !== missing);
    expect(findings([outTo('0.0.0.0/0', except)])).toEqual([
      `${P} spec.egress[0].to[0].ipBlock: 0.0.0.0/0 includes ${missing}`,
    ]);
  });

  test('is refused when an exception covers a part only', () => {
    expect(findings([outTo('0.0.0.0/0', ['10.0.0.0/16', ...exceptions.slice(1)])])).toEqual([
      `${P} spec.egress[0].to[0].ipBlock: 0.0.0.0/0 includes 10.0.0.0/8`,
    ]);
  });

  test('is refused by halves too', () => {
    expect(findings([outTo('0.0.0.0/1')])).toEqual([
      `${P} spec.egress[0].to[0].ipBlock: 0.0.0.0/1 includes 10.0.0.0/8, 100.64.0.0/10`,
    ]);
  });

  test('is refused over IPv6 without an exception for private addresses', () => {
    expect(findings([outTo('::/0')])).toEqual([`${P} spec.egress[0].to[0].ipBlock: ::/0 includes fc00::/7`]);
    expect(findings([outTo('::/0', ['fc00::/7'])])).toEqual([]);
  });

  test('is not what a named private address or range is', () => {
    expect(
      findings([
        outTo('10.0.1.2/32'),
        policy('shop/q', { podSelector: {}, egress: [{ to: [{ ipBlock: { cidr: '10.0.0.0/8' } }] }] }),
      ]),
    ).toEqual([]);
  });

  test('needs no exceptions the other way round', () => {
    expect(findings([inFrom({ ipBlock: { cidr: '0.0.0.0/0' } })])).toEqual([]);
  });
});

describe('an ipBlock', () => {
  test.each([
    '10.0.0.0',
    '10.0.0.0/33',
    '10.0.0.256/32',
    '10.0.0.1/24',
    '010.0.0.0/8',
    '10.0.0.0/08',
    'fd00::/129',
    'fd00::1/64',
    'fe80::1%eth0/128',
    'localhost/8',
  ])('with the cidr %s is refused', (cidr) => {
    expect(findings([inFrom({ ipBlock: { cidr } })])).toEqual([
      `${P} spec.ingress[0].from[0].ipBlock: ${cidr} is not a CIDR`,
    ]);
  });

  test.each(['10.0.0.0/8', '192.0.2.1/32', '0.0.0.0/0', 'fd00::/8', '2001:db8:1::/48', '::ffff:10.0.0.1/128'])(
    'with the cidr %s is fine',
    (cidr) => {
      expect(findings([inFrom({ ipBlock: { cidr } })])).toEqual([]);
    },
  );

  test('with an unreadable exception is refused', () => {
    expect(findings([inFrom({ ipBlock: { cidr: '10.0.0.0/8', except: ['10.1/16'] } })])).toEqual([
      `${P} spec.ingress[0].from[0].ipBlock: 10.1/16 is not a CIDR`,
    ]);
  });

  test.each(['11.0.0.0/16', '10.0.0.0/8', '8.0.0.0/6', 'fd00::/16'])(
    '10.0.0.0/8 with the exception %s is refused',
    (exception) => {
      expect(findings([inFrom({ ipBlock: { cidr: '10.0.0.0/8', except: [exception] } })])).toEqual([
        `${P} spec.ingress[0].from[0].ipBlock.except: ${exception} is not a part of 10.0.0.0/8`,
      ]);
    },
  );

  test.each([
    ['10.0.0.0/8', '10.1.0.0/16'],
    ['fd00::/8', 'fd12:3456::/32'],
  ])('%s with the exception %s is fine', (cidr, exception) => {
    expect(findings([inFrom({ ipBlock: { cidr, except: [exception] } })])).toEqual([]);
  });
});

describe('a port of an ingress rule', () => {
  const withPort = (port: unknown) => findings([toBackend({ ingress: [{ ports: [port] }] })]);

  test.each([
    ['number', { port: 8081 }, 'TCP 8081'],
    ['name', { port: 'https' }, 'TCP https'],
    ['protocol', { port: 8080, protocol: 'UDP' }, 'UDP 8080'],
  ])('with a %s that the pods do not declare is refused', (_, port, text) => {
    expect(withPort(port)).toEqual([`${P} spec.ingress[0].ports: ${text} is no port of shop/backend`]);
  });

  test.each([
    ['a declared number', { port: 8080 }],
    ['a declared name', { port: 'http' }],
    ['a protocol alone', { protocol: 'UDP' }],
    ['a range', { port: 49152, endPort: 65535 }],
  ])('that is %s is fine', (_, port) => {
    expect(withPort(port)).toEqual([]);
  });

  test('is fine when one of the selected pod groups declares it', () => {
    const all = policy('shop/p', { podSelector: {}, ingress: [{ ports: [{ port: 'metrics' }] }] });
    expect(findings([all, deployment('shop/frontend', ['metrics:9090'])])).toEqual([]);
  });

  test('is shown beside the ports that would be right', () => {
    const [finding] = networkFindings([...clean, toBackend({ ingress: [{ ports: [{ port: 1 }] }] })]);
    expect(finding?.allowed).toBe('TCP 8080 (http)');
  });
});

describe('a Service', () => {
  const selecting = (selector: unknown, ports: unknown[] = [{ port: 80, targetPort: 'http' }]) =>
    findings([service('shop/s', { selector, ports })]);
  const S = 'Service shop/s';

  test('that selects no pods is refused', () => {
    expect(selecting({ app: 'backed' })).toEqual([`${S} spec.selector: selects no pods`]);
  });

  test.each([
    ['name', { port: 80, targetPort: 'https' }, 'TCP https'],
    ['number', { port: 80, targetPort: 8081 }, 'TCP 8081'],
    ['port in its place', { port: 80 }, 'TCP 80'],
    ['protocol', { port: 8080, protocol: 'UDP' }, 'UDP 8080'],
  ])('with a targetPort whose %s the pods do not declare is refused', (_, port, text) => {
    expect(selecting({ app: 'backend' }, [port])).toEqual([
      `${S} spec.ports[0].targetPort: ${text} is no port of shop/backend`,
    ]);
  });

  test('is refused when one of several selected pod groups lacks the port', () => {
    const base = [...clean.slice(0, 2), deployment('shop/a', ['http:1']), deployment('shop/b')].map((manifest) => {
      return manifest.kind === 'Deployment' ? { ...manifest, spec: labelled(manifest) } : manifest;
    });
    expect(
      findings([service('shop/s', { selector: { set: 'x' }, ports: [{ port: 80, targetPort: 'http' }] })], {}, base),
    ).toEqual([`${S} spec.ports[0].targetPort: TCP http is no port of shop/b`]);
  });

  test.each([
    ['with a declared name', [{ port: 80, targetPort: 'http' }]],
    ['with a declared number', [{ port: 80, targetPort: 8080 }]],
    ['with a port that is declared itself', [{ port: 8080 }]],
    ['without ports', []],
  ])('%s is fine', (_, ports) => {
    expect(selecting({ app: 'backend' }, ports)).toEqual([]);
  });

  test('without a selector is fine', () => {
    expect(findings([service('shop/s', { ports: [{ port: 5432 }] })])).toEqual([]);
  });

  test('for pods on the host network is fine', () => {
    expect(selecting({ app: 'agent' }, [{ port: 9100 }])).toEqual([]);
  });

  test('may select by a label that programs set at run time, if the lint is told', () => {
    const replica = service('shop/s', { selector: { app: 'backend', role: 'replica' }, ports: [{ port: 8080 }] });
    expect(findings([replica])).toEqual([`${S} spec.selector: selects no pods`]);
    expect(findings([replica], { runtimeLabels: ['role'] })).toEqual([]);
  });

  test('may select one pod of a StatefulSet by its name', () => {
    const name = 'statefulset.kubernetes.io/pod-name';
    expect(selecting({ [name]: 'backend-0' })).toEqual([]);
    expect(selecting({ [name]: 'frontend-0' })).toEqual([`${S} spec.selector: selects no pods`]);
  });

  function labelled(manifest: Manifest) {
    const ports = manifest.metadata.name === 'a' ? [containerPort('http:1')] : [];
    return { template: { metadata: { labels: { set: 'x' } }, spec: { containers: [{ ports }] } } };
  }
});
