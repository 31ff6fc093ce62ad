"""Whether another primary took over since the newest full backup."""

from datetime import datetime, timedelta
from pathlib import Path

from wal import Lineage
from walg import Backup

# A member that has just taken over has other work.
SETTLED_AFTER = timedelta(minutes=1)


class Promotion:
    """The newest one, which began the timeline that this member is on."""

    def __init__(self) -> None:
        self._timeline: int | None = None
        self._since: datetime | None = None

    def look(self, timeline: int | None, now: datetime) -> None:
        """Notes the timeline that Patroni tells."""
        if timeline is not None and timeline != self._timeline:
            self._timeline, self._since = timeline, now

    def needs_full(self, backups: list[Backup], data_directory: str, now: datetime) -> bool:
        """
        Whether all fulls are from before it, as the member's own copy of the timeline's history tells. What the primary
        before had not archived may be lost: a recovery from a full after that needs none of it.
        """
        if self._timeline is None or self._since is None or now - self._since < SETTLED_AFTER:
            return False
        history = Path(data_directory) / 'pg_wal' / f'{self._timeline:08X}.history'
        try:
            began = Lineage(self._timeline, history.read_text(encoding='utf-8')).position
        except OSError:
            return False
        return not any(backup.finish_lsn > began for backup in backups)
