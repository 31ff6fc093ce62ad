import { networkFindings } from '../../../synth/network/lint.ts';
import { reachability } from '../../../synth/network/evaluate.ts';
import { Watched } from '../../support/watched.ts';
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

const options = { foreign: [coreDns] };

test.each([100, 1000])('%i pod groups with as many policies are judged, and nothing is found', (count) => {
  const manifests = tree(count);
  expect(reachability(manifests, options)).toHaveLength(count * 3);
  expect(networkFindings(manifests, options)).toEqual([]);
});

// Asking every policy about every pair would be 64 times the work. What it takes in time is `npm run bench`'s business.
test.each([
  ['reachability', reachability],
  ['networkFindings', networkFindings],
])('%s of four times as many pod groups is less than eight times the work', (_, judge) => {
  const [few, many] = [100, 400].map((count) => {
    const watched = new Watched(tree(count));
    judge(watched.data, options);
    return watched.reads;
  });
  expect(few).toBeGreaterThan(100);
  expect(many).toBeLessThan(8 * few!);
});
