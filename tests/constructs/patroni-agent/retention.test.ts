import { listed, python } from './support.ts';

interface Plan {
  readonly base: string | null;
  readonly mark: string[];
  readonly unmark: string[];
  readonly delete: string[];
  readonly refused: string | null;
}

const code = `
from datetime import datetime, timezone
from retention import plan
from walg import _backup
found = plan([_backup(entry) for entry in given['backups']], datetime.now(timezone.utc), 30, 7, given['minimum'])
names = lambda backups: [backup.name[-2:] for backup in backups]
print(json.dumps({'base': found.base and found.base.name[-2:], 'mark': names(found.mark),
  'unmark': names(found.unmark), 'delete': names(found.delete), 'refused': found.refused}))
`;

/** The plan for 30 days of fulls and 7 of WAL; backups are named by the end of their segment. */
function plan(backups: Record<string, unknown>[], minimum = 2): Plan {
  return python(code, { backups, minimum }) as Plan;
}

const nothing = { base: null, mark: [], unmark: [], delete: [], refused: null };

test('without a full before the days of WAL there is nothing to do', () => {
  expect(plan([])).toEqual(nothing);
  expect(plan([listed(6.9, 1), listed(1, 2)])).toEqual(nothing);
});

test('the base is the newest full that was finished before the days of WAL', () => {
  expect(plan([listed(9, 1), listed(8, 2), listed(7.01, 3), listed(6.99, 4), listed(0, 5)]).base).toBe('03');
});

test('fulls between the days of fulls and the base are marked, older ones go', () => {
  const backups = [listed(31, 1), listed(30.01, 2), listed(29.99, 3), listed(15, 4), listed(8, 5), listed(0, 6)];
  expect(plan(backups)).toEqual({ base: '05', mark: ['03', '04'], unmark: [], delete: ['01', '02'], refused: null });
});

test('marks are only changed where they differ', () => {
  const backups = [
    listed(32, 1, { is_permanent: true }),
    listed(20, 2, { is_permanent: true }),
    listed(15, 3),
    listed(8, 4),
    listed(0, 5),
  ];
  expect(plan(backups)).toMatchObject({ mark: ['03'], unmark: ['01'], delete: ['01'] });
});

test('the base stays, however old it is', () => {
  expect(plan([listed(50, 1), listed(40, 2), listed(0, 3)])).toMatchObject({
    base: '02',
    delete: ['01'],
    refused: null,
  });
});

test('nothing is deleted when fewer than the minimum would be left', () => {
  expect(plan([listed(40, 1), listed(35, 2), listed(1, 3)], 3).refused).toBe(
    '2 full backups would be left, at least 3 have to be',
  );
  expect(plan([listed(40, 1), listed(35, 2), listed(1, 3)], 2).refused).toBeNull();
});

test('nothing is deleted when no new backups are made', () => {
  expect(plan([listed(40, 1), listed(35, 2), listed(2.01, 3)]).refused).toMatch(
    /^the newest full backup is of .*older/,
  );
  expect(plan([listed(40, 1), listed(35, 2), listed(1.99, 3)]).refused).toBeNull();
});
