from contextlib import redirect_stderr, redirect_stdout
from datetime import timedelta
from io import StringIO
from pathlib import Path
from unittest import mock

import choose_backup
from support import NOW, Call, WorldTest, archived, each, listed

PREFIX = 's3://bucket/postgres/17-1'


class ChoosingABackup(WorldTest):
    """the backup that a recovery begins with"""

    def choose(self, target: str = '') -> tuple[int, str, str]:
        """The exit code, and what is written to the two outputs."""
        out, err = StringIO(), StringIO()
        with (
            mock.patch('sys.argv', ['choose_backup.py', '--walg', '/scripts/walg.sh', '--target', target]),
            mock.patch.dict('os.environ', {'WALG_S3_PREFIX': PREFIX}),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            code = choose_backup.main()
        return code, out.getvalue(), err.getvalue()

    def setUp(self) -> None:
        super().setUp()
        self.world.backups = [listed(3, 1), listed(2, 2), listed(1, 3)]

    @each(
        ('the newest that was finished before the target', (NOW - timedelta(days=1.5)).isoformat(), '02'),
        ('the newest without a target', '', '03'),
    )
    def test_is(self, _: str, target: str, segment: str) -> None:
        self.assertEqual(self.choose(target)[:2], (0, f'base_0000000100000000000000{segment}\n'))

    def test_is_the_newest_by_its_wal_where_a_clock_was_wrong_once(self) -> None:
        self.world.backups = [listed(-60, 1), listed(2, 2), listed(1, 3)]
        self.assertEqual(self.choose()[:2], (0, 'base_000000010000000000000003\n'))

    @each(('without a target', ''), ('with one after the promotion', NOW.isoformat()))
    def test_is_none_of_what_a_lost_primary_alone_wrote(self, _: str, target: str) -> None:
        self.world.backups = [listed(3, 1), listed(2, 2), listed(1, 15)]
        self.world.wal = [archived(1, 1, 15), archived(2, 11, 12)]
        history = self.answer_history('1\t0/B000100\tno recovery target specified\n')
        self.assertEqual(self.choose(target)[:2], (0, 'base_000000010000000000000002\n'))
        self.assertEqual(history, ['00000002.history'])
        # One that ended before the promotion, and one of the timeline after it.
        self.world.backups = [listed(2, 2), listed(1, 10)]
        self.assertEqual(self.choose(target)[:2], (0, 'base_00000001000000000000000A\n'))
        self.world.backups = [listed(2, 2), listed(1, 15), listed(0.5, 12, timeline=2)]
        self.assertEqual(self.choose(target)[:2], (0, 'base_00000002000000000000000C\n'))

    def test_is_the_newest_where_nobody_knows_what_a_timeline_came_from(self) -> None:
        self.world.backups = [listed(2, 2), listed(1, 15)]
        self.world.wal = [archived(1, 1, 15), archived(2, 11, 12)]
        self.answer_history(None)
        code, out, err = self.choose()
        self.assertEqual((code, out), (0, 'base_00000001000000000000000F\n'))
        self.assertRegex(err, 'not known which of them lead to the newest timeline')

    def answer_history(self, text: str | None) -> list[str]:
        """As WAL-G fetches it, or doesn't find it; returns what it is asked for."""
        asked: list[str] = []

        def walg(call: Call) -> str:
            if call.arguments[0] != 'wal-fetch':
                return self.world.walg(call)
            asked.append(call.arguments[1])
            if text is None:
                raise call.fails(74, 'does not exist')
            Path(call.arguments[2]).write_text(text)
            return ''

        self.world.programs['walg.sh'] = walg
        return asked

    def test_is_missing_when_none_is_old_enough_and_what_there_is_is_listed(self) -> None:
        code, out, err = self.choose((NOW - timedelta(days=4)).isoformat())
        self.assertEqual((code, out), (1, ''))
        self.assertRegex(err, f'{PREFIX} holds no full backup that was finished before .*; it holds 3:')
        self.assertIn('  base_000000010000000000000001 finished 2026-11-20 12:00:00+00', err)

    def test_is_missing_when_there_is_none_at_all(self) -> None:
        self.world.backups = []
        self.assertRegex(self.choose()[2], 'holds no full backup; it holds 0:')

    def test_cannot_be_known_while_the_storage_cannot_be_read(self) -> None:
        def fail(call: Call) -> str:
            raise call.fails(1, 'NoSuchBucket')

        self.world.programs['walg.sh'] = fail
        code, _, err = self.choose()
        self.assertEqual(code, 1)
        self.assertRegex(err, rf'NoSuchBucket \(WALG_S3_PREFIX is "{PREFIX}"\)')

    def test_is_not_looked_for_with_a_target_without_a_zone(self) -> None:
        self.assertRegex(self.choose('2026-11-22 10:00:00')[2], 'is no time with a zone')
