"""Prints the name of the newest full backup that was finished before a time: the one a recovery to it begins with."""

import argparse
import os
import sys
import tempfile

from child import ChildFailed
from wal import Lineage
from walg import Backup, StorageError, Walg, parse_time

PREFIX = 'WALG_S3_PREFIX'


def leading_on(walg: Walg, backups: list[Backup]) -> list[Backup]:
    """
    Those that a recovery to the newest timeline can begin with. A primary that was lost may have made one of what it
    alone wrote, which PostgreSQL refuses there.
    """
    try:
        newest = max([*walg.archived().timelines, *(backup.timeline for backup in backups)], default=1)
        with tempfile.TemporaryDirectory() as directory:
            history = walg.history(newest, backups[0], directory) if backups else ''
        lineage = Lineage(newest, history)
        return [backup for backup in backups if lineage.has(backup.timeline, backup.finish_lsn)]
    except (ChildFailed, StorageError, OSError, KeyError, ValueError) as error:
        print(f'choose_backup.py: not known which of them lead to the newest timeline: {error}', file=sys.stderr)
        return backups


def main() -> int:
    parser = argparse.ArgumentParser(prog='choose_backup.py', description=__doc__)
    parser.add_argument('--walg', required=True, metavar='FILE', help='the wrapper of WAL-G')
    parser.add_argument(
        '--target', default='', metavar='TIME', help='such as "2026-11-22 10:00:00+00"; empty for the newest backup'
    )
    arguments = parser.parse_args()
    prefix = os.environ.get(PREFIX, '')
    try:
        target = parse_time(arguments.target) if arguments.target else None
        # Only lists, so no socket is needed.
        walg = Walg(arguments.walg, '')
        backups = walg.backups()
    except (ChildFailed, StorageError, ValueError) as error:
        print(f'choose_backup.py: {error} ({PREFIX} is "{prefix}")', file=sys.stderr)
        return 1
    fitting = [backup for backup in leading_on(walg, backups) if target is None or backup.finished < target]
    if fitting:
        # Without a time it is the WAL that says which is the newest; a clock may have been wrong.
        chosen = fitting[-1] if target is None else max(fitting, key=lambda backup: backup.finished)
        print(chosen.name)
        return 0
    before = '' if target is None else f' that was finished before {target:%Y-%m-%d %H:%M:%S}+00'
    print(f'choose_backup.py: {prefix} holds no full backup{before}; it holds {len(backups)}:', file=sys.stderr)
    for backup in backups:
        print(f'choose_backup.py:   {backup.name} finished {backup.finished:%Y-%m-%d %H:%M:%S}+00', file=sys.stderr)
    return 1


if __name__ == '__main__':
    sys.exit(main())
