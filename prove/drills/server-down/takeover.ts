import fs from 'node:fs';
import path from 'node:path';
import { powerOff, returnNode } from '../../cluster/faults.ts';
import { initPid } from '../../cluster/nodes.ts';
import { affectedBy, missingOn } from '../../cluster/pods.ts';
import { seconds } from '../../instruments/figures.ts';
import { withCleanUp } from '../../machine/clean-up.ts';
import { ProvingError } from '../../machine/error.ts';
import { waitFor } from '../../machine/wait-for.ts';
import type { PlatformGround } from '../ground.ts';
import { blocksOf, programsOf, Shell } from '../runbook.ts';
import { allPods, ready, serverNodes, waitForHealth } from '../recovered.ts';
import { lostBy, seenBy, underClients } from './clients.ts';
import { answers } from './reboot.ts';

/** Seconds that are waited for the pods of the node. */
const patience = 180;

/** Whose pod Kubernetes replaces only when somebody says that it runs no more, as this page does. */
const controller = 'StatefulSet argocd/argocd-application-controller';
const runbook = 'docs/runbooks/node-lost.md';

const units = {
  failover: 's',
  'pages gone': 's',
  'database gone': 's',
  'Redis gone': 's',
  'API gone': 's',
  'pods moved': 's',
  'Argo CD by hand': 's',
  'lost by Redis': 'writes',
};

/** Takes the power of one of two nodes with the API away, with both primaries on it, until its pods run on the other. */
export async function takeover(platform: PlatformGround) {
  const { cluster, report, root, signal } = platform;
  const nodes = serverNodes(platform);
  const { lost, other } = nodes;
  return underClients(platform, nodes, async (clients) => {
    const before = await allPods(platform);
    const affected = affectedBy(lost, before);
    const undo = [async () => initPid(cluster, lost) === undefined && returnNode(cluster, lost)];
    return withCleanUp(undo, async () => {
      report(`${lost} loses its power, with pods of ${[...affected.keys()].join(', ')}`);
      const since = new Date();
      const passed = (): number => seconds(Date.now() - since.getTime());
      await powerOff(cluster, lost);
      await answers(platform);
      const api = passed();
      report(`${api} s  the API of ${other} answers`);
      let missing: readonly string[] = [...affected.keys()];
      await waitFor(`the pods on ${other}`, { atMost: patience, every: 500, signal }, async () => {
        const now = await allPods(platform).catch(() => undefined);
        if (now === undefined) return false;
        const left = missingOn(other, affected, now);
        if (left.length < missing.length) report(`${passed()} s  missing: ${left.join(', ') || 'nothing'}`);
        missing = left;
        return left.every((each) => each.startsWith(controller));
      }).catch((error: unknown) => {
        // Not moved in time is a result; an interruption is none.
        if (!(error instanceof ProvingError) || signal.aborted) throw error;
      });
      const moved = passed();
      const begun = performance.now();
      const typed = blocksOf(fs.readFileSync(path.join(root, runbook), 'utf8'));
      for (const block of typed) await new Shell(programsOf(cluster)).type(block);
      const byHand = seconds(performance.now() - begun);
      missing = missingOn(other, affected, await allPods(platform));
      report(`${byHand} s  ${runbook} typed; missing: ${missing.join(', ') || 'nothing'}`);
      const seen = await seenBy(clients, since, new Date());
      report(`failures of the client outside: ${seen.reasons}`);
      await returnNode(cluster, lost);
      await ready(platform, lost);
      await clients.members.whole(signal, 300);
      await clients.store.whole(signal, 300);
      await waitForHealth(platform, before);
      const gone = await lostBy(clients, since, signal);
      return {
        figures: {
          failover: Math.max(seen.pages, seen.database, seen.redis, api),
          'pages gone': seen.pages,
          'database gone': seen.database,
          'Redis gone': seen.redis,
          'API gone': api,
          'pods moved': moved,
          'Argo CD by hand': byHand,
          'lost by Redis': gone.keys,
        },
        units,
        checks: [
          {
            what: `what ran on ${lost} and doesn't run on ${other}`,
            expected: 'nothing',
            got: missing.join(', ') || 'nothing',
          },
          { what: 'rows that were acknowledged and are lost', expected: 'none', got: gone.rows.join(', ') || 'none' },
        ],
      };
    });
  });
}
