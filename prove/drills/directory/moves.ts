import fs from 'node:fs';
import path from 'node:path';
import { getJson, kubectl } from '../../cluster/kubectl.ts';
import { inNode } from '../../cluster/nodes.ts';
import { workersOf } from '../../cluster/plan.ts';
import type { DirectoryServer } from '../../components/directory/server.ts';
import { seconds } from '../../instruments/figures.ts';
import { withCleanUp } from '../../machine/clean-up.ts';
import { ProvingError } from '../../machine/error.ts';
import { waitFor } from '../../machine/wait-for.ts';
import type { Part } from '../../results/index.ts';
import type { PlatformGround } from '../ground.ts';
import { keytabOf, opensTicket } from './keytab.ts';
import { asBefore } from './persists.ts';
import type { Person } from './sign-in.ts';
import { blocksOf, filledIn, programsOf, Shell } from '../runbook.ts';

const runbook = 'docs/runbooks/directory-move.md';

interface Pod {
  readonly spec: { readonly nodeName?: string };
  readonly status: { readonly conditions?: readonly { readonly type: string; readonly reason?: string }[] };
}

/** Where the scheduler puts the next pod, or why nowhere. */
function placeOf(server: DirectoryServer, signal: AbortSignal): Promise<string> {
  return waitFor('the scheduler to look at the next pod', { atMost: 60, every: 500, signal }, async () => {
    const where = ['pod', server.pod, `--namespace=${server.namespace}`];
    const pod = await getJson<Pod>(server.cluster, where).catch(() => undefined);
    return pod?.spec.nodeName ?? pod?.status.conditions?.find(({ type }) => type === 'PodScheduled')?.reason;
  });
}

const marker = (server: DirectoryServer): Promise<string> => server.run(['cat', '/data/domain/domain.json']);

/** Its volume carried to another node by what the runbook has somebody type: the same domain, begun nowhere a second time. */
export async function moves(ground: PlatformGround, server: DirectoryServer, person: Person): Promise<Part> {
  const { cluster, report, root, signal } = ground;
  const known = { sid: await server.sid(), users: await server.users() };
  const noted = await marker(server);
  const keytab = await keytabOf(server);
  const { node: from, folder } = await server.volume();
  const to = workersOf(cluster.plan).find(({ name }) => name !== from)?.name;
  if (to === undefined) throw new ProvingError('there is no other node for the directory');
  const given = { from, from_address: from, to, to_address: to };
  const blocks = blocksOf(fs.readFileSync(path.join(root, runbook), 'utf8')).map((block) => filledIn(block, given));
  const away = blocks.findIndex((block) => block.includes('kubectl cordon'));
  const served = blocks.findIndex((block) => block.includes('rollout status'));
  if (away === -1 || served < away) throw new ProvingError(`${runbook} does not say how it is ended and served again`);
  const shell = new Shell(programsOf(cluster));
  const type = async (some: readonly string[]): Promise<void> => {
    for (const block of some) await shell.type(block);
  };
  const job = ['delete', 'job', 'samba-backup-by-hand', `--namespace=${server.namespace}`, '--ignore-not-found'];
  const undo = [() => kubectl(cluster, ['uncordon', from]), () => kubectl(cluster, job)];
  return withCleanUp(undo, async () => {
    await type(blocks.slice(0, away));
    const start = performance.now();
    await type(blocks.slice(away, away + 1));
    const meanwhile = await placeOf(server, signal);
    await type(blocks.slice(away + 1, served + 1));
    const took = seconds(performance.now() - start);
    report(`${server.pod} carried from ${from} to ${to} in ${took} s`);
    await type(blocks.slice(served + 1));
    // By the provisioner, which has a pod of its own do it.
    await waitFor(`the folder on ${from} to be gone`, { atMost: 120, every: 1000, signal }, async () =>
      (await inNode(cluster, from, ['sh', '-c', `test -e "${folder}" || echo gone`])).includes('gone'),
    );
    const { node } = await server.volume();
    return {
      figures: { 'until it serves on another node': took },
      checks: [
        {
          what: 'its pod while its node takes none',
          expected: 'Unschedulable',
          got: meanwhile,
        },
        { what: 'the node that it is on afterwards', expected: to, got: node },
        ...(await asBefore(server, known, 'its volume was carried to another node')),
        { what: 'what is noted of its beginning', expected: noted.trim(), got: (await marker(server)).trim() },
        {
          what: 'a keytab of before opens a ticket of after the move',
          expected: 'yes',
          got: await opensTicket(server, keytab, person),
        },
      ],
    };
  });
}
