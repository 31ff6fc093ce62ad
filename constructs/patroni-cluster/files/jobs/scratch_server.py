"""PostgreSQL on a restored data directory, where nobody can reach it, for as long as somebody reads what is there."""

import os
import re
import signal
import subprocess
import time
from pathlib import Path

import child

# A server with less than the primary had would refuse to replay its WAL.
FROM_THE_PRIMARY = {
    'max_connections': 'max_connections',
    'max_worker_processes': 'max_worker_processes',
    'max_wal_senders': 'max_wal_senders',
    'max_prepared_xacts': 'max_prepared_transactions',
    'max_locks_per_xact': 'max_locks_per_transaction',
}
# pg_dump locks all tables of a database at once.
TABLES_LOCKED = 65536
# For a small pod, and for data that nobody keeps.
SMALL = {
    'shared_buffers': '64MB',
    'huge_pages': 'off',
    'maintenance_work_mem': '32MB',
    'max_parallel_workers_per_gather': '0',
    'autovacuum': 'off',
    'fsync': 'off',
    'full_page_writes': 'off',
    # A subscription in the backup would take what its publisher keeps for the primary.
    'max_logical_replication_workers': '0',
}
# What is set for a database is meant for applications: how long they wait, who they become, what their login does.
SESSION = {'role': 'none', 'statement_timeout': '0', 'lock_timeout': '0'}
SESSION_SINCE_17 = {'transaction_timeout': '0', 'event_triggers': 'off'}
# Only in the socket's name, but the environment may name another one.
PORT = '5432'


class RestoreError(Exception):
    """The backup could not be restored, started or read."""


class ScratchServer:
    """
    A server on `data` that recovers to the end of the backup. `sockets` is a folder for what it needs beside its data,
    `programs` one with its programs, if they are not where Debian has them; `deadline` is a monotonic time.
    """

    def __init__(self, data: Path, sockets: Path, deadline: float, programs: str | None, restore_command: str) -> None:
        self._data = data
        self._sockets = sockets
        self._deadline = deadline
        self._programs = programs
        self._restore_command = restore_command
        self._server: subprocess.Popen[bytes] | None = None

    def psql(self, database: str, sql: str) -> str:
        """What the superuser is answered."""
        return self._ask('psql', database, ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-At'], sql)

    def read(self, database: str) -> None:
        """Has every row of it read, by a dump that nobody keeps."""
        self._ask('pg_dump', database, ['--file=/dev/null', '--no-password'])

    def left(self) -> float:
        """Seconds until the deadline; throws RestoreError where there are none."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise RestoreError('the time given with --timeout is over')
        return left

    def start(self) -> None:
        """Throws RestoreError where it doesn't come to the end of the recovery."""
        self._begin()
        self._wait_until_recovered()

    def stop(self) -> None:
        """Ends PostgreSQL and what it has started; its files are of no use any more."""
        server = self._server
        if server is None:
            return
        server.send_signal(signal.SIGQUIT)
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()

    def _begin(self) -> None:
        # 1.1.3 backs up the mark of the standby that the backup was taken from.
        (self._data / 'standby.signal').unlink(missing_ok=True)
        (self._data / 'recovery.signal').touch()
        # What somebody set by hand is for where it ran: here may be no certificate, and no library shall begin to work.
        (self._data / 'postgresql.auto.conf').write_text('')
        self._data.chmod(0o700)
        files = {'postgresql.conf': '', 'pg_hba.conf': 'local all postgres trust\n', 'pg_ident.conf': ''}
        for name, text in files.items():
            (self._sockets / name).write_text(text)
        options = {
            'config_file': self._sockets / 'postgresql.conf',
            'hba_file': self._sockets / 'pg_hba.conf',
            'ident_file': self._sockets / 'pg_ident.conf',
            'unix_socket_directories': self._sockets,
            'listen_addresses': '',
            'port': PORT,
            'archive_mode': 'off',
            'hot_standby': 'off',
            'restore_command': self._restore_command,
            'recovery_target': 'immediate',
            'recovery_target_action': 'promote',
            # Where the primary changed within the backup's last segment, only the next timeline has all of that.
            'recovery_target_timeline': 'latest',
            # It asks for segments beyond the target, and one that retention dropped would end the recovery.
            **({'recovery_prefetch': 'off'} if self._version() >= 15 else {}),
            **SMALL,
            **self._primary_settings(),
        }
        arguments = [part for name, value in options.items() for part in ('-c', f'{name}={value}')]
        with open(self._sockets / 'log', 'wb') as output:
            # An end from outside in between would leave a server that nobody stops: it comes after.
            ended: list[int] = []
            before = signal.signal(signal.SIGTERM, lambda number, _: ended.append(number))
            try:
                self._server = subprocess.Popen(
                    [self._program('postgres'), '-D', str(self._data), *arguments],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    start_new_session=True,
                )
            finally:
                signal.signal(signal.SIGTERM, before)
            for number in ended:
                signal.raise_signal(number)

    def _primary_settings(self) -> dict[str, str]:
        printed = child.run([self._program('pg_controldata'), str(self._data)], 60, environment={'LC_ALL': 'C'})
        control = dict(re.findall(r'^(\w+) setting:\s+(\d+)$', printed, re.MULTILINE))
        missing = [name for name in FROM_THE_PRIMARY if name not in control]
        if missing:
            raise RestoreError(f'pg_controldata says nothing of {", ".join(missing)}')
        settings = {setting: control[name] for name, setting in FROM_THE_PRIMARY.items()}
        locks = max(int(settings['max_locks_per_transaction']), TABLES_LOCKED // int(settings['max_connections']) + 1)
        return {**settings, 'max_locks_per_transaction': str(locks)}

    def _wait_until_recovered(self) -> None:
        assert self._server is not None, 'it was started'
        said = 'nobody has asked it yet'
        while True:
            code = self._server.poll()
            if code is not None:
                lines = (self._sockets / 'log').read_text(errors='replace').strip().splitlines()[-8:]
                raise RestoreError(f'PostgreSQL ended with {code} during recovery: {" | ".join(lines)}')
            if self._deadline < time.monotonic() + 1:
                raise RestoreError(f'the recovery did not end in the time given with --timeout: {said}')
            try:
                if self.psql('postgres', 'select pg_catalog.pg_is_in_recovery();').strip() == 'f':
                    return
            except child.ChildFailed as error:
                said = str(error)  # It accepts nobody before the end of the recovery.
            time.sleep(0.5)

    def _ask(self, program: str, database: str, arguments: list[str], stdin: str = '') -> str:
        where = ['-h', str(self._sockets), '-p', PORT, '-U', 'postgres', '-d', database]
        settings = {**SESSION, **(SESSION_SINCE_17 if self._version() >= 17 else {})}
        session = {'PGOPTIONS': ' '.join(f'-c {name}={value}' for name, value in settings.items())}
        return child.run([self._program(program), *arguments, *where], self.left(), stdin=stdin, environment=session)

    def _program(self, name: str) -> str:
        """Of the version that the backup is of; the PATH may have another one."""
        return str(Path(self._programs or f'/usr/lib/postgresql/{self._version()}/bin') / name)

    def _version(self) -> int:
        return int((self._data / 'PG_VERSION').read_text())
