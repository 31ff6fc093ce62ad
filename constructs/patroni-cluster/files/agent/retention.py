"""What a retention of full backups and of WAL means for the backups that there are. Nothing here changes anything."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from settings import Backups
from walg import Backup


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


def base_of(backups: list[Backup], now: datetime, rules: Backups) -> Backup | None:
    """The newest full before the days of WAL: what the oldest moment of these is recovered from."""
    before_window = [backup for backup in backups if backup.finished < now - timedelta(days=rules.keep_wal_days)]
    return before_window[-1] if before_window else None


def plan(backups: list[Backup], marked: frozenset[str], now: datetime, rules: Backups) -> Plan:
    """
    `backups` are the fulls, oldest first, and `marked` names those whose mark is retention's own; without a full before
    the days of WAL there is nothing to do.
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
    newest = backups[-1].finished
    refused = None
    if left < rules.minimum_fulls:
        refused = f'{left} full backups would be left, at least {rules.minimum_fulls} have to be'
    elif newest < _two_times_ago(rules, now):
        refused = f'the newest full backup is of {newest:%Y-%m-%d %H:%M} UTC: two times of the schedule were missed'
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
