import json
import os
import shutil
import signal
import stat
import subprocess
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any
from unittest import mock

import restore_test
from support import NOW, Call, WorldTest, archived, at, each, listed
from wal import segment_name

SCRIPTS = Path(restore_test.__file__).parent
CONTROL = {
    'connections': 100,
    'worker_processes': 200,
    'wal_senders': 300,
    'prepared_xacts': 400,
    'locks_per_xact': 500,
}


class FakeServer:
    """A PostgreSQL that was started: runs until it is told to end, unless it ends by itself."""

    def __init__(self, arguments: list[str], ends_with: int | None) -> None:
        self.arguments = arguments
        self.running = ends_with is None
        self.pid = 0
        self._code = ends_with

    def poll(self) -> int | None:
        return self._code

    def send_signal(self, number: int) -> None:
        assert number == signal.SIGQUIT, number
        self.running, self._code = False, 2

    def wait(self, timeout: float | None = None) -> int | None:
        assert not self.running, 'nobody told it to end'
        return self._code


class RestoreTest(WorldTest):
    """A storage with two fulls, and a PostgreSQL that restores everything after it was asked twice."""

    def setUp(self) -> None:
        super().setUp()
        self.world.backups = [listed(2, 1), listed(1, 2)]
        self.scratch = self.world.folder / 'scratch'
        self.scratch.mkdir()
        self.data = self.scratch / 'data'
        self.servers: list[FakeServer] = []
        # What the server writes and ends with, if it ends by itself.
        self.server_said: str | None = None
        self.control = ''.join(f'max_{name} setting:      {value}\n' for name, value in CONTROL.items())
        self.sizes = {'postgres': 1000, 'shop': 500}
        self.answers_after = 2
        self.seconds = 0.0
        list_backups = self.world.programs['walg.sh']
        self.world.programs |= {
            'walg.sh': lambda call: self.fetch(call) if call.arguments[0] == 'backup-fetch' else list_backups(call),
            'pg_controldata': lambda call: f'pg_control version number:            1300\n{self.control}',
            'psql': self.psql,
            'pg_dump': lambda call: '',
        }

    def fetch(self, call: Call) -> str:
        data = Path(call.arguments[1])
        data.mkdir()
        (data / 'PG_VERSION').write_text('17\n')
        (data / 'standby.signal').touch()
        (data / 'postgresql.auto.conf').write_text("ssl = 'on'\n")
        data.chmod(0o755)
        return ''

    def psql(self, call: Call) -> str:
        if 'pg_is_in_recovery' in call.stdin:
            self.answers_after -= 1
            if self.answers_after > 0:
                raise call.fails(2, 'the database system is starting up')
            return 'f\n'
        return json.dumps(self.sizes) if 'pg_database_size' in call.stdin else '3\n0\n4\n'

    def start(self, arguments: list[str], **streams: Any) -> FakeServer:
        if self.server_said is not None:
            streams['stdout'].write(self.server_said.encode())
            streams['stdout'].flush()
        self.servers.append(FakeServer(arguments, None if self.server_said is None else 1))
        return self.servers[-1]

    def handle(self, number: int, handler: Any) -> None:
        """No signal comes but in the test that says so."""

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds

    def restore(self, *more: str) -> tuple[int, dict[str, Any]]:
        """The command's exit code and result, of a time in which only what it waits for takes any."""
        argv = ['restore_test.py', '--config', self.world.file, '--directory', str(self.scratch), *more]
        out = StringIO()
        with (
            mock.patch('sys.argv', argv),
            mock.patch.object(restore_test, 'SCRIPTS', SCRIPTS),
            mock.patch('scratch_server.subprocess.Popen', self.start),
            mock.patch('restore_test.signal.signal', self.handle),
            mock.patch('restore_test.time.monotonic', lambda: self.seconds),
            mock.patch('restore_test.datetime', at(NOW)),
            mock.patch('scratch_server.time.sleep', self.sleep),
            mock.patch('restore_test.tempfile.mkdtemp', self.make_sockets),
            redirect_stdout(out),
            redirect_stderr(StringIO()),
        ):
            code = restore_test.main()
        self.assertEqual([server.running for server in self.servers], [False] * len(self.servers))
        self.assertFalse(self.sockets.exists())
        return code, json.loads(out.getvalue())

    def make_sockets(self, prefix: str) -> str:
        self.sockets = self.world.folder / f'{prefix}sockets'
        self.sockets.mkdir()
        return str(self.sockets)


class Fresh(RestoreTest):
    """a backup that was made just now"""

    def archived_after(self, seconds: float) -> None:
        """Its only segment, the second one."""
        others = self.world.programs['walg.sh']
        ends = {'start_segment': '000000010000000000000001', 'missing_segments': []}

        def walg(call: Call) -> str:
            if call.arguments[0] != 'wal-show':
                return others(call)
            number = 2 if self.seconds >= seconds else 1
            return json.dumps([{'id': 1, **ends, 'end_segment': f'00000001000000000000000{number}'}])

        self.world.programs['walg.sh'] = walg

    @each(
        ('waited for where it was made now', 0, 50, 50),
        ('waited for no longer than ten minutes', 0, 1000, 600),
        ('waited for no longer than until it is ten minutes old', 200, 1000, 400),
        ('not waited for where it is older', 601, 1000, 0),
        ('not waited for where it is there', 0, 0, 0),
    )
    def test_has_wal_that_is(self, _: str, age: float, archived: float, waited: float) -> None:
        self.world.backups = [listed(age / 86400, 2)]
        self.archived_after(archived)
        self.answers_after = 0
        self.assertEqual((self.restore()[0], self.seconds), (0, waited))

    def test_is_named_where_the_recovery_ends_without_it(self) -> None:
        self.world.backups = [listed(1, 2)]
        self.archived_after(1000)
        self.server_said = 'FATAL:  recovery ended before configured recovery target was reached'
        code, result = self.restore()
        self.assertEqual(code, 1)
        self.assertRegex(result['error'], 'ended with 1 during recovery.*lacks 000000010000000000000002')


class Sound(RestoreTest):
    """a backup that is sound"""

    def setUp(self) -> None:
        super().setUp()
        self.code, self.result = self.restore()
        [server] = self.servers
        self.program, *self.arguments = server.arguments
        self.options = dict(option.split('=', 1) for option in self.arguments if '=' in option)

    def test_is_the_newest_full_what_is_in_it_is_counted_and_postgresql_is_stopped(self) -> None:
        self.assertEqual(self.code, 0)
        expected = {
            'backup': 'base_000000010000000000000002',
            'finished': '2026-11-22T12:00:00+00:00',
            'seconds': 0.5,
            'bytes': 1500,
            'databases': {'postgres': {'tables': 3, 'rows': 7}, 'shop': {'tables': 3, 'rows': 7}},
        }
        self.assertEqual(self.result, expected)

    def test_is_started_where_nobody_can_reach_it_without_archiving_to_the_end_of_the_backup(self) -> None:
        self.assertEqual(self.program, '/usr/lib/postgresql/17/bin/postgres')
        self.assertEqual(self.arguments[:2], ['-D', str(self.data)])
        expected = {
            'listen_addresses': '',
            'archive_mode': 'off',
            'recovery_target': 'immediate',
            'recovery_target_action': 'promote',
            'recovery_prefetch': 'off',
            'shared_buffers': '64MB',
            'huge_pages': 'off',
            'port': '5432',
            'restore_command': f'{SCRIPTS}/restore-wal.sh "%f" "%p"',
            'unix_socket_directories': str(self.sockets),
        }
        self.assertEqual({name: self.options[name] for name in expected}, expected)

    def test_is_started_with_as_much_as_the_primary_had_or_it_would_refuse(self) -> None:
        expected = {
            'max_connections': '100',
            'max_worker_processes': '200',
            'max_wal_senders': '300',
            'max_prepared_transactions': '400',
            'max_locks_per_transaction': '656',
        }
        self.assertEqual({name: self.options[name] for name in expected}, expected)

    def test_can_lock_all_tables_of_a_large_database_and_no_fewer_than_the_primary_could(self) -> None:
        self.assertEqual(self.options['max_locks_per_transaction'], '656')
        shutil.rmtree(self.data)
        self.control = self.control.replace('max_locks_per_xact setting:      500', 'max_locks_per_xact setting: 70000')
        self.restore()
        self.assertIn('max_locks_per_transaction=70000', self.servers[-1].arguments)

    def test_has_no_setting_that_somebody_made_by_hand(self) -> None:
        self.assertEqual((self.data / 'postgresql.auto.conf').read_text(), '')

    def test_is_read_by_nobody_whom_settings_for_applications_bind(self) -> None:
        sessions = {call.environment['PGOPTIONS'] for call in self.world.calls if call.program in ('psql', 'pg_dump')}
        since_17 = '-c transaction_timeout=0 -c event_triggers=off'
        self.assertEqual(sessions, {f'-c role=none -c statement_timeout=0 -c lock_timeout=0 {since_17}'})

    def test_starts_a_recovery_and_no_standby_if_it_is_of_a_standby(self) -> None:
        self.assertTrue((self.data / 'recovery.signal').exists())
        self.assertFalse((self.data / 'standby.signal').exists())
        self.assertEqual(stat.S_IMODE(self.data.stat().st_mode), 0o700)

    def test_has_every_row_of_every_database_read(self) -> None:
        dumped = self.world.called('pg_dump')
        for line, database in zip(dumped, ('postgres', 'shop'), strict=True):
            self.assertRegex(line, f'^--file=/dev/null .*-d {database}$')


class Fails(RestoreTest):
    """fails, and stops PostgreSQL, when"""

    def assert_fails(self, message: str, *more: str) -> None:
        code, result = self.restore(*more)
        self.assertEqual(code, 1)
        self.assertRegex(result['error'], message)

    def test_there_is_no_backup(self) -> None:
        self.world.backups = []
        self.assert_fails('the storage has no full backup; there are: none at all')

    def test_a_row_cannot_be_read(self) -> None:
        def unreadable(call: Call) -> str:
            raise call.fails(1, 'invalid page')

        self.world.programs['pg_dump'] = unreadable
        self.assert_fails('^postgres: pg_dump .*ended with 1: invalid page .* shop: pg_dump .*: invalid page$')

    def test_a_recovery_from_it_would_end_before_the_newest_wal(self) -> None:
        self.world.wal = [archived(1, 1, 9, segment_name(1, 6))]
        self.assert_fails('no recovery gets past the WAL that is missing after base_.*02: 000000010000000000000006$')

    def test_a_declared_database_is_not_in_it(self) -> None:
        self.sizes = {'postgres': 1}
        self.assert_fails('not in the backup: shop$')

    def test_the_server_ends_during_recovery(self) -> None:
        self.server_said = 'FATAL: no such segment\n'
        self.assert_fails('PostgreSQL ended with 1 during recovery: FATAL: no such segment')

    def test_pg_control_cannot_be_understood(self) -> None:
        self.control = ''
        self.assert_fails('says nothing of max_connections')

    def test_another_backup_is_asked_for_than_there_are(self) -> None:
        there_are = 'there are: base_000000010000000000000001, base_000000010000000000000002'
        self.assert_fails(f'no full backup base_9; {there_are}', '--backup', 'base_9')

    def test_the_volume_is_not_empty(self) -> None:
        self.data.mkdir()
        self.assert_fails('exists already; --directory has to be an empty volume')
        self.assertEqual(self.world.called('walg.sh', 'backup-fetch'), [])

    def test_the_recovery_takes_too_long(self) -> None:
        self.answers_after = 1000
        self.assert_fails('did not end in the time given with --timeout: .*starting up', '--timeout', '2')
        self.assertEqual(self.seconds, 1.5)

    def test_it_is_ended_from_outside_while_postgresql_is_being_started(self) -> None:
        start, before = self.start, signal.getsignal(signal.SIGTERM)

        def start_and_end(arguments: list[str], **streams: Any) -> FakeServer:
            server = start(arguments, **streams)
            os.kill(os.getpid(), signal.SIGTERM)
            return server

        self.addCleanup(signal.signal, signal.SIGTERM, before)
        with (
            mock.patch.object(self, 'start', start_and_end),
            mock.patch.object(self, 'handle', signal.signal),
            self.assertRaisesRegex(SystemExit, 'ended by SIGTERM'),
        ):
            self.restore()
        self.assertEqual([server.running for server in self.servers], [False])

    def test_it_does_not_end_when_it_is_told_to(self) -> None:
        killed: list[tuple[int, int]] = []

        def wait(server: FakeServer, timeout: float | None = None) -> int:
            if timeout is not None:
                raise subprocess.TimeoutExpired('postgres', timeout)
            return 0

        def kill(group: int, number: int) -> None:
            killed.append((group, number))

        self.sizes = {'postgres': 1}
        with mock.patch.object(FakeServer, 'wait', wait), mock.patch('scratch_server.os.killpg', kill):
            self.assert_fails('not in the backup: shop$')
        self.assertEqual(killed, [(0, signal.SIGKILL)])


class Command(RestoreTest):
    """the command of the restore test"""

    def test_restores_the_backup_that_is_asked_for(self) -> None:
        _, result = self.restore('--backup', 'base_000000010000000000000001')
        self.assertEqual(result['backup'], 'base_000000010000000000000001')
        self.assertEqual(self.world.called('walg.sh', 'wal-show'), [])
        self.assertIn(f'backup-fetch {self.data} base_000000010000000000000001', self.world.called('walg.sh'))

    def test_gives_what_it_calls_the_time_that_is_left(self) -> None:
        self.restore('--timeout', '100')
        left = {call.arguments[0]: call.timeout for call in self.world.calls if call.program == 'walg.sh'}
        dumped = [call.timeout for call in self.world.calls if call.program == 'pg_dump']
        self.assertEqual((left['backup-fetch'], dumped[-1]), (100, 99.5))

    def test_restores_a_backup_of_a_primary_which_has_no_mark_of_a_standby(self) -> None:
        fetch = self.world.programs['walg.sh']

        def fetch_of_primary(call: Call) -> str:
            answer = fetch(call)
            (self.data / 'standby.signal').unlink(missing_ok=True)
            return answer

        self.world.programs['walg.sh'] = fetch_of_primary
        self.assertEqual(self.restore()[0], 0)

    def test_finds_postgresql_in_the_folder_that_it_is_given(self) -> None:
        self.restore('--bin-directory', '/opt/bin')
        self.assertEqual(self.servers[0].arguments[0], '/opt/bin/postgres')

    def test_says_which_configuration_cannot_be_used(self) -> None:
        err = StringIO()
        argv = ['restore_test.py', '--config', '/nowhere', '--directory', '/tmp']
        with mock.patch('sys.argv', argv), redirect_stderr(err):
            self.assertEqual(restore_test.main(), 2)
        self.assertRegex(err.getvalue(), r'restore_test\.py: configuration /nowhere')
