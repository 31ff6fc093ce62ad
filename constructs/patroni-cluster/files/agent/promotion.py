"""Whether another primary took over since the newest full backup."""

from datetime import datetime, timedelta

from due import AFTER_GAP_EVERY
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

    def needs_full(self, backups: list[Backup], now: datetime) -> bool:
        """
        Whether none began on this timeline. What the primary before had not archived may be lost, and one that began
        there needs it, wherever it ended: or else it is of what that primary alone wrote, and leads nowhere. A standby
        begins at its last restart point: for a while that may still be there.
        """
        if self._timeline in (None, 1) or self._since is None or now - self._since < SETTLED_AFTER:
            return False
        since = max(self._since, now - AFTER_GAP_EVERY)
        return not any(backup.timeline == self._timeline or since < backup.started <= now for backup in backups)
