"""
Lets a new primary archive what the one before could not. A standby takes all that it receives for archived, although
its primary may be gone with segments that it had not pushed. Marks the segments of the timelines before, as far as the
archive lacks them, as ready for archiving: PostgreSQL keeps each of them until it is in the archive. Their histories
too: who recovers looks for the newest timeline one by one, and ends where one has none.
"""

import argparse
import os
import sys
from pathlib import Path

from child import ChildFailed
from wal import SEGMENT_BYTES, Archived, Lineage, is_segment, timeline_of
from walg import StorageError, Walg

# Seconds. Nothing else is archived meanwhile.
ANSWER_TIMEOUT = 300


def complete(folder: Path, lineage: Lineage) -> list[str]:
    """The segments in pg_wal that a timeline before wrote to its end."""
    found = [path for path in folder.iterdir() if is_segment(path.name) and lineage.ended_after(path.name)]
    return sorted(path.name for path in found if path.stat().st_size == SEGMENT_BYTES)


def histories(folder: Path, lineage: Lineage) -> list[str]:
    """Of the timelines before, as far as they are here; what the archive has already, it takes again."""
    names = [f'{timeline:08X}.history' for timeline in lineage.before()]
    return [name for name in names if (folder / name).exists()]


def lacking(names: list[str], archived: Archived, lineage: Lineage) -> set[str]:
    """
    Those that this archive has to have. Not what is older than all of it: a cluster that began from another one's
    archive has that one's WAL too.
    """
    begins = [first[8:] for timeline in lineage.before() if (first := archived.first(timeline)) is not None]
    return {name for name in names if begins and name[8:] > min(begins) and not archived.has(name)}


def mark(folder: Path, names: list[str], ready: set[str]) -> None:
    """Makes PostgreSQL archive those in `ready`, and take the others for archived."""
    for name in names:
        before, after = ('done', 'ready') if name in ready else ('ready', 'done')
        old, new = folder / f'{name}.{before}', folder / f'{name}.{after}'
        if old.exists():
            os.replace(old, new)
        else:
            new.touch(0o600)


def main() -> int:
    parser = argparse.ArgumentParser(prog='unarchived.py', description=__doc__)
    parser.add_argument('--walg', required=True, metavar='FILE', help='the wrapper of WAL-G')
    parser.add_argument('history', type=Path, help='of the new timeline, such as pg_wal/00000002.history')
    arguments = parser.parse_args()
    folder = arguments.history.parent
    status = folder / 'archive_status'
    try:
        lineage = Lineage(timeline_of(arguments.history.name), arguments.history.read_text(encoding='utf-8'))
        names = complete(folder, lineage)
        # Until the archive says what it has, everything is kept.
        mark(status, names, set(names))
        # Only lists, so no socket is needed.
        archived = Walg(arguments.walg, '').archived(ANSWER_TIMEOUT)
        ready = lacking(names, archived, lineage)
        mark(status, names, ready)
        before = histories(folder, lineage)
        mark(status, before, set(before))
    except (ChildFailed, StorageError, OSError, KeyError, ValueError) as error:
        print(
            f'unarchived.py: what the archive lacks of the timelines before is not known yet: {error}', file=sys.stderr
        )
        return 1
    if ready:
        print(f'unarchived.py: archiving what the primary before did not: {", ".join(sorted(ready))}', file=sys.stderr)
    return 0


if __name__ == '__main__':
    sys.exit(main())
