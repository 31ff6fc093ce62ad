import json
import threading
import unittest
from dataclasses import replace
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from unittest import mock

import due
from backups import Keeper
from metrics import Figures
from patroni_api import Standby, View, makes_backups
from retaining import keep, retain
from schedule import Schedule
from settings import Backups
from support import NOW, Call, WorldTest, archived, at, each, full, listed
from wal import segment_name
from walg import StorageError, Walg


def view(
    primary: bool, streaming: bool, *standbys: Standby, running: bool = True, standby_leader: bool = False
) -> View:
    return View(
        primary=primary,
        running=running,
        streaming=streaming,
        position=(),
        timeline=1,
        standbys=standbys,
        standby_leader=standby_leader,
    )


def streaming(*names: str) -> tuple[Standby, ...]:
    return tuple(Standby(name, '', True) for name in names)


def still(*names: str) -> tuple[Standby, ...]:
    return tuple(Standby(name, '', False) for name in names)


ALONE = view(True, False)
STANDBY = view(False, True)


class WhoMakesBackups(unittest.TestCase):
    """who makes backups"""

    @each(
        ('the primary without standbys', 'postgres-0', ALONE, (), True),
        ('the primary while no standby streams', 'postgres-0', view(True, False, *still('postgres-1')), (), True),
        ('not the primary while one streams', 'postgres-0', view(True, False, *streaming('postgres-1')), (), False),
        ('not a primary that does not run', 'postgres-0', view(True, False, running=False), (), False),
        ('the standby that streams', 'postgres-1', STANDBY, streaming('postgres-1'), True),
        ('the first by name', 'postgres-1', STANDBY, streaming('postgres-2', 'postgres-1'), True),
        ('not the second', 'postgres-2', STANDBY, streaming('postgres-2', 'postgres-1'), False),
        ('not one that does not stream', 'postgres-1', view(False, False), streaming('postgres-1'), False),
        ('not one that the primary does not see', 'postgres-1', STANDBY, still('postgres-1'), False),
        (
            'the primary while only a cluster that follows it streams',
            'postgres-0',
            view(True, False, *streaming('postgres-2-0')),
            (),
            True,
        ),
        (
            'the standby whatever the name of a cluster that follows the same primary',
            'postgres-9-1',
            STANDBY,
            streaming('postgres-10-0', 'postgres-9-1'),
            True,
        ),
        (
            'not the leader of a cluster that follows another one',
            'postgres-2-0',
            view(False, True, standby_leader=True),
            streaming('postgres-2-0'),
            False,
        ),
    )
    def test_is(self, _: str, name: str, own: View, standbys: tuple[Standby, ...], chosen: bool) -> None:
        self.assertIs(makes_backups(name, own, lambda: view(True, False, *standbys)), chosen)

    def test_is_no_standby_of_a_cluster_that_follows_another_one_as_nobody_archives_the_wal_between(self) -> None:
        leader = view(False, True, *streaming('postgres-2-1'), standby_leader=True)
        self.assertIs(makes_backups('postgres-2-1', STANDBY, lambda: leader), False)


class WhenABackupIsDue(unittest.TestCase):
    """a full backup"""

    @each(
        ('when there is none at all', [], True),
        ('when none has started since the newest time', ['2026-11-22T02:00', '2026-11-23T01:59'], True),
        ('when a time was missed', ['2026-11-20T02:00'], True),
        ('not when one has started at that time', ['2026-11-23T02:00'], False),
        ('not when one was made in between', ['2026-11-23T11:00'], False),
    )
    def test_is_due(self, _: str, started: list[str], expected: bool) -> None:
        rules = Backups(Schedule('0 2 * * *'), keep_full_days=30, keep_wal_days=7, minimum_fulls=2)
        made = [full(0, 1, start_time=f'{time}:00Z') for time in started]
        self.assertIs(due.by_schedule(made, rules, datetime.fromisoformat('2026-11-23T12:00+00:00')), expected)

    def test_that_failed_is_tried_again_after_5_10_20_40_and_then_always_60_minutes(self) -> None:
        minutes = [due.after_failures(failures).total_seconds() / 60 for failures in [1, 2, 3, 4, 5, 6, 1000]]
        self.assertEqual(minutes, [5, 10, 20, 40, 60, 60, 60])


class RetainingBackups(WorldTest):
    """retention in the archive"""

    def setUp(self) -> None:
        super().setUp()
        self.notes: set[str] = set()
        self.missing: list[str] = []
        self.objects: list[str] = []
        self.fails = ''
        self.world.programs['walg.sh'] = self.program
        self.world.backups = [listed(40, 1), listed(20, 2), listed(8, 3), listed(0, 4)]
        self.walg = Walg('/scripts/walg.sh', '/run/sockets')

    def program(self, call: Call) -> str:
        """WAL-G over the backups and the notes, as far as retention asks it."""
        if self.fails and call.line.startswith(self.fails):
            raise call.fails(1)
        named = {backup['backup_name']: backup for backup in self.world.backups}
        if call.arguments[0] == 'backup-mark':
            named[call.arguments[-1]]['is_permanent'] = '--impermanent' not in call.arguments
        if call.line.startswith('delete before'):
            base = self.world.backups.index(named[call.arguments[3]])
            before = [backup for backup in self.world.backups[:base] if backup['is_permanent']]
            self.world.backups = before + self.world.backups[base:]
        note = call.arguments[-1].removeprefix('retention_marks/')
        if call.line.startswith('st put'):
            self.notes.add(note)
        if call.line.startswith('st rm basebackups_005/'):
            self.objects.remove(note.removeprefix('basebackups_005/'))
        elif call.line.startswith('st rm'):
            self.notes.remove(note)
        if call.line == 'st ls --recursive basebackups_005':
            return '\n'.join(['type size last modified name', *(f'obj 1 - {name}' for name in self.objects)])
        if call.line.startswith('st ls'):
            return '\n'.join(['type size last modified name', *(f'obj 1 - {note}' for note in self.notes)])
        if call.arguments[0] == 'wal-show':
            return json.dumps([archived(1, 1, 9, *self.missing)])
        return json.dumps(self.world.backups) if '--json' in call.arguments else ''

    def retain(self, days: float = 0) -> list[str]:
        """So many days later; the fulls that are left, those that are marked with a star."""
        now = NOW + timedelta(days=days)
        rules = Backups(Schedule('0 2 * * *'), keep_full_days=30, keep_wal_days=7, minimum_fulls=2)
        self.worked = retain(self.walg, rules, now)
        return self.left()

    def left(self) -> list[str]:
        return [f'{each["backup_name"][-1]}{"*" if each["is_permanent"] else ""}' for each in self.world.backups]

    def by_hand(self, segment: int) -> None:
        self.walg.mark_permanent(f'base_00000001000000000000000{segment}')

    def test_unmarks_and_deletes_what_it_had_marked_itself(self) -> None:
        self.assertEqual(self.retain(), ['2*', '3', '4'])
        self.world.backups.append(listed(-11, 5))
        self.assertEqual(self.retain(11), ['3*', '4', '5'])
        self.assertEqual(self.notes, {'00000001-00000000-00000003'})

    def test_leaves_what_a_person_marked_before_its_time_or_past_it(self) -> None:
        for segment in (1, 3):
            self.by_hand(segment)
        self.assertEqual(self.retain(), ['1*', '2*', '3*', '4'])
        self.world.backups.append(listed(-30, 5))
        self.assertEqual(self.retain(30), ['1*', '3*', '4', '5'])

    def test_leaves_what_it_had_marked_and_a_person_keeps(self) -> None:
        self.retain()
        keep(self.walg, 'base_000000010000000000000002')
        self.world.backups.append(listed(-11, 5))
        self.assertEqual(self.retain(11), ['2*', '3*', '4', '5'])

    def test_deletes_what_a_person_marked_and_unmarks(self) -> None:
        self.by_hand(1)
        self.retain()
        self.walg.unmark_permanent('base_000000010000000000000001')
        self.assertEqual(self.retain(), ['2*', '3', '4'])

    @each(('st ls', ['1', '2', '3', '4']), ('st put', ['1', '2', '3', '4']), ('delete', ['1', '2*', '3', '4']))
    def test_leaves_no_mark_that_would_be_taken_for_a_persons_when_it_fails_at(self, at: str, left: list[str]) -> None:
        self.fails = at
        self.assertEqual((self.retain(), self.worked), (left, False))
        self.fails = ''
        self.assertEqual((self.retain(), self.worked), (['2*', '3', '4'], True))
        self.assertEqual(self.notes, {'00000001-00000000-00000002'})

    def test_deletes_and_marks_nothing_while_wal_is_missing_in_the_window(self) -> None:
        # In the other one nothing is left that it could be recovered with.
        for segment, left, worked in ((3, ['1', '2', '3', '4'], False), (2, ['2*', '3', '4'], True)):
            self.missing = [segment_name(1, segment)]
            self.assertEqual((self.retain(), self.worked), (left, worked))

    def test_deletes_what_attempts_that_never_ended_have_left_and_none_that_may_still_run(self) -> None:
        self.objects = [f'base_{"0" * 7}1{segment:016X}/tar_partitions/part_001.tar.lz4' for segment in (1, 2, 3, 5)]
        delta = 'base_000000010000000000000003_D_000000010000000000000002'
        self.objects += [f'{delta}/metadata.json', f'{delta}_backup_stop_sentinel.json']
        ended = [f'base_00000001000000000000000{segment}_backup_stop_sentinel.json' for segment in (1, 4)]
        self.objects += ended
        self.world.backups = [listed(8, 1), listed(1.1, 4), listed(0, 6)]
        self.retain()
        left = [name for name in self.objects if name.endswith('part_001.tar.lz4')]
        self.assertEqual([name[28] for name in left], ['1', '5'])
        self.assertEqual(len(self.objects), 2 + 2 + 2)

    def test_keeps_nothing_that_is_not_there(self) -> None:
        with self.assertRaisesRegex(StorageError, 'no full backup base_0; `status` lists them'):
            keep(self.walg, 'base_0')


# A primary that isn't chosen.
BESIDE = view(True, False, Standby('postgres-1', '127.0.0.1', True))


class KeepingBackups(WorldTest):
    """a member that keeps backups"""

    def setUp(self) -> None:
        super().setUp()
        self.begin()
        # The answers of WAL-G by how it is called; what is in the archive: segments 1 to 9 of the first timeline.
        self.answers: dict[str, str | None] = {}
        self.world.programs['walg.sh'] = self.walg
        self.archive()

    def begin(self) -> None:
        self.figures = Figures()
        self.keeper = Keeper('postgres-0', self.figures)

    def walg(self, call: Call) -> str:
        for start, answer in self.answers.items():
            if call.line.startswith(start):
                if answer is None:
                    raise call.fails(1)
                return answer
        return json.dumps(self.world.backups) if '--json' in call.arguments else ''

    def archive(self, *missing: str) -> None:
        self.answers['wal-show'] = json.dumps([archived(1, 1, 9, *missing)])

    def turn(self, view: View | None, minutes: float = 0) -> None:
        """A turn so many minutes later."""
        moment = NOW + timedelta(minutes=minutes)
        with mock.patch('backups.datetime', at(moment)):
            self.keeper.turn(self.world.settings(), view, moment)

    def verified(self) -> tuple[float | None, float | None]:
        return self.figures.walg_wal_verify_status, self.figures.walg_kept_backups_incomplete

    def called(self, start: str) -> int:
        return len(self.world.called('walg.sh', start))

    def test_makes_one_that_is_due_then_retention_then_verifies(self) -> None:
        self.world.backups = [listed(40, 1), listed(8, 2), listed(1.4, 3)]
        self.turn(ALONE)
        self.assertEqual(self.figures.walg_backup_last_result, 1)
        self.assertEqual(self.figures.walg_backup_running, 0)
        self.assertEqual(self.figures.walg_wal_verify_status, 1)
        self.assertEqual(self.figures.walg_kept_backups_incomplete, 0)
        expected = [
            'backup-list',  # what there is
            'backup-list',  # whether another member has made one since
            'backup-push',
            'st',  # which marks are retention's
            'backup-list',  # what retention means for it
            'st',  # what attempts that failed have left
            'wal-show',  # whether all WAL of the window is there
            'delete',
            'backup-list',
            'wal-show',
        ]
        self.assertEqual([line.split(' ')[0] for line in self.world.called('walg.sh')], expected)

    def test_made_by_hand_deletes_nothing_while_wal_is_missing_in_the_window(self) -> None:
        self.world.backups = [listed(40, 1), listed(8, 2), listed(1.4, 3)]
        self.archive(segment_name(1, 5))
        with mock.patch('backups.datetime', at(NOW)):
            self.assertTrue(self.keeper.make(self.world.settings()))
        self.assertEqual(self.called('delete'), 0)
        self.assertEqual(self.figures.walg_retention_last_result, 0)

    def test_makes_none_and_deletes_nothing_where_another_one_is_chosen(self) -> None:
        self.world.backups = [listed(40, 1), listed(8, 2), listed(1.5, 3)]
        self.turn(BESIDE)
        self.assertEqual((self.figures.walg_storage_up, self.figures.walg_backups), (1, 3))
        self.assertIsNone(self.figures.walg_backup_last_result)
        self.assertEqual(self.world.called('walg.sh'), ['backup-list --detail --json'])

    def test_makes_none_while_patroni_does_not_say_who_is_chosen(self) -> None:
        self.world.backups = []
        self.turn(None)
        self.assertEqual(self.called('backup-push'), 0)

    def test_makes_none_while_the_storage_cannot_say_what_there_is(self) -> None:
        self.answers['backup-list'] = None
        self.turn(ALONE)
        self.assertEqual((self.figures.walg_storage_up, self.figures.walg_backups), (0, None))
        self.assertEqual(self.called('backup-push'), 0)

    def test_makes_one_and_shows_the_newest_in_time_beside_one_that_a_wrong_clock_dated_into_the_future(self) -> None:
        self.world.backups = [listed(1.4, 1), listed(-60, 2)]
        self.turn(ALONE)
        self.assertEqual(self.called('backup-push'), 1)
        newest = (NOW - timedelta(days=1.4)).timestamp()
        self.assertEqual(self.figures.walg_backup_newest_finish_timestamp_seconds, newest)

    def test_lets_retention_make_room_where_the_storage_takes_no_backup(self) -> None:
        self.world.backups = [listed(40, 1), listed(8, 2), listed(0.9, 3)]
        self.answers['backup-push'] = None
        self.turn(ALONE)
        self.assertEqual((self.called('delete before'), self.figures.walg_backup_last_result), (1, 0))

    def test_makes_none_that_another_member_has_made_since_it_last_looked(self) -> None:
        self.world.backups = [listed(3, 1)]
        self.turn(BESIDE)
        self.world.backups = [listed(3, 1), listed(0, 2)]
        self.turn(ALONE, 1)
        self.assertEqual(self.called('backup-push'), 0)

    def test_tries_a_failed_one_again_after_five_minutes_then_after_ten(self) -> None:
        self.world.backups = []
        self.answers['backup-push'] = None
        for minutes, pushes in [(0, 1), (4.9, 1), (5.1, 2), (9, 2), (15, 2), (15.2, 3)]:
            self.turn(ALONE, minutes)
            self.assertEqual(self.called('backup-push'), pushes, f'after {minutes} minutes')

    def test_counts_a_failure_from_when_it_happened_and_not_from_the_turn_that_began_it(self) -> None:
        self.world.backups = []
        self.answers['backup-push'] = None
        # This backup fails after an hour.
        with mock.patch('backups.datetime', at(NOW + timedelta(minutes=60))):
            self.keeper.turn(self.world.settings(), ALONE, NOW)
        for minutes, pushes in [(64.9, 1), (65.1, 2)]:
            self.turn(ALONE, minutes)
            self.assertEqual(self.called('backup-push'), pushes, f'after {minutes} minutes')

    def test_shows_that_the_last_one_failed(self) -> None:
        self.world.backups = []
        self.answers['backup-push'] = None
        self.turn(ALONE)
        self.assertEqual((self.figures.walg_backup_last_result, self.figures.walg_backup_running), (0, 0))

    def test_shows_no_old_failure_once_another_member_is_chosen(self) -> None:
        self.world.backups = []
        self.answers['backup-push'] = None
        self.turn(ALONE)
        self.turn(BESIDE, 1)
        self.assertIsNone(self.figures.walg_backup_last_result)
        self.assertIsNone(self.figures.walg_backup_last_duration_seconds)
        self.assertIsNone(self.figures.walg_wal_verify_status)

    def test_lists_again_soon_where_the_storage_was_away_or_none_is_made_after_a_failover(self) -> None:
        self.answers['backup-list'] = None
        self.turn(BESIDE)
        self.turn(BESIDE, 0.4)
        self.assertEqual(self.called('backup-list'), 1)
        del self.answers['backup-list']
        self.turn(BESIDE, 0.6)
        self.assertEqual(self.figures.walg_storage_up, 1)

    def test_lets_the_last_wal_of_a_standbys_backup_be_archived_where_it_is_the_primary(self) -> None:
        self.world.backups = [listed(3, 1), listed(0, 2)]
        for minutes in (0, 1, 5):
            self.turn(BESIDE, minutes)
        asked = [call for call in self.world.calls if 'pg_switch_wal' in call.stdin]
        self.assertEqual([f"position '{0x2000100}'" in call.stdin for call in asked], [True, True])

    def test_lets_the_primary_end_the_last_segment_of_a_backup(self) -> None:
        self.world.patroni.primary = {'role': 'primary', 'state': 'running', 'timeline': 1}
        self.turn(STANDBY)
        self.assertFalse([call for call in self.world.calls if 'pg_switch_wal' in call.stdin])

    def test_lists_every_five_minutes_and_shows_the_newest_and_the_oldest(self) -> None:
        self.world.backups = [listed(3, 1), listed(0, 2)]
        for minutes in (0, 4.9, 5):
            self.turn(BESIDE, minutes)
        self.assertEqual(self.called('backup-list'), 2)
        oldest, newest = (NOW - timedelta(days=3)).timestamp(), NOW.timestamp()
        self.assertEqual(self.figures.walg_backup_oldest_finish_timestamp_seconds, oldest)
        self.assertEqual(self.figures.walg_backup_newest_finish_timestamp_seconds, newest)

    def test_verifies_once_a_day_and_again_after_an_hour_when_that_did_not_work(self) -> None:
        yearly = {'schedule': '0 0 1 1 *', 'keepFullDays': 30, 'keepWalDays': 7, 'minimumFulls': 2}
        self.world.configure(backups=yearly)
        for minutes in (0, 60, 1439):
            self.turn(ALONE, minutes)
        self.assertEqual((self.figures.walg_wal_verify_status, self.called('wal-show')), (1, 1))
        self.begin()
        self.answers['wal-show'] = 'no connection'
        for minutes in (0, 59, 61):
            self.turn(ALONE, minutes)
        self.assertEqual((self.figures.walg_wal_verify_status, self.called('wal-show')), (None, 3))

    def test_shows_no_longer_that_all_wal_is_there_where_nobody_can_tell_any_more(self) -> None:
        self.turn(ALONE)
        self.assertEqual(self.verified(), (1, 0))
        self.answers['wal-show'] = 'no connection'
        self.turn(ALONE, 1441)
        self.assertEqual(self.verified(), (None, None))

    def test_makes_one_a_minute_after_a_promotion_and_no_second_one(self) -> None:
        self.turn(ALONE)
        promoted = replace(ALONE, timeline=2)
        self.turn(promoted, 10)
        self.turn(promoted, 10.9)
        self.assertEqual(self.called('backup-push'), 0)
        self.answers['backup-push'] = ''
        self.turn(promoted, 11)
        self.assertEqual(self.called('backup-push'), 1)
        self.world.backups = [listed(0, 9), listed(-11 / 1440, 11, timeline=2)]
        for minutes in (12, 20, 30, 90):
            self.turn(promoted, minutes)
        self.assertEqual(self.called('backup-push'), 1)

    def test_takes_none_for_one_after_a_promotion_that_needs_what_the_primary_before_wrote(self) -> None:
        ends_later = listed(0, 10, finish_lsn=0xF000200)
        of_the_lost_primary = listed(0, 15)
        promoted = replace(ALONE, timeline=2)
        self.answers['backup-push'] = ''
        for kind, newest in enumerate((ends_later, of_the_lost_primary), start=1):
            self.begin()
            self.world.backups = [listed(1, 9), newest]
            self.turn(promoted)
            self.turn(promoted, 1)
            self.assertEqual(self.called('backup-push'), kind)

    def test_makes_no_other_within_the_hour_where_a_standby_still_begins_before_the_promotion(self) -> None:
        promoted = replace(ALONE, timeline=2)
        self.answers['backup-push'] = ''
        self.turn(promoted)
        self.turn(promoted, 1)
        # Its last restart point is on the timeline before.
        self.world.backups = [listed(0, 9), listed(-11 / 1440, 10, finish_lsn=0xB000200)]
        for minutes, made in [(2, 1), (60, 1), (61, 2)]:
            self.turn(promoted, minutes)
            self.assertEqual(self.called('backup-push'), made, minutes)

    def test_waits_with_a_standbys_until_that_begins_on_the_timeline_of_its_primary(self) -> None:
        self.world.backups = []
        self.answers['backup-push'] = ''
        answers = ['6 of 7', '6 of 7', '']
        self.world.programs['psql'] = lambda call: answers.pop(0) if 'pg_control_checkpoint' in call.stdin else ''
        with mock.patch('backups.time.sleep') as sleep:
            self.turn(ALONE)
        self.assertEqual((sleep.call_count, self.called('backup-push')), (2, 1))

    def test_fails_where_a_standbys_would_begin_on_a_timeline_before_for_five_minutes(self) -> None:
        self.world.backups = []
        self.world.programs['psql'] = lambda call: '6 of 7' if 'pg_control_checkpoint' in call.stdin else ''
        with mock.patch('backups.time') as clock:
            clock.monotonic.side_effect = [0, 299, 301]
            self.turn(ALONE)
        self.assertEqual((self.called('backup-push'), self.figures.walg_backup_last_result), (0, 0))
        [failed] = self.world.said('full backup failed')
        self.assertEqual(failed['error'], 'after 300 s the last restart point is still on timeline 6 of 7')

    def test_shows_a_gap_of_the_window_apart_from_kept_older_fulls_that_lack_wal_of_their_own(self) -> None:
        kept = [listed(20, 1, is_permanent=True), listed(15, 3, is_permanent=True)]
        self.world.backups = [*kept, listed(8, 5), listed(4, 7), listed(0, 9)]
        for lost, status, incomplete in [('03', 1, 1), ('07', 0, 0)]:
            self.begin()
            self.archive(f'0000000100000000000000{lost}')
            self.turn(ALONE)
            self.turn(ALONE, 5)
            self.assertEqual(self.verified(), (status, incomplete))

    def test_shows_a_gap_of_the_window_that_begins_with_a_full_that_a_person_marked(self) -> None:
        marked = {'is_permanent': True}
        for backups in ([listed(8, 5, **marked), listed(0, 9)], [listed(8, 5, **marked), listed(0, 9, **marked)]):
            self.world.backups = backups
            self.begin()
            self.archive('000000010000000000000007')
            self.turn(ALONE)
            self.turn(ALONE, 5)
            self.assertEqual(self.verified(), (0, 0))

    def test_shows_no_gap_that_is_filled_while_it_looks_as_after_a_failover(self) -> None:
        self.world.backups = [listed(8, 5), listed(0, 9)]
        self.archive('000000010000000000000007')
        self.turn(ALONE)
        self.assertEqual((self.verified(), self.called('wal-show')), ((None, None), 1))
        for missing in (['000000010000000000000008'], []):
            self.begin()
            self.archive('000000010000000000000007')
            self.turn(ALONE)
            self.archive(*missing)
            self.turn(ALONE, 5)
            self.assertEqual(self.verified(), (1, 0), missing)

    def test_looks_after_an_hour_whether_a_gap_is_still_there(self) -> None:
        yearly = {'schedule': '0 0 1 1 *', 'keepFullDays': 30, 'keepWalDays': 7, 'minimumFulls': 2}
        self.world.configure(backups=yearly)
        self.world.backups = [listed(8, 5), listed(0, 9)]
        self.archive('000000010000000000000007')
        for minutes in (0, 5):
            self.turn(ALONE, minutes)
        self.archive()
        for minutes, status in [(64, 0), (66, 1)]:
            self.turn(ALONE, minutes)
            self.assertEqual(self.verified(), (status, 0))

    def test_makes_another_one_each_hour_while_the_newest_lacks_wal_of_its_own(self) -> None:
        self.world.backups = [listed(8, 3), listed(0, 5, finish_lsn=0x7000100)]
        self.archive(segment_name(1, 6))
        self.answers['backup-push'] = ''
        for minutes, pushes in [(0, 0), (5, 0), (49, 0), (51, 1)]:
            self.turn(ALONE, minutes)
            self.assertEqual(self.called('backup-push'), pushes, f'after {minutes} minutes')
        self.world.backups.append(listed(-0.035, 8))
        for minutes in (52, 110, 220):
            self.turn(ALONE, minutes)
        self.assertEqual(self.called('backup-push'), 1)

    def test_does_nothing_where_there_is_no_storage(self) -> None:
        self.world.configure(backups=None)
        self.turn(ALONE)
        self.assertEqual(self.figures, Figures())
        self.assertEqual(self.world.called('walg.sh'), [])

    @each(
        ('waits while', 'walg_backup_running{cluster="postgres"} 1\n', 0),
        ('goes on when', 'walg_backup_running{cluster="postgres"} 0\n', 1),
    )
    def test_asks_the_agent_of_another_member_and(self, _: str, metrics: str, pushes: int) -> None:
        class Agent(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.wfile.write(b'HTTP/1.0 200 OK\r\n\r\n' + metrics.encode())

            def log_message(self, format: str, *args: Any) -> None:
                """Nobody reads it."""

        self.world.backups = []
        with ThreadingHTTPServer(('127.0.0.1', 0), Agent) as server:
            threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
            self.world.configure(metricsPort=server.server_address[1])
            self.turn(view(True, False, Standby('postgres-1', '127.0.0.1', False)))
            server.shutdown()
        self.assertEqual(self.called('backup-push'), pushes)
