"""What a retention of full backups and of WAL means for the backups that there are. Nothing here changes anything."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from settings import Backups
from walg import Backup

# By how much two clocks may differ.
CLOCKS_DIFFER = timedelta(hours=1)


@dataclass(frozen=True)
class Plan:
    """
    Every second since `base` can be restored. The fulls before it are restored to their own end: those that stay
    are marked permanent, so that WAL-G keeps their WAL, and everything else before the base goes. What a person marked
    stays until a person unmarks it.
    """

    base: Backup | None = None
    mark: list[Backup] = field(default_factory=list)
    unmark: list[Backup] = field(default_factory=list)
    delete: list[Backup] = field(default_factory=list)
    by_hand: list[Backup] = field(default_factory=list)
    refused: str | None = None


def not_in_future(backups: Iterable[Backup], now: datetime) -> list[Backup]:
    """
    Those that can have been made by now. The others were made while a clock was wrong, and what goes by the newest
    would wait for that day.
    """
    return [backup for backup in backups if backup.finished <= now + CLOCKS_DIFFER]


def base_of(backups: list[Backup], now: datetime, rules: Backups) -> Backup | None:
    """
    The newest full before the days of WAL: what the oldest moment of these is recovered from. None that is older by a
    wrong clock only: in the order of the WAL it comes after one within these days.
    """
    base = None
    for backup in not_in_future(backups, now):
        if backup.finished >= now - timedelta(days=rules.keep_wal_days):
            break
        base = backup
    return base


def plan(backups: list[Backup], marked: frozenset[str], now: datetime, rules: Backups) -> Plan:
    """
    `backups` are the fulls in the order of their WAL, and `marked` names those whose mark is retention's own; without a
    full before the days of WAL there is nothing to do.
    """
    by_hand = [backup for backup in backups if backup.permanent and backup.name not in marked]
    base = base_of(backups, now, rules)
    if base is None:
        return Plan(by_hand=by_hand)
    older = backups[: backups.index(base)]
    oldest_kept = now - timedelta(days=rules.keep_full_days)
    past = [backup for backup in older if backup.finished < oldest_kept]
    delete = [backup for backup in past if backup not in by_hand]
    left = len(backups) - len(past)
    newest = max(backup.finished for backup in not_in_future(backups, now))
    last = backups[-1]
    refused = None
    if left < rules.minimum_fulls:
        refused = f'{left} full backups would be left, at least {rules.minimum_fulls} have to be'
    elif newest < _two_times_ago(rules, now):
        refused = f'the newest full backup is of {newest:%Y-%m-%d %H:%M} UTC: two times of the schedule were missed'
    elif last.stored is not None and abs(last.stored - last.finished) > CLOCKS_DIFFER:
        refused = (
            f'the clock that says what is old is wrong: {last.name} was finished {last.finished:%Y-%m-%d %H:%M} UTC by '
            f'it, and {last.stored:%Y-%m-%d %H:%M} by that of the storage'
        )
    return Plan(
        base=base,
        mark=[backup for backup in older if backup.finished >= oldest_kept and not backup.permanent],
        unmark=[backup for backup in delete if backup.permanent],
        delete=delete,
        by_hand=by_hand,
        refused=refused,
    )


def _two_times_ago(rules: Backups, now: datetime) -> datetime:
    """Old backups are deleted only while new ones are being made."""
    return rules.schedule.previous(rules.schedule.previous(now) - timedelta(minutes=1))
