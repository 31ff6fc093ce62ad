import { buildPlatform } from '../../../apps/platform.ts';
import { memberLabels } from '../../../prove/components/postgres/members.ts';
import { programsOf } from '../../../prove/drills/area.ts';
import { areas } from '../../../prove/drills/index.ts';
import { superfluous } from '../../../prove/drills/postgres/archive.ts';

const segment = (number: number): string =>
  `00000001${'0'.repeat(8)}${number.toString(16).padStart(8, '0').toUpperCase()}`;
const full = (number: number) => ({ name: `base_${segment(number)}` });

describe('WAL that nobody needs', () => {
  test('is what lies before the window and beside no kept full', () => {
    const all = [1, 2, 10, 11, 12, 30, 31, 32].map(segment);
    expect(superfluous(all, [full(10)], full(31))).toEqual([1, 2, 30].map(segment));
  });

  test('is none where only the window and what kept fulls were made with is left', () => {
    expect(superfluous([10, 11, 31, 32].map(segment), [full(10)], full(31))).toEqual([]);
  });
});

test('the drills look for members by labels that the platform gives them', () => {
  const { owners } = buildPlatform('production');
  const members = owners.filter(({ selector }) =>
    Object.entries(memberLabels('postgres')).every(([key, value]) => selector[key] === value),
  );
  expect(members.map(({ name }) => name)).toEqual(['postgres']);
});

test('both areas of PostgreSQL need what a backup is made with', () => {
  for (const name of ['failover', 'postgres'] as const) expect(programsOf(areas[name])).toContain('wal-g');
});
