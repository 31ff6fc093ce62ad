"""
Tells whether an archive ends before a segment that it doesn't have, or goes on after it. Prints the segments that are
missing and what shows that there is more; nothing where it is the end. In the data directory of whoever recovers.
"""

import argparse
import os
import sys
import time
from pathlib import Path

from child import ChildFailed
from wal import Lineage, gap, timeline_of
from walg import Backup, StorageError, Walg

# Seconds before each look: what was on its way is there by then.
PAUSES = (0, 60, 60)


def expect_no_gap(walg: Walg, backup: Backup, directory: str) -> None:
    """Throws where no recovery from this full reaches the newest moment; `directory` is for a scratch file."""
    missing: list[str] = []
    for pause in PAUSES:
        time.sleep(pause)
        missing = walg.missing_since(backup, directory)
        if not missing:
            return
    raise StorageError(f'no recovery gets past the WAL that is missing after {backup.name}: {", ".join(missing)}')


def newest_lineage(folder: Path, name: str) -> Lineage:
    """That of the timeline that is recovered to, which PostgreSQL has fetched; else that of the segment itself."""
    histories = sorted(folder.glob('????????.history'))
    if not histories:
        return Lineage(timeline_of(name), '')
    return Lineage(timeline_of(histories[-1].name), histories[-1].read_text(encoding='utf-8'))


def main() -> int:
    parser = argparse.ArgumentParser(prog='wal_gap.py', description=__doc__)
    parser.add_argument('--walg', required=True, metavar='FILE', help='the wrapper of WAL-G')
    parser.add_argument('segment', help='its name, such as 000000010000000000000006')
    arguments = parser.parse_args()
    try:
        # Only lists, so no socket is needed.
        archived = Walg(arguments.walg, '').archived()
        missing = gap(arguments.segment, archived, newest_lineage(Path('pg_wal'), arguments.segment))
    except (ChildFailed, StorageError, OSError, KeyError, ValueError) as error:
        print(f'wal_gap.py: {error}', file=sys.stderr)
        return 1
    if missing:
        which = f'{missing[0]} is missing' if len(missing) == 1 else f'{missing[0]} to {missing[-1]} are missing'
        newer = archived.newer(arguments.segment) or 'a later timeline'
        print(f'{which} in {os.environ.get("WALG_S3_PREFIX", "the archive")}, which goes on with {newer}')
    return 0


if __name__ == '__main__':
    sys.exit(main())
