import os
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from unittest import mock

import due
from metrics import Figures
from support import NOW, WorldTest, each, full
from volume import MEBIBYTE, given_up_at, keep_reserve, waiting_seconds


class Reserve(WorldTest):
    """the reserve of a volume"""

    def setUp(self) -> None:
        super().setUp()
        self.world.configure(reserveMebibytes=2)
        self.file = Path(self.world.settings().reserve_file)
        self.figures = Figures()

    def turn(self, free: float) -> None:
        """A turn with that many MiB free."""
        with mock.patch('volume.free_bytes', lambda _: free * MEBIBYTE):
            keep_reserve(self.world.settings(), self.figures)

    def assert_reserve(self, mebibytes: int) -> None:
        found = self.file.stat().st_blocks * 512 if self.file.exists() else 0
        self.assertEqual(found, mebibytes * MEBIBYTE)
        self.assertEqual(self.figures.postgres_volume_reserve_bytes, mebibytes * MEBIBYTE)

    def test_takes_its_room_where_there_is_plenty(self) -> None:
        self.turn(8)
        self.assert_reserve(2)

    def test_is_not_what_fills_the_volume(self) -> None:
        self.turn(7.9)
        self.assert_reserve(0)

    def test_stays_while_there_is_room_for_wal(self) -> None:
        self.turn(100)
        self.turn(64)
        self.assert_reserve(2)

    def test_is_given_up_when_the_next_wal_may_not_fit_and_made_again_with_room(self) -> None:
        self.turn(100)
        self.turn(63)
        self.assert_reserve(0)
        self.assertEqual(len(self.world.said('the volume is full')), 1)
        self.turn(7)
        self.assert_reserve(0)
        self.turn(100)
        self.assert_reserve(2)

    def test_leaves_nothing_of_one_that_did_not_fit(self) -> None:
        with mock.patch('volume.os.posix_fallocate', side_effect=OSError(28, 'No space left on device')):
            self.assertRaises(OSError, self.turn, 100)
        self.turn(1)
        self.assertEqual(list(self.world.folder.glob('reserve*')), [])
        self.assert_reserve(0)


class Waiting(WorldTest):
    """WAL that waits to be archived"""

    def setUp(self) -> None:
        super().setUp()
        self.data = self.world.folder / 'pgroot/data'
        self.status = self.data / 'pg_wal/archive_status'
        self.status.mkdir(parents=True)

    def test_is_as_old_as_the_oldest_that_is_ready(self) -> None:
        self.assertEqual(waiting_seconds(str(self.data)), 0)
        for name, age in (('1.done', 900), ('2.ready', 300), ('3.ready', 60)):
            (self.status / name).touch()
            os.utime(self.status / name, (time.time() - age,) * 2)
        self.assertAlmostEqual(waiting_seconds(str(self.data)), 300, delta=30)

    def test_was_given_up_when_that_was_written_down(self) -> None:
        self.assertIsNone(given_up_at(str(self.data)))
        record = self.world.folder / 'pgroot/given-up-wal'
        record.touch()
        os.utime(record, (1000, 1000))
        self.assertEqual(given_up_at(str(self.data)), 1000)

    @each(
        ('is due when it was given up since the last', 2, 1, True),
        ('is not when that was before the last', 2, 3, False),
        ('is not within an hour of the last', 0.5, 0.1, False),
    )
    def test_a_full_backup(self, _: str, backup_hours: float, given_up_hours: float, expected: bool) -> None:
        given_up = [NOW - timedelta(hours=hours) for hours in (30, given_up_hours)]
        found = due.after_given_up([full(backup_hours / 24, 9)], given_up, NOW)
        self.assertEqual(found, expected)

    def test_asks_for_no_full_backup_where_none_was_given_up(self) -> None:
        self.assertFalse(due.after_given_up([full(3, 9)], [], NOW))
        self.assertFalse(due.after_given_up([], [datetime.now(timezone.utc)], NOW))
