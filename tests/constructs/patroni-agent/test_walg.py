import json
import tempfile
import unittest
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from child import ChildFailed
from support import Call, Program, WorldTest, archived, each, full, listed
from wal import Lineage, segment_name
from walg import StorageError, Walg, parse_time, window


def name(end: str, timeline: int = 1) -> str:
    return f'0000000{timeline}00000000000000{end}'


class WalgTest(WorldTest):
    def setUp(self) -> None:
        super().setUp()
        self.walg = Walg('/scripts/walg.sh', '/run/sockets')

    def answers(self, program: Program) -> None:
        self.world.programs['walg.sh'] = program

    def calls(self) -> list[str]:
        return self.world.called('walg.sh')


class Listing(WalgTest):
    """the list of backups"""

    def test_has_full_backups_by_the_time_they_were_finished_without_the_deltas(self) -> None:
        delta = listed(0, 7, backup_name='base_000000010000000000000007_D_000000010000000000000005')
        self.world.backups = [listed(1, 6), delta, listed(2, 5)]
        found = [backup.name for backup in self.walg.backups()]
        self.assertEqual(found, ['base_000000010000000000000005', 'base_000000010000000000000006'])
        self.assertEqual(self.calls(), ['backup-list --detail --json'])

    def test_is_made_by_who_reaches_postgresql_by_its_socket(self) -> None:
        self.walg.backups()
        environment = {'PGHOST': '/run/sockets', 'PGUSER': 'postgres', 'PGDATABASE': 'postgres'}
        self.assertEqual(self.world.calls[0].environment, environment)

    def test_that_is_empty_is_taken_for_one_only_when_a_list_without_details_works(self) -> None:
        self.answers(lambda call: '')
        self.assertEqual(self.walg.backups(), [])
        self.assertEqual(self.calls(), ['backup-list --detail --json', 'backup-list'])

    def test_that_is_empty_is_an_error_when_the_storage_cannot_be_reached_of_which_walg_1_1_says_nothing(self) -> None:
        def answer(call: Call) -> str:
            if call.line == 'backup-list':
                raise call.fails(1, 'ERROR: connection refused')
            return ''

        self.answers(answer)
        with self.assertRaisesRegex(ChildFailed, r'^walg.sh backup-list ended with 1: ERROR: connection refused$'):
            self.walg.backups()

    def test_that_is_empty_is_an_error_when_there_are_backups_a_moment_later(self) -> None:
        self.answers(lambda call: 'name modified wal_segment_backup_start' if call.line == 'backup-list' else '')
        with self.assertRaisesRegex(StorageError, 'the storage was away for a moment'):
            self.walg.backups()

    def test_that_is_no_json_is_an_error(self) -> None:
        self.answers(lambda call: 'Bad gateway')
        with self.assertRaisesRegex(StorageError, '^the answer of backup-list is no JSON: Bad gateway$'):
            self.walg.backups()

    def test_that_lacks_what_a_backup_has_is_an_error(self) -> None:
        self.world.backups = [{'backup_name': 'base_000000010000000000000005'}]
        with self.assertRaisesRegex(StorageError, '^the list of backups cannot be understood: KeyError'):
            self.walg.backups()


class Arguments(WalgTest):
    """WAL-G"""

    def test_is_given_the_arguments_that_1_1_and_3_0_have_in_common(self) -> None:
        self.walg.push('/data')
        self.walg.mark_permanent('b')
        self.walg.unmark_permanent('b')
        self.walg.delete_before('b')
        expected = [
            'backup-push /data --full',
            'backup-mark b',
            'backup-mark --impermanent b',
            'delete before FIND_FULL b --use-sentinel-time --confirm',
        ]
        self.assertEqual(self.calls(), expected)

    def test_keeps_notes_of_marks_under_names_that_it_takes_for_no_segment_and_would_not_delete(self) -> None:
        self.world.programs['walg.sh'] = lambda call: (
            'type size last modified                 name\n'
            'obj  30   2026-11-28 20:39:20 +0000 UTC 00000001-00000000-00000011\n'
            'obj  30   2026-11-28 20:39:20 +0000 UTC 0000000A-000000FF-00000012  version\n'
        )
        names = {'base_000000010000000000000011', 'base_0000000A000000FF00000012'}
        self.assertEqual(self.walg.marked_by_retention(), names)
        self.walg.note_mark('base_000000010000000000000011')
        self.walg.forget_mark('base_000000010000000000000011')
        note = 'retention_marks/00000001-00000000-00000011'
        [listing, noting, forgetting] = self.calls()
        self.assertEqual((listing, forgetting), ('st ls retention_marks', f'st rm {note}'))
        self.assertRegex(noting, rf'^st put --force --no-compress --no-encrypt \S+ {note}$')


class Archive(WalgTest):
    """the WAL in the archive"""

    archived: ClassVar[dict[str, Any]] = {
        'id': 1,
        'start_segment': name('05'),
        'end_segment': name('09'),
        'missing_segments': [],
    }

    def lacking(self, *timelines: dict[str, Any]) -> dict[str, list[str]]:
        """What the last of the backups and those before it lack in these timelines."""
        self.answers(lambda call: json.dumps(timelines if call.arguments[0] == 'wal-show' else self.world.backups))
        backups = self.walg.backups()
        return self.walg.missing(backups[:-1], backups[-1], 1, '')

    def test_is_complete_when_it_has_what_each_kept_full_needs_and_everything_since_the_base(self) -> None:
        self.world.backups = [listed(20, 5), listed(8, 8)]
        self.assertEqual(self.lacking({**self.archived, 'missing_segments': [name('06'), name('07')]}), {})
        self.assertIn('wal-show --detailed-json --without-backups', self.calls())

    def test_has_to_reach_to_the_last_byte_of_a_backup_and_no_further(self) -> None:
        lacks_one = {**self.archived, 'missing_segments': [name('07')]}
        self.world.backups = [listed(20, 5, finish_lsn=0x7000000), listed(8, 8)]
        self.assertEqual(self.lacking(lacks_one), {})
        self.world.backups = [listed(20, 5, finish_lsn=0x7000001), listed(8, 8)]
        self.assertEqual(self.lacking(lacks_one), {'base_000000010000000000000005': [name('07')]})

    @each(
        ('a gap', {**archived, 'missing_segments': [name('06')]}),
        ('the beginning', {**archived, 'start_segment': name('07'), 'missing_segments': None}),
    )
    def test_is_told_of_the_backup_where_it_lacks(self, _: str, entry: dict[str, Any]) -> None:
        self.world.backups = [listed(20, 6), listed(8, 8)]
        self.assertEqual(self.lacking(entry), {'base_000000010000000000000006': [name('06')]})

    def test_that_lacks_the_timeline_of_a_backup_is_told(self) -> None:
        self.world.backups = [listed(20, 6), listed(8, 8)]
        lacking = self.lacking({**self.archived, 'id': 2})
        self.assertEqual(lacking['base_000000010000000000000006'], [name('06')])

    def test_that_lacks_something_since_the_base_is_told_of_the_window(self) -> None:
        self.world.backups = [listed(20, 5), listed(8, 7)]
        for lost in (name('08'), name('07')):
            self.assertEqual(self.lacking({**self.archived, 'missing_segments': [lost]}), {'window': [lost]})

    def test_may_lack_the_end_of_the_newest_backup_which_is_on_its_way(self) -> None:
        self.world.backups = [listed(0, 9, finish_lsn=0xA000001)]
        self.assertEqual(self.lacking(self.archived), {})

    @each(
        ('that ended in the segment in which its primary was lost', 5, 0x6000080, 1),
        ('that went on under the next primary', 4, 0x7000080, 1),
        ('of a timeline that led nowhere', 5, 0x6000080, 3),
    )
    def test_is_looked_through_for_a_backup(self, _: str, segment: int, finish: int, timeline: int) -> None:
        backup = replace(full(8, segment, finish_lsn=finish), timeline=timeline)
        # The second began in segment 6, which the first never archived.
        of_two = [archived(1, 1, 5), archived(2, 6, 9)]
        self.answers(lambda call: json.dumps([*of_two, archived(3, 1, 9)] if timeline == 3 else of_two))
        lacking = self.walg.missing([backup], backup, 2, '1\t0/6000100\tx\n')
        self.assertEqual(lacking, {})

    def test_has_the_history_of_a_timeline_which_the_first_one_has_not(self) -> None:
        def fetch(call: Call) -> str:
            with open(call.arguments[2], 'x', encoding='utf-8') as file:
                file.write('1 0/7000100\n')
            return ''

        self.answers(fetch)
        with tempfile.TemporaryDirectory() as directory:
            self.assertEqual(self.walg.history(1, full(1, 5), directory), '')
            own = replace(full(1, 5), timeline=26)
            for _ in range(2):
                self.assertEqual(self.walg.history(26, own, directory), '1 0/7000100\n')
            self.assertEqual(self.calls(), [f'wal-fetch 0000001A.history {directory}/0000001A.history'] * 2)

    def test_needs_the_history_of_each_timeline_since_the_backup_as_a_recovery_does(self) -> None:
        def fetch(call: Call) -> str:
            if call.arguments[1] == '00000003.history':
                raise call.fails(74, "Archive '00000003.history' does not exist")
            Path(call.arguments[2]).write_text('1 0/7000100\n')
            return ''

        self.answers(fetch)
        with tempfile.TemporaryDirectory() as directory:
            with self.assertRaisesRegex(ChildFailed, '00000003.history'):
                self.walg.history(4, full(1, 5), directory)
            self.assertEqual(self.walg.history(4, replace(full(1, 5), timeline=3), directory), '1 0/7000100\n')


class Window(unittest.TestCase):
    """the WAL since a backup"""

    @each(
        ('after the backup', 1, '', name('08'), [name('06'), name('07'), name('08')]),
        ('nowhere when nothing came after it', 1, '', name('05'), []),
        (
            'on the next timeline from the segment in which it began',
            2,
            '1\t0/7000100\tx\n',
            name('08', 2),
            [name('06'), name('07', 2), name('08', 2)],
        ),
        (
            'on the last timeline where two began in one segment',
            3,
            '1\t0/7000100\tx\n2\t0/7000200\tx\n',
            name('07', 3),
            [name('06'), name('07', 3)],
        ),
        (
            'on each timeline in turn',
            3,
            '1\t0/7000100\tx\n\n2\t0/8000200\tx\n',
            name('08', 3),
            [name('06'), name('07', 2), name('08', 3)],
        ),
        ('up to the switch while the new timeline has nothing yet', 2, '1\t0/7000100\tx\n', None, [name('06')]),
    )
    def test_is_looked_for(self, _: str, timeline: int, history: str, end: str | None, expected: list[str]) -> None:
        self.assertEqual(window(full(0, 5), Lineage(timeline, history), end), expected)

    def test_is_named_by_timeline_file_of_4_gib_and_segment(self) -> None:
        self.assertEqual(segment_name(26, 0x1FF), '0000001A00000001000000FF')


class Times(unittest.TestCase):
    """times of WAL-G and PostgreSQL"""

    @each(
        ('2026-11-22T10:00:00Z', '2026-11-22T10:00:00+00:00'),
        ('2026-11-22T10:00:00.1234567Z', '2026-11-22T10:00:00.123456+00:00'),
        ('2026-11-22T10:00:00.5Z', '2026-11-22T10:00:00.500000+00:00'),
        ('2026-11-22 10:00:00+00', '2026-11-22T10:00:00+00:00'),
        ('2026-11-22 10:00:00.25+0530', '2026-11-22T04:30:00.250000+00:00'),
        ('2026-11-22 10:00:00 -08:00', '2026-11-22T18:00:00+00:00'),
    )
    def test_are_understood(self, text: str, time: str) -> None:
        self.assertEqual(parse_time(text).isoformat(), time)

    @each(('2026-11-22',), ('2026-11-22 10:00:00',), ('now',), ('2026-11-22T10:00:00Zzz',))
    def test_are_none(self, text: str) -> None:
        with self.assertRaises(ValueError) as caught:
            parse_time(text)
        self.assertEqual(str(caught.exception), f'"{text}" is no time with a zone, such as 2026-11-22 10:00:00+00')
