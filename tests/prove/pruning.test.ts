import { setTimeout as delay } from 'node:timers/promises';
import type { Cluster } from '../../prove/cluster/handle.ts';
import { confirmingPruning } from '../../prove/components/argocd/pruning.ts';

describe('who confirms a removal while no API answers', () => {
  // No server has power.
  const cluster = { plan: { nodes: [] } } as unknown as Cluster;
  const said: string[] = [];
  const ground = { cluster, report: (line: string) => said.push(line) };

  test('says so, and leaves the outcome to what waits for it', async () => {
    const action = () => delay(50, 'done');
    expect(await confirmingPruning(ground, 'data', action)).toBe('done');
    expect(said).toEqual([expect.stringContaining("can't confirm what data asks to remove: ")]);
  });

  test('does not hide why what waited has failed', async () => {
    const failing = () => Promise.reject(new Error('redis-1 is still there'));
    await expect(confirmingPruning(ground, 'data', failing)).rejects.toThrow('redis-1 is still there');
  });
});
