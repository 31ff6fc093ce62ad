"""Retention as it is done: what is planned is marked and deleted in the archive, and what a person keeps stays."""

import tempfile
from datetime import datetime, timedelta

from child import ChildFailed
from log import log
from retention import not_in_future, plan
from settings import Backups
from walg import Backup, StorageError, Walg


def retain(walg: Walg, rules: Backups, now: datetime) -> bool:
    """Marks and deletes as planned; says whether that worked."""
    try:
        marked = walg.marked_by_retention()
        fulls = walg.backups()
        planned = plan(fulls, marked, now, rules)
        if planned.refused is not None:
            log('error', 'retention: nothing was deleted', reason=planned.refused)
            return False
        _delete_unfinished(walg, fulls, now)
        if planned.base is None:
            log('info', 'retention: no full backup is older than the days of WAL, nothing to delete')
            return True
        with tempfile.TemporaryDirectory() as directory:
            missing = walg.missing_since(planned.base, directory)
        if missing:
            # What is older may be the only way to what lies beyond the gap.
            log('error', 'retention: nothing was deleted', reason='WAL is missing in the window', missing=missing)
            return False
        # Whatever fails ends it: nothing is deleted unless everything that stays is marked.
        for backup in planned.mark:
            _mark(walg, backup.name)
        for backup in planned.unmark:
            walg.unmark_permanent(backup.name)
        walg.delete_before(planned.base.name)
        gone = {backup.name for backup in planned.delete} | marked - {backup.name for backup in fulls}
        for name in sorted(gone & marked):
            walg.forget_mark(name)
    except (ChildFailed, StorageError, OSError, KeyError, ValueError) as error:
        log('error', 'retention failed', error=str(error))
        return False
    deleted = [backup.name for backup in planned.delete]
    by_hand = [backup.name for backup in planned.by_hand]
    log('info', 'retention: done', base=planned.base.name, deleted=deleted, marked=len(planned.mark), byHand=by_hand)
    return True


def keep(walg: Walg, name: str) -> None:
    """Marks a full as a person does: retention leaves it alone, also where it had marked it itself."""
    if name not in [backup.name for backup in walg.backups()]:
        raise StorageError(f'the archive has no full backup {name}; `status` lists them')
    walg.mark_permanent(name)
    if name in walg.marked_by_retention():
        walg.forget_mark(name)


def _mark(walg: Walg, name: str) -> None:
    """First the mark: of one that is only noted, a person's mark would be taken for retention's."""
    walg.mark_permanent(name)
    try:
        walg.note_mark(name)
    except ChildFailed:
        walg.unmark_permanent(name)
        raise


def _delete_unfinished(walg: Walg, fulls: list[Backup], now: datetime) -> None:
    """An attempt that still runs began after the newest full of a day ago, or was ended long since."""
    ended = [backup for backup in not_in_future(fulls, now) if backup.finished < now - timedelta(days=1)]
    unfinished = walg.delete_unfinished_before(ended[-1]) if ended else []
    if unfinished:
        log('info', 'retention: what attempts that failed have left was deleted', backups=unfinished)
