"""
The archives of a store's generations, for `npm run archives`: `list` says what each holds; `prune` deletes one that
nobody writes to any more. Which ones are needed the repository knows, not this program.
"""

import argparse
import json
import os
import re
import sys
import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from child import ChildFailed
from retention import base_of
from settings import Settings, SettingsError, load
from walg import CHANGE_TIMEOUT, Backup, StorageError, Walg, parse_time

PREFIX = 'WALG_S3_PREFIX'
_FOLDER = re.compile(r'^dir\s.*\s(\d+-\d+)/\s*$', re.MULTILINE)
_OBJECT = re.compile(r'^obj\s+(\d+)\s+(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)', re.MULTILINE)
# A cluster that runs ends a segment after a minute in which something was written.
QUIET = timedelta(hours=1)


class Refused(Exception):
    """What isn't deleted, and why."""


@dataclass(frozen=True)
class Contents:
    """The files of an archive."""

    files: int
    bytes: int
    written: datetime | None


class Archives:
    """Those beside `own`, the address that this member archives to, such as `s3://backups/postgres/17-2`."""

    def __init__(self, settings: Settings, own: str) -> None:
        self._settings = settings
        self.own = own.rstrip('/')
        self._store = self.own.rpartition('/')[0]

    def addresses(self) -> list[str]:
        """Of all archives in the store's folder, by version and generation."""
        names = _FOLDER.findall(self._walg(self._store).tell('st', 'ls'))
        return [f'{self._store}/{name}' for name in sorted(names, key=lambda name: [int(n) for n in name.split('-')])]

    def describe(self, address: str, now: datetime) -> dict[str, Any]:
        walg = self._walg(address)
        backups = walg.backups()
        noted = walg.marked_by_retention()
        rules = self._settings.backups
        base = None if rules is None or address != self.own else base_of(backups, now, rules)
        # Retention has stopped in all but the own one: nothing since their oldest full was deleted.
        since = base or next((backup for backup in backups if not backup.permanent), None)
        missing = [] if since is None else _missing(walg, since)
        whole: list[Backup] = []
        if since is not None and missing is not None:
            whole = [each for each in backups if each.finished >= since.finished and each.is_after(missing)]
        return {
            'address': address,
            **vars(self._contents(address)),
            'fulls': [{'name': each.name, 'finished': each.finished} for each in backups],
            'keptByHand': [each.name for each in backups if each.permanent and each.name not in noted],
            'everySecondSince': whole[0].finished if whole else None,
            # Before that; None where it can't be told.
            'missing': missing,
        }

    def prune(self, address: str, now: datetime) -> Contents:
        """Deletes everything of an archive; says what that was."""
        if address == self.own:
            raise Refused(f'{address} is the archive that this member writes to')
        if address not in self.addresses():
            raise Refused(f'{address} is no archive beside {self.own}; there are: {", ".join(self.addresses())}')
        if not self._walg(self.own).backups():
            raise Refused(f'{self.own} has no full backup yet: nothing could be recovered from it')
        kept = self.describe(address, now)['keptByHand']
        if kept:
            raise Refused(f'{address} has fulls that a person marked: {", ".join(kept)}')
        found = self._contents(address)
        if found.written is not None and found.written > now - QUIET:
            raise Refused(f'{address} was written to at {found.written:%Y-%m-%d %H:%M} UTC: somebody still uses it')
        walg = self._walg(address)
        walg.tell('delete', 'everything', 'FORCE', '--confirm', timeout=CHANGE_TIMEOUT)
        left = self._contents(address).files
        if left:
            raise StorageError(f'{left} of {found.files} files of {address} are still there')
        return found

    def _contents(self, address: str) -> Contents:
        listed = _OBJECT.findall(self._walg(address).tell('st', 'ls', '--recursive', timeout=CHANGE_TIMEOUT))
        times = [parse_time(f'{time}Z') for _, time in listed]
        return Contents(len(listed), sum(int(size) for size, _ in listed), max(times, default=None))

    def _walg(self, address: str) -> Walg:
        return Walg(self._settings.walg, self._settings.socket_directory, address)


def _missing(walg: Walg, since: Backup) -> list[str] | None:
    try:
        with tempfile.TemporaryDirectory() as directory:
            return walg.missing_since(since, directory)
    except (ChildFailed, StorageError, OSError, KeyError, ValueError) as error:
        # An archive without the history of a timeline can be listed and pruned all the same.
        print(f'archives.py: what is missing since {since.name} is not known: {error}', file=sys.stderr)
        return None


def main() -> int:
    parser = argparse.ArgumentParser(prog='archives.py', description=__doc__)
    parser.add_argument('--config', required=True, metavar='FILE', help='such as /etc/patroni/agent.json')
    parser.add_argument('mode', choices=('list', 'prune'))
    parser.add_argument('address', nargs='?', help='of the archive to prune, such as s3://backups/postgres/17-1')
    parser.add_argument('--again', metavar='ADDRESS', help='the same once more: what is pruned is gone')
    arguments = parser.parse_args()
    if (arguments.mode == 'prune') != (arguments.address is not None):
        parser.error('prune takes an address, list takes none')
    if arguments.mode == 'prune' and arguments.again != arguments.address:
        parser.error(f'{arguments.address} is pruned only where --again says the same')
    now = datetime.now(timezone.utc)
    try:
        settings = load(arguments.config)
        archives = Archives(settings, os.environ.get(PREFIX, ''))
        if settings.backups is None or not archives.own:
            raise Refused('this member has no archive')
        if arguments.mode == 'prune':
            found: object = vars(archives.prune(arguments.address, now))
        else:
            found = {'own': archives.own, 'archives': [archives.describe(each, now) for each in archives.addresses()]}
    except (ChildFailed, Refused, SettingsError, StorageError) as error:
        print(f'archives.py: {error}', file=sys.stderr)
        return 1
    print(json.dumps(found, default=str))
    return 0


if __name__ == '__main__':
    sys.exit(main())
