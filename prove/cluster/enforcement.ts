import type { Manifest } from '../../constructs/core/manifest.ts';
import { withCleanUp } from '../machine/clean-up.ts';
import { ProvingError } from '../machine/error.ts';
import { stopIfAsked } from '../machine/interruption.ts';
import { waitFor } from '../machine/wait-for.ts';
import type { Cluster } from './handle.ts';
import { apply, exec, kubectl, runPod } from './kubectl.ts';

const namespace = 'proving-check';
const port = 8080;

/**
 * Proves by real traffic that network policies are enforced on every node: into a pod on each of them, one client is
 * let in and another isn't. An enforcer that doesn't run lets everything through and nothing else shows it.
 * @throws ProvingError where a connection passes that mustn't, or the other way round
 */
export async function checkEnforcement(cluster: Cluster, signal?: AbortSignal): Promise<void> {
  const nodes = cluster.plan.nodes.filter(({ role }) => role !== 'witness').map(({ name }) => name);
  const undo = [
    () => kubectl(cluster, ['delete', 'namespace', namespace, '--ignore-not-found', '--wait=false']).catch(() => ''),
  ];
  await withCleanUp(undo, async () => {
    await apply(cluster, [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }]);
    await apply(cluster, policies());
    const start = (name: string, role: string, node?: string) =>
      runPod(cluster, { namespace, name, labels: { role }, node }, signal);
    const [addresses] = await Promise.all([
      Promise.all(nodes.map((node) => start(`server-${node}`, 'server', node))),
      start('allowed', 'allowed'),
      start('denied', 'denied'),
    ]);
    for (const [index, address] of addresses.entries()) {
      await checkServer(cluster, `server-${nodes[index] ?? ''}`, address, signal);
    }
  });
}

async function checkServer(cluster: Cluster, server: string, address: string, signal?: AbortSignal): Promise<void> {
  // Its own answer, which begins with its name: an error message could hold the name too.
  const reached = async (client: string) => {
    const command = ['probe', 'get', `http://${address}:${port}`, '1s'];
    const { stdout } = await exec(cluster, { namespace, name: client }, command, { timeout: 20 });
    return stdout.startsWith(`${server} `);
  };
  const limits = { atMost: 30, every: 200, signal };
  await waitFor(`a connection to ${server} that policies allow`, limits, () => reached('allowed'));
  // Rules for a new pod come within moments; from then on it must stay shut.
  await waitFor(
    `${server} to be shut for a client that no policy allows`,
    limits,
    async () => !(await reached('denied')),
  );
  for (let again = 0; again < 2; again += 1) {
    stopIfAsked(signal);
    if (await reached('denied')) throw new ProvingError(`${server} answers a client that no policy allows`);
  }
}

function policies(): readonly Manifest[] {
  const policy = (name: string, spec: unknown): Manifest => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace },
    spec,
  });
  const pods = (role: string) => ({ podSelector: { matchLabels: { role } } });
  const ports = [{ port, protocol: 'TCP' }];
  return [
    policy('default-deny', { podSelector: {}, policyTypes: ['Ingress', 'Egress'] }),
    // Both clients may ask, so that it is the server's side that refuses one of them.
    ...['allowed', 'denied'].map((role) =>
      policy(`${role}-asks`, { ...pods(role), policyTypes: ['Egress'], egress: [{ to: [pods('server')], ports }] }),
    ),
    policy('server-answers', {
      ...pods('server'),
      policyTypes: ['Ingress'],
      ingress: [{ from: [pods('allowed')], ports }],
    }),
  ];
}
