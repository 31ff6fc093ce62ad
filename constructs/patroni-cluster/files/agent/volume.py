"""
A member's volume: what is on it, what was given up for want of room, and the reserve. Local volumes have no metrics of
their own.
"""

import os
import time
from datetime import datetime, timezone
from pathlib import Path

from log import log
from metrics import Figures, figure_of
from settings import Settings

MEBIBYTE = 1024 * 1024
# Four segments of WAL: the next ones may not fit any more.
SPENT_BELOW = 64 * MEBIBYTE
# As often as it is large has to be free before a reserve is made: its own end is not to be what fills the volume.
MADE_ABOVE = 4


def keep_reserve(settings: Settings, figures: Figures) -> None:
    """
    Keeps a file that takes room. On a full volume PostgreSQL can't start, so nothing drains; without that file it can.
    Deletes it before the volume is full, or when it is, and makes it again when there is room.
    """
    file = Path(settings.reserve_file)
    size = settings.reserve_mebibytes * MEBIBYTE
    begun = file.with_suffix('.new')
    begun.unlink(missing_ok=True)
    free = free_bytes(str(file.parent))
    if file.exists() and free < SPENT_BELOW:
        file.unlink()
        log('error', 'the volume is full: the reserve was given to PostgreSQL', free=free, reserve=size)
    elif not file.exists() and free >= MADE_ABOVE * size:
        with open(begun, 'wb') as output:
            os.posix_fallocate(output.fileno(), 0, size)
        begun.rename(file)
        log('info', 'the volume has a reserve', bytes=size)
    figures.postgres_volume_reserve_bytes = file.stat().st_size if file.exists() else 0


def given_up_at(data_directory: str) -> float | None:
    """When archive-wal.sh gave up WAL of this member last; None for never."""
    try:
        return (Path(data_directory).parent / 'given-up-wal').stat().st_mtime
    except FileNotFoundError:
        return None


def given_up_by_members(figures: Figures, others: list[str], port: int) -> list[datetime]:
    """When this member and the others gave up WAL, as far as they say."""
    name = 'postgres_wal_given_up_timestamp_seconds'
    found = [figures.postgres_wal_given_up_timestamp_seconds, *(figure_of(host, port, name) for host in others)]
    return [datetime.fromtimestamp(each, timezone.utc) for each in found if each is not None]


def waiting_seconds(data_directory: str) -> float:
    """For how long WAL waits to be archived; 0 where none does."""
    oldest = now = time.time()
    with os.scandir(Path(data_directory) / 'pg_wal/archive_status') as entries:
        for entry in entries:
            if entry.name.endswith('.ready'):
                try:
                    oldest = min(oldest, entry.stat().st_mtime)
                except FileNotFoundError:
                    continue
    return now - oldest


def free_bytes(path: str) -> int:
    """What may still be written beside `path`."""
    volume = os.statvfs(path)
    return volume.f_bavail * volume.f_frsize


def size_bytes(path: str) -> int:
    """How much the volume can hold that `path` is on."""
    volume = os.statvfs(path)
    return volume.f_blocks * volume.f_frsize


def data_bytes(directory: str) -> int:
    """What a directory takes on its volume; files that go meanwhile don't count."""
    total = 0
    for folder, _, files in os.walk(directory):
        for name in files:
            try:
                total += os.lstat(os.path.join(folder, name)).st_blocks * 512
            except FileNotFoundError:
                continue
    return total
