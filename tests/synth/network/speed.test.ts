import { performance } from 'node:perf_hooks';
import { networkFindings } from '../../../synth/network/lint.ts';
import { reachability } from '../../../synth/network/evaluate.ts';
import { app, coreDns, defaultDeny, deployment, inNamespace, namespace, policy } from './manifests.ts';

const dns = {
  to: [{ namespaceSelector: inNamespace('kube-system'), podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } } }],
  ports: [{ port: 53 }, { port: 53, protocol: 'UDP' }],
};

/** A tree of `count` pod groups with a policy each, twenty to a namespace: a chain, metrics from everywhere, DNS. */
function tree(count: number) {
  const homes = [...new Set(Array.from({ length: count }, (_, number) => `n${Math.floor(number / 20)}`))];
  const place = (number: number) => ({ home: `n${Math.floor((number % count) / 20)}`, name: `w${number % count}` });
  const peer = (number: number) => ({
    namespaceSelector: inNamespace(place(number).home),
    podSelector: app(place(number).name),
  });
  const each = Array.from({ length: count }, (_, number) => {
    const { home, name } = place(number);
    return [
      deployment(`${home}/${name}`, ['http:8080', 'metrics:9090']),
      policy(`${home}/${name}`, {
        podSelector: app(name),
        policyTypes: ['Ingress', 'Egress'],
        ingress: [
          { from: [peer(number + count - 1)], ports: [{ port: 'http' }] },
          { from: [{ namespaceSelector: {}, podSelector: app('w0') }], ports: [{ port: 'metrics' }] },
        ],
        egress: [dns, { to: [peer(number + 1)], ports: [{ port: 'http' }] }],
      }),
    ];
  });
  return [...homes.flatMap((home) => [namespace(home), defaultDeny(home)]), ...each.flat()];
}

/** The fastest of three runs, in milliseconds: the machine may be busy with something else. */
function fastest(run: () => void): number {
  const times = [1, 2, 3].map(() => {
    const start = performance.now();
    run();
    return performance.now() - start;
  });
  return Math.min(...times);
}

test.each([
  [100, 50],
  [1000, 2000],
])('%i pod groups with as many policies take less than %i ms', (count, limit) => {
  const manifests = tree(count);
  const options = { foreign: [coreDns] };
  expect(reachability(manifests, options)).toHaveLength(count * 3);
  expect(networkFindings(manifests, options)).toEqual([]);
  expect(fastest(() => reachability(manifests, options))).toBeLessThan(limit);
  expect(fastest(() => networkFindings(manifests, options))).toBeLessThan(limit);
});
