"""When a full backup is to be made, or tried again. Nothing here asks anybody."""

from datetime import datetime, timedelta

from settings import Backups
from walg import Backup

# While there is a gap again and again, full backups shall not fill the day.
AFTER_GAP_EVERY = timedelta(hours=1)
FIRST_RETRY = timedelta(minutes=5)
LAST_RETRY = timedelta(hours=1)


def by_schedule(backups: list[Backup], settings: Backups, now: datetime) -> bool:
    """Whether none has started since the newest time of the schedule; also when there is none, or a time was missed."""
    since = settings.schedule.previous(now)
    return not any(backup.started >= since for backup in backups)


def after_given_up(backups: list[Backup], given_up: list[datetime], now: datetime) -> bool:
    """Whether WAL was given up since the newest began: nothing after that can be recovered until the next one."""
    newest = max((backup.started for backup in backups), default=None)
    if newest is None or now - newest < AFTER_GAP_EVERY:
        return False
    return any(moment > newest for moment in given_up)


def after_gap(backups: list[Backup], missing: list[str], now: datetime) -> bool:
    """
    Whether WAL is missing that a recovery from the newest needs, its own too: a standby's begins at its last restart
    point, so that one which is made because of a gap may itself reach across it.
    """
    if not backups or now - backups[-1].started < AFTER_GAP_EVERY:
        return False
    return not backups[-1].is_after(missing)


def after_failures(failures: int) -> timedelta:
    """How long after that many failures in a row it is tried again: 5, 10, 20, 40, then always 60 minutes."""
    return min(FIRST_RETRY * (1 << (min(failures, 10) - 1)), LAST_RETRY)
