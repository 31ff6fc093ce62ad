"""
Restores a full backup into an empty folder, starts PostgreSQL from it where nobody can reach it, and reads every row.
Prints one line of JSON; ends with 0 only if all of it worked, every declared database is there, and the archive has all
WAL from the backup to its newest.
"""

import argparse
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from datetime import datetime, timezone
from pathlib import Path

import child
from log import log, log_to
from scratch_server import RestoreError, ScratchServer
from settings import Settings, SettingsError, load
from wal_gap import expect_no_gap
from walg import Backup, StorageError, Walg

# Where /opt/postgres is mounted, not where its links lead to: those are replaced when the scripts are.
SCRIPTS = Path(os.path.abspath(sys.argv[0])).parent
# Seconds. A standby's backup ends before its last segment does. Where nobody writes, the primary's agent ends that when
# it lists the backups, each five minutes; then it is archived.
WAL_ON_ITS_WAY = 600


class RestoreTest:
    """
    One test, in the folder `data` that is not there yet, by a server on what is restored there; `scratch` is a folder
    for what is small.
    """

    def __init__(self, settings: Settings, data: Path, scratch: Path, server: ScratchServer) -> None:
        self._settings = settings
        self._walg = Walg(settings.walg, settings.socket_directory)
        self._data = data
        self._scratch = scratch
        self._server = server

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
        self._wait_for_wal(backup)
        begin = time.monotonic()
        self._walg.fetch(backup.name, str(self._data), self._server.left())
        log('info', 'fetched', backup=backup.name, seconds=round(time.monotonic() - begin, 1))
        try:
            self._server.start()
        except RestoreError as error:
            lacking = self._lacking(backup)
            raise RestoreError(f'{error}; the archive lacks {", ".join(lacking)}' if lacking else str(error)) from error
        log('info', 'recovered', backup=backup.name, seconds=round(time.monotonic() - begin, 1))
        sizes: dict[str, int] = json.loads(self._query('postgres', 'restored-databases.sql'))
        databases = self._read_all(sorted(sizes))
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

    def _wait_for_wal(self, backup: Backup) -> None:
        """For the end of a backup that was made just now; what is missing after that, the recovery will say."""
        age = (datetime.now(timezone.utc) - backup.finished).total_seconds()
        until = time.monotonic() + WAL_ON_ITS_WAY - age
        while time.monotonic() < until and self._lacking(backup):
            log('info', 'the last WAL of the backup is not archived yet: waiting', backup=backup.name)
            time.sleep(10)

    def _lacking(self, backup: Backup) -> list[str]:
        """Segments of its own that are not archived."""
        return self._walg.missing_of(backup, str(self._scratch))

    def _read_all(self, names: list[str]) -> dict[str, dict[str, int]]:
        """What is in each; one that cannot be read leaves the others to be."""
        databases, failed = {}, []
        for name in names:
            try:
                databases[name] = self._read(name)
            except child.ChildFailed as error:
                failed.append(f'{name}: {error}')
        if failed:
            raise RestoreError(' | '.join(failed))
        return databases

    def _read(self, database: str) -> dict[str, int]:
        self._server.read(database)
        rows = [int(line) for line in self._query(database, 'count-rows.sql').split()]
        return {'tables': len(rows), 'rows': sum(rows)}

    def _query(self, database: str, file: str) -> str:
        return self._server.psql(database, (SCRIPTS / file).read_text(encoding='utf-8'))


def main() -> int:
    parser = argparse.ArgumentParser(prog='restore_test.py', description=__doc__)
    parser.add_argument('--config', default='/etc/patroni/agent.json', metavar='FILE', help="the agent's configuration")
    parser.add_argument('--directory', required=True, help='an empty volume, as large as the database')
    parser.add_argument('--backup', metavar='NAME', help='another full than the newest, without the WAL after it')
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
    data = Path(arguments.directory) / 'data'
    deadline = time.monotonic() + arguments.timeout
    server = ScratchServer(data, sockets, deadline, arguments.bin_directory, arguments.restore_command)
    test = RestoreTest(settings, data, sockets, server)
    result: dict[str, object] = {'backup': arguments.backup}
    try:
        backup = test.backup(arguments.backup)
        result['backup'] = backup.name
        result = test.run(backup)
        if arguments.backup is None:
            expect_no_gap(Walg(settings.walg, settings.socket_directory), backup, str(sockets))
    except (child.ChildFailed, RestoreError, StorageError, OSError, ValueError) as error:
        result['error'] = str(error)
    finally:
        server.stop()
        shutil.rmtree(sockets, ignore_errors=True)
    print(json.dumps(result))
    return 1 if 'error' in result else 0


if __name__ == '__main__':
    sys.exit(main())
