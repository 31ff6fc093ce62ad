"""
Restores a full backup into an empty folder, starts PostgreSQL from it where nobody can reach it, and reads every row.
Prints one line of JSON; ends with 0 only if all of it worked and every declared database is there.
"""

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import child
from log import log, log_to
from settings import Settings, SettingsError, load
from walg import Backup, StorageError, Walg

# Where /opt/postgres is mounted, not where its links lead to: those are replaced when the scripts are.
SCRIPTS = Path(os.path.abspath(sys.argv[0])).parent
# A server with less than the primary had would refuse to replay its WAL.
FROM_THE_PRIMARY = {
    'max_connections': 'max_connections',
    'max_worker_processes': 'max_worker_processes',
    'max_wal_senders': 'max_wal_senders',
    'max_prepared_xacts': 'max_prepared_transactions',
    'max_locks_per_xact': 'max_locks_per_transaction',
}
# For a small pod, and for data that nobody keeps.
SMALL = {
    'shared_buffers': '64MB',
    'maintenance_work_mem': '32MB',
    'max_parallel_workers_per_gather': '0',
    'autovacuum': 'off',
    'fsync': 'off',
    'full_page_writes': 'off',
}


# Only in the socket's name, but the backup's postgresql.auto.conf or the environment may name another one.
PORT = '5432'


class RestoreError(Exception):
    """The backup could not be restored, started or read."""


class RestoreTest:
    """One test in `directory`, a scratch folder; `deadline` is a monotonic time."""

    def __init__(self, settings: Settings, arguments: argparse.Namespace, sockets: Path) -> None:
        self._settings = settings
        self._walg = Walg(settings.walg, settings.socket_directory)
        self._data = Path(arguments.directory) / 'data'
        self._programs = arguments.bin_directory
        self._restore_command = arguments.restore_command
        self._deadline: float = time.monotonic() + arguments.timeout
        self._sockets = sockets
        self._server: subprocess.Popen[bytes] | None = None

    def backup(self, name: str | None) -> Backup:
        """The backup with that name, or the newest one."""
        backups = self._walg.backups()
        found = [backup for backup in backups if name in (None, backup.name)]
        if not found:
            names = ', '.join(backup.name for backup in backups) or 'none at all'
            raise RestoreError(f'the storage has no full backup{f" {name}" if name else ""}; there are: {names}')
        return found[-1]

    def run(self, backup: Backup) -> dict[str, object]:
        """What was found in the restored server."""
        if self._data.exists():
            raise RestoreError(f'{self._data} exists already; --directory has to be an empty volume')
        begin = time.monotonic()
        self._walg.fetch(backup.name, str(self._data), self._left())
        log('info', 'fetched', backup=backup.name, seconds=round(time.monotonic() - begin, 1))
        self._start()
        self._wait_until_recovered()
        log('info', 'recovered', backup=backup.name, seconds=round(time.monotonic() - begin, 1))
        sizes: dict[str, int] = json.loads(self._psql('postgres', 'restored-databases.sql'))
        databases = {name: self._read(name) for name in sorted(sizes)}
        missing = [each.name for each in self._settings.databases if each.name not in sizes]
        if missing:
            raise RestoreError(f'declared, but not in the backup: {", ".join(missing)}')
        return {
            'backup': backup.name,
            'finished': backup.finished.isoformat(),
            'seconds': round(time.monotonic() - begin, 1),
            'bytes': sum(sizes.values()),
            'databases': databases,
        }

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

    def _start(self) -> None:
        # 1.1.3 backs up the mark of the standby that the backup was taken from.
        (self._data / 'standby.signal').unlink(missing_ok=True)
        (self._data / 'recovery.signal').touch()
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
            **SMALL,
            **self._primary_settings(),
        }
        # On the command line, because the backup's own postgresql.auto.conf would win over a file.
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
        return {setting: control[name] for name, setting in FROM_THE_PRIMARY.items()}

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
                if self._psql('postgres', None, 'select pg_catalog.pg_is_in_recovery();').strip() == 'f':
                    return
            except child.ChildFailed as error:
                said = str(error)  # It accepts nobody before the end of the recovery.
            time.sleep(0.5)

    def _read(self, database: str) -> dict[str, int]:
        dump = [self._program('pg_dump'), '--file=/dev/null', '--no-password', *self._connection(database)]
        child.run(dump, self._left())
        rows = [int(line) for line in self._psql(database, 'count-rows.sql').split()]
        return {'tables': len(rows), 'rows': sum(rows)}

    def _psql(self, database: str, file: str | None, sql: str = '') -> str:
        text = sql if file is None else (SCRIPTS / file).read_text(encoding='utf-8')
        arguments = [self._program('psql'), '-X', '-q', *self._connection(database), '-v', 'ON_ERROR_STOP=1', '-At']
        return child.run(arguments, self._left(), stdin=text)

    def _connection(self, database: str) -> list[str]:
        return ['-h', str(self._sockets), '-p', PORT, '-U', 'postgres', '-d', database]

    def _program(self, name: str) -> str:
        """Of the version that the backup is of; the PATH may have another one."""
        if self._programs:
            return str(Path(self._programs) / name)
        version = (self._data / 'PG_VERSION').read_text().strip()
        return f'/usr/lib/postgresql/{version}/bin/{name}'

    def _left(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise RestoreError('the time given with --timeout is over')
        return left


def main() -> int:
    parser = argparse.ArgumentParser(prog='restore_test.py', description=__doc__)
    parser.add_argument('--config', default='/etc/patroni/agent.json', metavar='FILE', help="the agent's configuration")
    parser.add_argument('--directory', required=True, help='an empty volume, as large as the database')
    parser.add_argument('--backup', metavar='NAME', help='another full backup than the newest')
    parser.add_argument('--timeout', type=float, default=3 * 3600, metavar='SECONDS', help='for all of it (3 hours)')
    parser.add_argument('--bin-directory', metavar='DIR', help="PostgreSQL's programs; the default follows the backup")
    parser.add_argument(
        '--restore-command', default=f'{SCRIPTS}/restore-wal.sh "%f" "%p"', metavar='COMMAND', help='fetches a segment'
    )
    arguments = parser.parse_args()
    log_to(sys.stderr)
    try:
        settings = load(arguments.config)
    except SettingsError as error:
        print(f'restore_test.py: {error}', file=sys.stderr)
        return 2
    # So that an end from outside stops PostgreSQL too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit('restore_test.py: ended by SIGTERM'))
    sockets = Path(tempfile.mkdtemp(prefix='restore-'))
    test = RestoreTest(settings, arguments, sockets)
    result: dict[str, object] = {'backup': arguments.backup}
    try:
        backup = test.backup(arguments.backup)
        result['backup'] = backup.name
        result = test.run(backup)
    except (child.ChildFailed, RestoreError, StorageError, OSError, ValueError) as error:
        result['error'] = str(error)
    finally:
        test.stop()
        shutil.rmtree(sockets, ignore_errors=True)
    print(json.dumps(result))
    return 1 if 'error' in result else 0


if __name__ == '__main__':
    sys.exit(main())
