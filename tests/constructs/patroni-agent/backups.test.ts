import http from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { listed, python, until, World } from './support.ts';

describe('who makes backups', () => {
  const streaming = (...names: string[]) => names.map((name) => [name, true]);
  const primary = { primary: true, running: true, streaming: false };
  const standby = { primary: false, running: true, streaming: true };
  const cases = [
    ['the primary without standbys', 'postgres-0', { ...primary, standbys: [] }, [], true],
    ['the primary while no standby streams', 'postgres-0', { ...primary, standbys: [['postgres-1', false]] }, [], true],
    ['not the primary while one streams', 'postgres-0', { ...primary, standbys: streaming('postgres-1') }, [], false],
    ['not a primary that does not run', 'postgres-0', { ...primary, running: false, standbys: [] }, [], false],
    ['the standby that streams', 'postgres-1', { ...standby, standbys: [] }, streaming('postgres-1'), true],
    ['the first by name', 'postgres-1', { ...standby, standbys: [] }, streaming('postgres-2', 'postgres-1'), true],
    ['not the second', 'postgres-2', { ...standby, standbys: [] }, streaming('postgres-2', 'postgres-1'), false],
    [
      'not one that does not stream',
      'postgres-1',
      { ...standby, streaming: false, standbys: [] },
      streaming('postgres-1'),
      false,
    ],
    [
      'not one that the primary does not see',
      'postgres-1',
      { ...standby, standbys: [] },
      [['postgres-1', false]],
      false,
    ],
    [
      'the primary while only a cluster that follows it streams',
      'postgres-0',
      { ...primary, standbys: streaming('postgres-2-0') },
      [],
      true,
    ],
    [
      'the standby, whatever the name of a cluster that follows the same primary',
      'postgres-9-1',
      { ...standby, standbys: [] },
      streaming('postgres-10-0', 'postgres-9-1'),
      true,
    ],
    [
      'not the leader of a cluster that follows another one',
      'postgres-2-0',
      { ...standby, standby_leader: true, standbys: [] },
      streaming('postgres-2-0'),
      false,
    ],
  ] as const;
  const code = `
from patroni_api import Standby, View, makes_backups
def view(primary, running, streaming, standbys, standby_leader=False):
    return View(primary=primary, running=running, streaming=streaming, timeline=1, standby_leader=standby_leader, position=(), standbys=tuple(Standby(name, '', streams) for name, streams in standbys))
print(json.dumps([
    makes_backups(name, view(**own), lambda: view(True, True, False, standbys)) for name, own, standbys in given
]))
`;
  const found = python(
    code,
    cases.map(([, name, own, standbys]) => [name, own, standbys]),
  ) as boolean[];

  test.each(cases.map(([who, , , , is], index) => [who, is, index] as const))('%s', (_who, is, index) => {
    expect(found[index]).toBe(is);
  });
});

test('a standby of a cluster that follows another one makes no backups: nobody archives the WAL between', () => {
  const code = `
from patroni_api import Standby, View, makes_backups
def view(**more):
    return View(running=True, timeline=1, position=(), **more)
leader = view(primary=False, streaming=True, standby_leader=True, standbys=(Standby('postgres-2-1', '', True),))
print(json.dumps(makes_backups('postgres-2-1', view(primary=False, streaming=True, standbys=()), lambda: leader)))
`;
  expect(python(code)).toBe(false);
});

test('a failed backup is tried again after 5, 10, 20, 40 and then always 60 minutes', () => {
  const code = `
from backups import retry_delay
print(json.dumps([retry_delay(failures).total_seconds() / 60 for failures in [1, 2, 3, 4, 5, 6, 1000]]))
`;
  expect(python(code)).toEqual([5, 10, 20, 40, 60, 60, 60]);
});

describe('a full backup is due', () => {
  const code = `
from datetime import datetime, timezone
from types import SimpleNamespace
from backups import due
from schedule import Schedule
rules = SimpleNamespace(schedule=Schedule('0 2 * * *'))
time = lambda text: datetime.fromisoformat(text + '+00:00')
print(json.dumps([
    due([SimpleNamespace(started=time(each)) for each in started], rules, time('2026-11-23T12:00')) for started in given
]))
`;
  const cases: [string, string[], boolean][] = [
    ['when there is none at all', [], true],
    ['when none has started since the newest time', ['2026-11-22T02:00', '2026-11-23T01:59'], true],
    ['when a time was missed', ['2026-11-20T02:00'], true],
    ['not when one has started at that time', ['2026-11-23T02:00'], false],
    ['not when one was made in between', ['2026-11-23T11:00'], false],
  ];
  const found = python(
    code,
    cases.map(([, started]) => started),
  ) as boolean[];

  test.each(cases.map(([when, , is], index) => [when, is, index] as const))('%s', (_when, is, index) => {
    expect(found[index]).toBe(is);
  });
});

describe('a member that keeps backups', () => {
  let world: World;
  beforeEach(async () => {
    world = new World();
    await world.start();
  });
  afterEach(() => world.stop());

  /**
   * Runs Python lines with `turn(view, minutes=0)`, a turn so many minutes later, and prints the figures. `alone` is a
   * primary that is chosen, `beside` one that isn't.
   */
  function keep(lines: string): Record<string, number | null> {
    const code = `
from datetime import datetime, timedelta, timezone
import io
import backups, log, settings
from metrics import Figures
from patroni_api import Standby, View
figures = Figures()
keeper = backups.Keeper('postgres-0', figures)
configuration = settings.load(given)
begin = datetime.now(timezone.utc)
log.log_to(io.StringIO())
alone = View(primary=True, running=True, streaming=False, timeline=1, position=(), standbys=())
beside = View(primary=True, running=True, streaming=False, timeline=1, position=(), standbys=(Standby('postgres-1', '127.0.0.1', True),))
def turn(view, minutes=0):
    keeper.turn(configuration, view, begin + timedelta(minutes=minutes))
${lines}
print(json.dumps(vars(figures)))
`;
    return python(code, world.path('agent.json')) as Record<string, number | null>;
  }

  /** An archive with the segments 1 to 9 of the first timeline, but for these. */
  function archive(...missing: string[]): void {
    const ends = { start_segment: '000000010000000000000001', end_segment: '000000010000000000000009' };
    world.write('wal.json', JSON.stringify([{ id: 1, ...ends, missing_segments: missing }]));
  }
  beforeEach(() => archive());

  const called = (start: string) => world.calls('walg.sh').filter((call) => call.startsWith(start)).length;
  const answers = (cases: string) =>
    world.program('walg.sh', `case "$*" in ${cases} *--json*) cat "$here/list.json" ;; esac`);

  test('makes one that is due, then retention, then verifies', () => {
    world.list([listed(40, 1), listed(8, 2), listed(1.5, 3)]);
    answers('wal-show*) cat "$here/wal.json" ;;');
    expect(keep('turn(alone)')).toMatchObject({
      walg_backup_last_result: 1,
      walg_backup_running: 0,
      walg_wal_verify_status: 1,
      walg_kept_backups_incomplete: 0,
    });
    expect(world.calls('walg.sh').map((call) => call.split(' ')[0])).toEqual([
      'backup-list', // what there is
      'backup-list', // whether another member has made one since
      'backup-push',
      'backup-list', // what retention means for it
      'delete',
      'backup-list',
      'wal-show',
    ]);
  });

  test('makes none, and deletes nothing, where another one is chosen', () => {
    world.list([listed(40, 1), listed(8, 2), listed(1.5, 3)]);
    expect(keep('turn(beside)')).toMatchObject({
      walg_storage_up: 1,
      walg_backups: 3,
      walg_backup_last_result: null,
    });
    expect(world.calls('walg.sh')).toEqual(['backup-list --detail --json']);
  });

  test('makes none while Patroni does not say who is chosen', () => {
    world.list([]);
    keep('turn(None)');
    expect(called('backup-push')).toBe(0);
  });

  test('makes none while the storage cannot say what there is', () => {
    answers('*backup-list*) exit 1 ;;');
    expect(keep('turn(alone)')).toMatchObject({ walg_storage_up: 0, walg_backups: null });
    expect(called('backup-push')).toBe(0);
  });

  test('makes none that another member has made since it last looked', () => {
    world.list([listed(3, 1)]);
    answers('wal-show*) cat "$here/wal.json" ;;');
    world.write('newer.json', JSON.stringify([listed(3, 1), listed(0, 2)]));
    keep(`turn(beside)
import shutil
shutil.copy('${world.path('newer.json')}', '${world.path('list.json')}')
turn(alone, 1)`);
    expect(called('backup-push')).toBe(0);
  });

  test('tries a failed one again after five minutes, then after ten', () => {
    world.list([]);
    answers('backup-push*) exit 1 ;;');
    const pushes = (lines: string) => {
      const before = called('backup-push');
      keep(lines);
      return called('backup-push') - before;
    };
    expect(pushes('turn(alone)')).toBe(1);
    expect(pushes('turn(alone); turn(alone, 4.9)')).toBe(1);
    expect(pushes('turn(alone); turn(alone, 5.1)')).toBe(2);
    // A failure counts from the real time at which it happened.
    expect(pushes('turn(alone); turn(alone, 5.1); turn(None, 9); turn(alone, 9.9)')).toBe(2);
    expect(pushes('turn(alone); turn(alone, 5.1); turn(alone, 10.2)')).toBe(3);
  });

  test('shows that the last one failed', () => {
    world.list([]);
    answers('backup-push*) exit 1 ;;');
    expect(keep('turn(alone)')).toMatchObject({ walg_backup_last_result: 0, walg_backup_running: 0 });
  });

  test('shows no old failure once another member is chosen', () => {
    world.list([]);
    answers('backup-push*) exit 1 ;;');
    expect(keep('turn(alone); turn(beside, 1)')).toMatchObject({
      walg_backup_last_result: null,
      walg_backup_last_duration_seconds: null,
      walg_wal_verify_status: null,
    });
  });

  test('lists every five minutes, and shows the newest and the oldest', () => {
    const fulls = [listed(3, 1), listed(0, 2)];
    world.list(fulls);
    const figures = keep('turn(beside); turn(beside, 4.9); turn(beside, 5)');
    expect(called('backup-list')).toBe(2);
    const seconds = (time: unknown) => Date.parse(time as string) / 1000;
    expect(figures.walg_backup_oldest_finish_timestamp_seconds).toBeCloseTo(seconds(fulls[0]!.finish_time), 2);
    expect(figures.walg_backup_newest_finish_timestamp_seconds).toBeCloseTo(seconds(fulls[1]!.finish_time), 2);
  });

  test('verifies once a day, and again after an hour when that did not work', () => {
    const yearly = { schedule: '0 0 1 1 *', keepFullDays: 30, keepWalDays: 7, minimumFulls: 2 };
    world.configure({ backups: yearly });
    answers('wal-show*) cat "$here/wal.json" ;;');
    expect(keep('turn(alone); turn(alone, 60); turn(alone, 1439)')).toMatchObject({ walg_wal_verify_status: 1 });
    expect(called('wal-show')).toBe(1);
    world.write('wal.json', 'no connection');
    expect(keep('turn(alone); turn(alone, 59); turn(alone, 61)')).toMatchObject({ walg_wal_verify_status: null });
    expect(called('wal-show')).toBe(3);
  });

  test('shows a gap since the oldest full of the window, apart from kept older fulls that lack WAL of their own', () => {
    const kept = [listed(20, 1, { is_permanent: true }), listed(15, 3, { is_permanent: true })];
    world.list([...kept, listed(8, 5), listed(4, 7), listed(0, 9)]);
    answers('wal-show*) cat "$here/wal.json" ;;');
    archive('000000010000000000000003');
    expect(keep('turn(alone)')).toMatchObject({ walg_wal_verify_status: 1, walg_kept_backups_incomplete: 1 });
    archive('000000010000000000000007');
    expect(keep('turn(alone)')).toMatchObject({ walg_wal_verify_status: 0, walg_kept_backups_incomplete: 0 });
  });

  test('does nothing where there is no storage', () => {
    world.configure({ backups: null });
    expect(Object.values(keep('turn(alone)')).every((value) => value === null)).toBe(true);
    expect(world.calls('walg.sh')).toEqual([]);
  });

  test.each([
    ['waits while', 'walg_backup_running{cluster="postgres"} 1\n', true],
    ['goes on when', 'walg_backup_running{cluster="postgres"} 0\n', false],
  ])('%s the agent of another member says %s', async (_what, metrics, expected) => {
    const server = http.createServer((_request, response) => response.end(metrics));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    world.list([]);
    world.configure({ metricsPort: port });
    const turn = world.write(
      'turn.py',
      `import sys
from datetime import datetime, timezone
import backups, settings
from metrics import Figures
from patroni_api import Standby, View
view = View(primary=True, running=True, streaming=False, timeline=1, position=(), standbys=(Standby('postgres-1', '127.0.0.1', False),))
backups.Keeper('postgres-0', Figures()).turn(settings.load(sys.argv[1]), view, datetime.now(timezone.utc))
`,
    );
    await world.runBeside(turn, [world.path('agent.json')]);
    server.closeAllConnections();
    server.close();
    expect(called('backup-push')).toBe(expected ? 0 : 1);
  });
});

describe('the agent of a standby', () => {
  let world: World;
  beforeEach(async () => {
    world = new World();
    await world.start();
  });
  afterEach(() => world.stop());

  test('asks the primary whether it is chosen, makes a backup, and shows it', async () => {
    world.patroni.own = { role: 'replica', state: 'running', replication_state: 'streaming' };
    world.patroni.primary = {
      role: 'primary',
      state: 'running',
      replication: [{ application_name: 'postgres-0', client_addr: '10.0.0.1', state: 'streaming' }],
    };
    world.program('psql', 'case $(cat) in *primary_conninfo*) echo "host=localhost port=5432" ;; esac');
    world.list([]);
    world.write('made.json', JSON.stringify([listed(0, 1)]));
    world.program(
      'walg.sh',
      'case "$*" in backup-push*) cp "$here/made.json" "$here/list.json" ;; *--json*) cat "$here/list.json" ;; esac',
    );
    const agent = world.agent();
    await agent.said(/^full backup finished$/);
    await until(
      async () => (await agent.metrics()).walg_backups === 1,
      () => 'the backup is shown',
    );
    expect(await agent.metrics()).toMatchObject({ walg_backup_last_result: 1, walg_retention_last_result: 1 });
  });
});
