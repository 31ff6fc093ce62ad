import { listed, python, World } from './support.ts';

let world: World;
beforeEach(async () => {
  world = new World();
  await world.start();
});
afterEach(() => world.stop());

/** What a method of Walg gives, or the message it fails with. */
function walg(expression: string): unknown {
  const code = `
from child import ChildFailed
from walg import StorageError, Walg
walg = Walg(given, '/run/sockets')
try:
    print(json.dumps(${expression}, default=str))
except (ChildFailed, StorageError) as error:
    print(json.dumps(f'{type(error).__name__}: {error}'))
`;
  return python(code, world.path('walg.sh'));
}

test('lists full backups by the time they were finished, without the deltas', () => {
  const delta = listed(0, 7, { backup_name: 'base_000000010000000000000007_D_000000010000000000000005' });
  world.list([listed(1, 6), delta, listed(2, 5)]);
  expect(walg('[backup.name for backup in walg.backups()]')).toEqual([
    'base_000000010000000000000005',
    'base_000000010000000000000006',
  ]);
  expect(world.calls('walg.sh')).toEqual(['backup-list --detail --json']);
});

test('reaches PostgreSQL by its socket', () => {
  world.program('walg.sh', 'echo "\\"$PGHOST $PGUSER $PGDATABASE\\""');
  expect(walg(`walg._json('backup-list')`)).toBe('/run/sockets postgres postgres');
});

describe('an empty list', () => {
  test('is taken for one only when a list without details works', () => {
    world.program('walg.sh', 'echo "INFO: No backups found" >&2');
    expect(walg('walg.backups()')).toEqual([]);
    expect(world.calls('walg.sh')).toEqual(['backup-list --detail --json', 'backup-list']);
  });

  test('is an error when the storage cannot be reached, of which WAL-G 1.1 says nothing', () => {
    world.program('walg.sh', '[ $# -eq 3 ] || { echo "ERROR: connection refused" >&2; exit 1; }');
    expect(walg('walg.backups()')).toBe('ChildFailed: walg.sh backup-list ended with 1: ERROR: connection refused');
  });

  test('is an error when there are backups a moment later', () => {
    world.program('walg.sh', '[ $# -eq 3 ] || echo "name modified wal_segment_backup_start"');
    expect(walg('walg.backups()')).toMatch(/^StorageError: .*the storage was away for a moment/);
  });
});

test('a list that cannot be understood is an error', () => {
  world.write('list.json', 'Bad gateway');
  expect(walg('walg.backups()')).toBe('StorageError: the answer of backup-list is no JSON: Bad gateway');
  world.list([{ backup_name: 'base_000000010000000000000005' }]);
  expect(walg('walg.backups()')).toMatch(/^StorageError: the list of backups cannot be understood: KeyError/);
});

test('a child that takes too long is ended', () => {
  world.program('walg.sh', 'exec sleep 30');
  expect(walg(`walg._run('backup-list', timeout=0.2)`)).toBe(
    'ChildFailed: walg.sh took longer than 0.2 s and was ended',
  );
});

test('gives WAL-G the arguments that 1.1 and 3.0 have in common', () => {
  walg(`[walg.push('/data'), walg.mark_permanent('b'), walg.unmark_permanent('b'), walg.delete_before('b')]`);
  expect(world.calls('walg.sh')).toEqual([
    'backup-push /data --full',
    'backup-mark b',
    'backup-mark --impermanent b',
    'delete before FIND_FULL b --use-sentinel-time --confirm',
  ]);
});

describe('the WAL in the archive', () => {
  const name = (end: string, timeline = 1) => `0000000${timeline}00000000000000${end}`;
  const archived = { id: 1, start_segment: name('05'), end_segment: name('09'), missing_segments: [] };
  const lacking = `walg.missing(walg.backups()[:-1], walg.backups()[-1], 1, '')`;

  function archive(...timelines: readonly unknown[]): void {
    world.write('wal.json', JSON.stringify(timelines));
    world.program('walg.sh', 'case $1 in wal-show) cat "$here/wal.json" ;; *) cat "$here/list.json" ;; esac');
  }

  test('is complete when it has what each kept full needs, and everything since the base', () => {
    world.list([listed(20, 5), listed(8, 8)]);
    archive({ ...archived, missing_segments: [name('06'), name('07')] });
    expect(walg(lacking)).toEqual({});
    expect(world.calls('walg.sh')).toContain('wal-show --detailed-json --without-backups');
  });

  test('has to reach to the last byte of a backup, and no further', () => {
    world.list([listed(20, 5, { finish_lsn: 0x7000000 }), listed(8, 8)]);
    archive({ ...archived, missing_segments: [name('07')] });
    expect(walg(lacking)).toEqual({});
    world.list([listed(20, 5, { finish_lsn: 0x7000001 }), listed(8, 8)]);
    expect(walg(lacking)).toEqual({ base_000000010000000000000005: [name('07')] });
  });

  test.each([
    ['a gap', { ...archived, missing_segments: [name('06')] }],
    ['the beginning', { ...archived, start_segment: name('07'), missing_segments: null }],
  ])('that lacks %s is told of the backup', (_what, entry) => {
    world.list([listed(20, 6), listed(8, 8)]);
    archive(entry);
    expect(walg(lacking)).toEqual({ base_000000010000000000000006: [name('06')] });
  });

  test('that lacks the timeline of a backup is told', () => {
    world.list([listed(20, 6), listed(8, 8)]);
    archive({ ...archived, id: 2 });
    expect(walg(lacking)).toMatchObject({ base_000000010000000000000006: [name('06')] });
  });

  test('that lacks something since the base is told of the window', () => {
    world.list([listed(20, 5), listed(8, 7)]);
    archive({ ...archived, missing_segments: [name('08')] });
    expect(walg(lacking)).toEqual({ window: [name('08')] });
    archive({ ...archived, missing_segments: [name('07')] });
    expect(walg(lacking)).toEqual({ window: [name('07')] });
  });

  test('may lack the end of the newest backup, which is on its way', () => {
    world.list([listed(0, 9, { finish_lsn: 0xa000001 })]);
    archive(archived);
    expect(walg(lacking)).toEqual({});
  });

  describe('is looked for', () => {
    const cases = [
      ['after the backup', 1, '', name('08'), [name('06'), name('07'), name('08')]],
      ['nowhere when nothing came after it', 1, '', name('05'), []],
      [
        'on the next timeline from the segment in which it began',
        2,
        '1\t0/7000100\tx\n',
        name('08', 2),
        [name('06'), name('07', 2), name('08', 2)],
      ],
      [
        'on the last timeline where two began in one segment',
        3,
        '1\t0/7000100\tx\n2\t0/7000200\tx\n',
        name('07', 3),
        [name('06'), name('07', 3)],
      ],
      [
        'on each timeline in turn',
        3,
        '1\t0/7000100\tx\n\n2\t0/8000200\tx\n',
        name('08', 3),
        [name('06'), name('07', 2), name('08', 3)],
      ],
      ['up to the switch while the new timeline has nothing yet', 2, '1\t0/7000100\tx\n', null, [name('06')]],
    ] as const;
    const code = `
from types import SimpleNamespace
from walg import window
since = SimpleNamespace(timeline=1, finish_lsn=0x5000100)
print(json.dumps([window(since, *each) for each in given]))
`;
    const found = python(
      code,
      cases.map(([, timeline, history, end]) => [timeline, history, end]),
    ) as string[][];

    test.each(cases.map(([where, , , , names], index) => [where, names, index] as const))(
      '%s',
      (_where, names, index) => {
        expect(found[index]).toEqual(names);
      },
    );
  });

  test('has the history of a timeline, which the first one has not', () => {
    world.program('walg.sh', 'echo "1 0/7000100" >"$3"');
    expect(walg(`[walg.history(1, '${world.folder}'), walg.history(26, '${world.folder}')]`)).toEqual([
      '',
      '1 0/7000100\n',
    ]);
    expect(world.calls('walg.sh')).toEqual([`wal-fetch 0000001A.history ${world.path('0000001A.history')}`]);
  });

  test('is named by timeline, file of 4 GiB and segment', () => {
    expect(python(`from walg import segment_name\nprint(json.dumps(segment_name(26, 0x1ff)))`)).toBe(
      '0000001A00000001000000FF',
    );
  });
});

describe('times of WAL-G and PostgreSQL', () => {
  const code = `
from walg import parse_time
def time(text):
    try:
        return parse_time(text).isoformat()
    except ValueError as error:
        return str(error)
print(json.dumps([time(text) for text in given]))
`;
  const times = [
    ['2026-11-22T10:00:00Z', '2026-11-22T10:00:00+00:00'],
    ['2026-11-22T10:00:00.1234567Z', '2026-11-22T10:00:00.123456+00:00'],
    ['2026-11-22T10:00:00.5Z', '2026-11-22T10:00:00.500000+00:00'],
    ['2026-11-22 10:00:00+00', '2026-11-22T10:00:00+00:00'],
    ['2026-11-22 10:00:00.25+0530', '2026-11-22T04:30:00.250000+00:00'],
    ['2026-11-22 10:00:00 -08:00', '2026-11-22T18:00:00+00:00'],
  ] as const;
  const others = ['2026-11-22', '2026-11-22 10:00:00', 'now', '2026-11-22T10:00:00Zzz'];
  const found = python(code, [...times.map(([text]) => text), ...others]) as string[];

  test.each(times.map((each, index) => [...each, index] as const))('%s is %s', (_text, time, index) => {
    expect(found[index]).toBe(time);
  });

  test.each(others.map((text, index) => [text, times.length + index] as const))('"%s" is none', (text, index) => {
    expect(found[index]).toBe(`"${text}" is no time with a zone, such as 2026-11-22 10:00:00+00`);
  });
});
