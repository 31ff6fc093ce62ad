import { buildPlatform } from '../../../apps/platform.ts';
import { readyAfter } from '../../../prove/drills/updates/order.ts';
import type { Timed } from '../../../prove/drills/updates/order.ts';
import { isStuck, mistakes } from '../../../prove/drills/updates/mistakes.ts';

describe('the database of a release', () => {
  const released = Date.parse('2026-11-23T10:00:00.700Z');
  const pod = (created: string, ready?: string, deleted?: string): Timed => ({
    metadata: {
      name: `made-${created}`,
      creationTimestamp: `2026-11-23T${created}Z`,
      ...(deleted === undefined ? {} : { deletionTimestamp: `2026-11-23T${deleted}Z` }),
    },
    status: {
      conditions: [
        { type: 'Ready', status: ready === undefined ? 'False' : 'True', lastTransitionTime: `2026-11-23T${ready}Z` },
      ],
    },
  });

  test('is ready when its last pod is', () => {
    const pods = [pod('10:00:00', '10:00:20'), pod('10:00:05', '10:00:41'), pod('10:00:06', '10:00:30')];
    expect(readyAfter(released, pods)).toBe(Date.parse('2026-11-23T10:00:41Z'));
  });

  test('is never ready with a pod that is not', () => {
    expect(readyAfter(released, [pod('10:00:01', '10:00:20'), pod('10:00:01')])).toBe(Infinity);
  });

  test('is not judged by pods that are being deleted', () => {
    const pods = [pod('09:00:00', '09:00:10', '10:00:25'), pod('10:00:01', '10:00:20')];
    expect(readyAfter(released, pods)).toBe(Date.parse('2026-11-23T10:00:20Z'));
  });

  test('is refused without any pod', () => {
    expect(() => readyAfter(released, [])).toThrow('the release made no new pods of the database: found none');
  });

  test('is refused with a pod from before the release', () => {
    expect(() => readyAfter(released, [pod('09:59:59', '10:00:20')])).toThrow('found made-09:59:59');
  });
});

describe('a mistake', () => {
  const released = { tag: 'production-7', moment: Date.parse('2026-11-23T10:00:00.700Z') };
  const at = (tag: string) => ({ source: { repoURL: 'https://git.example', targetRevision: `refs/tags/${tag}` } });
  const spec = at('production-7');
  const degraded = (time: string) => ({ health: { status: 'Degraded', lastTransitionTime: `2026-11-23T${time}Z` } });
  const unknown = (type: string) => ({ sync: { status: 'Unknown' }, conditions: [{ type, message: 'why' }] });

  test('is what turned Degraded after its release, or can not be compared', () => {
    expect(isStuck(released, { spec, status: degraded('10:00:01') })).toBe(true);
    expect(isStuck(released, { spec, status: unknown('ComparisonError') })).toBe(true);
  });

  test('is nothing that was Degraded before, also in the same second, or is compared', () => {
    expect(isStuck(released, { spec, status: degraded('10:00:00') })).toBe(false);
    expect(isStuck(released, { spec, status: unknown('SharedResourceWarning') })).toBe(false);
  });

  test('is nothing of the release before', () => {
    const before = at('production-6');
    expect(isStuck(released, { spec: before, status: degraded('10:00:09') })).toBe(false);
    expect(isStuck(released, { spec: before, status: unknown('ComparisonError') })).toBe(false);
  });

  test('is mended by the release of the next one: they are in the order of the waves', () => {
    const { waves } = buildPlatform('production');
    const order = mistakes.map(({ application }) => waves.get(application));
    expect([order.includes(undefined), order]).toEqual([false, order.toSorted((a, b) => a! - b!)]);
  });
});
