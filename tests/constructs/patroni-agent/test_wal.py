import os
import sys
import unittest
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any
from unittest import mock

import unarchived
import wal_gap
from support import Call, WorldTest, archived, each, full
from wal import SEGMENT_BYTES, Archived, Lineage, gap, segment_name
from walg import StorageError, Walg

# The second began in segment 9, the third in 12.
HISTORY = '1\t0/9000100\tno recovery target specified\n\n2\t0/C000100\tno recovery target specified\n'
THIRD = Lineage(3, HISTORY)
SECOND = Lineage(2, HISTORY.partition('\n')[0])
FIRST = Lineage(1, '')


class Lines(unittest.TestCase):
    """a timeline"""

    @each(
        ('the first', 8, 1),
        ('where it began', 9, 2),
        ('within', 11, 2),
        ('the newest', 12, 3),
        ('of the future', 99, 3),
    )
    def test_owns(self, _: str, number: int, timeline: int) -> None:
        self.assertEqual(THIRD.owner(number), timeline)

    @each(
        ('what the first wrote to its end', segment_name(1, 8), True),
        ('not the segment that it ended in', segment_name(1, 9), False),
        ('what the second wrote to its end', segment_name(2, 11), True),
        ('not what the second never wrote', segment_name(2, 8), False),
        ('not what is its own', segment_name(3, 12), False),
    )
    def test_came_after(self, _: str, name: str, ended: bool) -> None:
        self.assertIs(THIRD.ended_after(name), ended)


class Gaps(unittest.TestCase):
    """an absent segment"""

    @each(
        ('the end where nothing is newer', 1, 6, FIRST, [archived(1, 1, 5)], []),
        ('the end in an empty archive', 1, 6, FIRST, [], []),
        (
            'a gap where its timeline goes on',
            1,
            6,
            FIRST,
            [archived(1, 1, 8, segment_name(1, 6), segment_name(1, 7))],
            [6, 7],
        ),
        ('a gap where a later timeline goes on', 1, 6, THIRD, [archived(1, 1, 5), archived(2, 9, 9)], [6, 7, 8]),
        (
            'a gap where a later timeline is known, and has nothing yet',
            1,
            6,
            THIRD,
            [archived(1, 1, 5)],
            [6, 7, 8, 9, 10, 11],
        ),
        ('a gap within the timeline between', 2, 10, THIRD, [archived(1, 1, 20), archived(3, 12, 12)], [10, 11]),
        (
            'the end of the newest timeline whatever older ones have',
            3,
            13,
            THIRD,
            [archived(1, 1, 20), archived(3, 12, 12)],
            [],
        ),
        ('the end where its timeline began in it and has nothing yet', 2, 9, SECOND, [archived(1, 1, 8)], []),
    )
    def test_is(
        self, _: str, timeline: int, number: int, lineage: Lineage, timelines: list[Any], missing: list[int]
    ) -> None:
        found = gap(segment_name(timeline, number), Archived(timelines), lineage)
        self.assertEqual([int(name[8:], 16) for name in found], missing)


class GapCommand(WorldTest):
    """the command that tells a gap from the end"""

    def tell(self, segment: str, history: str = '') -> tuple[int, str, str]:
        folder = self.world.folder / 'pg_wal'
        folder.mkdir()
        if history:
            (folder / '00000003.history').write_text(history)
        out, err = StringIO(), StringIO()
        argv = ['wal_gap.py', '--walg', '/scripts/walg.sh', segment]
        before = Path.cwd()
        os.chdir(self.world.folder)
        self.addCleanup(os.chdir, before)
        with (
            mock.patch.object(sys, 'argv', argv),
            mock.patch.dict(os.environ, WALG_S3_PREFIX='s3://bucket/postgres/17-1'),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            return wal_gap.main(), out.getvalue(), err.getvalue()

    def test_says_nothing_at_the_end(self) -> None:
        self.assertEqual(self.tell(segment_name(1, 10)), (0, '', ''))

    def test_names_what_is_missing_and_what_is_newer(self) -> None:
        self.world.wal = [archived(1, 1, 5), archived(3, 12, 14)]
        code, out, _ = self.tell(segment_name(1, 6), HISTORY)
        self.assertEqual(code, 0)
        expected = (
            '000000010000000000000006 to 00000002000000000000000B are missing in s3://bucket/postgres/17-1, '
            'which goes on with 00000003000000000000000E\n'
        )
        self.assertEqual(out, expected)

    def test_fails_while_the_archive_cannot_be_listed(self) -> None:
        def refuse(call: Call) -> str:
            raise call.fails(1, 'connection refused')

        self.world.programs['walg.sh'] = refuse
        code, out, err = self.tell(segment_name(1, 6))
        self.assertEqual((code, out), (1, ''))
        self.assertIn('connection refused', err)


class NoGap(WorldTest):
    """the WAL since a full backup"""

    def setUp(self) -> None:
        super().setUp()
        self.waited = 0.0
        self.there_after = 0.0
        patched = mock.patch('wal_gap.time.sleep', self.wait)
        patched.start()
        self.addCleanup(patched.stop)

    def wait(self, seconds: float) -> None:
        self.waited += seconds
        lost = [] if self.waited >= self.there_after else [segment_name(1, 7)]
        self.world.wal = [archived(1, 1, 9, *lost)]

    def expect(self) -> None:
        wal_gap.expect_no_gap(Walg('/scripts/walg.sh', ''), full(1, 5), str(self.world.folder))

    def test_is_looked_at_once_where_nothing_is_missing(self) -> None:
        self.expect()
        self.assertEqual(self.waited, 0)

    def test_may_be_on_its_way(self) -> None:
        self.there_after = 100
        self.expect()
        self.assertEqual(self.waited, 120)

    def test_is_missing_when_it_does_not_come(self) -> None:
        self.there_after = 1000
        message = 'missing after base_000000010000000000000005: 000000010000000000000007$'
        with self.assertRaisesRegex(StorageError, message):
            self.expect()


class NewPrimary(WorldTest):
    """what a new primary archives of the timelines before"""

    def setUp(self) -> None:
        super().setUp()
        self.folder = self.world.folder / 'pg_wal'
        self.status = self.folder / 'archive_status'
        self.status.mkdir(parents=True)
        (self.folder / '00000003.history').write_text(HISTORY)
        (self.folder / f'{segment_name(1, 9)}.partial').touch()
        for timeline, numbers in {1: range(5, 10), 2: range(9, 13), 3: range(12, 14)}.items():
            for number in numbers:
                self.segment(segment_name(timeline, number))
        self.world.wal = [archived(1, 2, 6)]

    def segment(self, name: str) -> None:
        with open(self.folder / name, 'wb') as file:
            file.truncate(SEGMENT_BYTES)
        (self.status / f'{name}.done').touch()

    def promoted(self) -> tuple[int, str]:
        err = StringIO()
        argv = ['unarchived.py', '--walg', '/scripts/walg.sh', str(self.folder / '00000003.history')]
        with mock.patch.object(sys, 'argv', argv), redirect_stderr(err):
            return unarchived.main(), err.getvalue()

    def ready(self) -> list[str]:
        names = sorted(path.name for path in self.status.iterdir())
        self.assertEqual(len(names), len({name.partition('.')[0] for name in names}), names)
        return [name.removesuffix('.ready') for name in names if name.endswith('.ready')]

    def test_is_each_complete_segment_that_the_archive_lacks(self) -> None:
        code, said = self.promoted()
        expected = [
            segment_name(1, 7),
            segment_name(1, 8),
            segment_name(2, 9),
            segment_name(2, 10),
            segment_name(2, 11),
        ]
        self.assertEqual((code, self.ready()), (0, expected))
        self.assertIn(f'archiving what the primary before did not: {", ".join(expected)}', said)

    def test_is_kept_and_the_history_waits_while_nobody_knows_what_the_archive_has(self) -> None:
        answer = self.world.programs['walg.sh']

        def refuse(call: Call) -> str:
            raise call.fails(1, 'connection refused')

        self.world.programs['walg.sh'] = refuse
        code, said = self.promoted()
        self.assertEqual(code, 1)
        self.assertIn('is not known yet: walg.sh wal-show ended with 1: connection refused', said)
        self.assertIn(segment_name(1, 5), self.ready())
        self.world.programs['walg.sh'] = answer
        self.assertEqual(self.promoted()[0], 0)
        self.assertNotIn(segment_name(1, 5), self.ready())
        self.assertIn(segment_name(1, 7), self.ready())

    def test_is_the_history_of_each_timeline_before_as_a_standby_takes_those_for_archived_too(self) -> None:
        (self.folder / '00000002.history').write_text(HISTORY.partition('\n')[0])
        (self.status / '00000002.history.done').touch()
        self.promoted()
        self.assertIn('00000002.history', self.ready())

    def test_is_nothing_where_all_is_there(self) -> None:
        self.world.wal = [archived(1, 2, 8), archived(2, 9, 11)]
        self.assertEqual(self.promoted(), (0, ''))
        self.assertEqual(self.ready(), [])

    @each(('that is empty', []), ('that begins later', [archived(3, 12, 12)]))
    def test_is_nothing_of_another_generation_for_an_archive(self, _: str, wal: list[dict[str, Any]]) -> None:
        self.world.wal = wal
        self.assertEqual(self.promoted(), (0, ''))
        self.assertEqual(self.ready(), [])

    def test_is_no_file_of_another_size_which_is_no_segment(self) -> None:
        os.truncate(self.folder / segment_name(1, 7), 1000)
        self.promoted()
        self.assertNotIn(segment_name(1, 7), self.ready())

    def test_needs_no_status_before(self) -> None:
        (self.status / f'{segment_name(1, 7)}.done').unlink()
        self.promoted()
        self.assertIn(segment_name(1, 7), self.ready())
