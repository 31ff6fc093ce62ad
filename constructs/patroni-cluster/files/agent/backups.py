"""Full backups by schedule, retention and verification: what the chosen member does, and what every member shows."""

import tempfile
import time
from datetime import datetime, timedelta, timezone

import due
from child import ChildFailed
from databases import Server, primary_view
from last_segment import end_last_segment
from log import log
from metrics import Figures, figure_of
from patroni_api import PatroniError, View, makes_backups, members_of
from promotion import Promotion
from retaining import retain
from retention import base_of, not_in_future
from settings import Backups, Settings
from volume import given_up_by_members
from walg import Backup, StorageError, Walg

LIST_EVERY = timedelta(minutes=5)
# Without a list no backup is made, also not the one after a failover.
LIST_AGAIN_AFTER = timedelta(seconds=30)
VERIFY_EVERY = timedelta(days=1)
VERIFY_AGAIN_AFTER = timedelta(hours=1)
# What is on its way while it is looked for, such as after a failover, is there by then.
VERIFY_TWICE_AFTER = timedelta(minutes=5)
# Seconds. Who was promoted makes a checkpoint at once; written slowly, it takes most of checkpoint_timeout.
RESTART_POINT_WITHIN = 300
RESTART_POINT_EVERY = 5


class Keeper:
    """Keeps the backups of one cluster; not for use by several threads."""

    def __init__(self, name: str, figures: Figures) -> None:
        self._name = name
        self._figures = figures
        self._listed_at: datetime | None = None
        self._backups: list[Backup] | None = None
        self._failures = 0
        self._retry_at: datetime | None = None
        self._verify_at: datetime | None = None
        # What the last look did not find, by whom it lacks.
        self._suspected: dict[str, list[str]] = {}
        # What two looks did not find of the WAL of the window.
        self._gap: list[str] = []
        self._promotion = Promotion()
        self._forget()

    def turn(self, settings: Settings, view: View | None, now: datetime) -> None:
        """One look: refreshes the list when it is old, and does what is due if this member is chosen."""
        rules = settings.backups
        if rules is None:
            return
        every = LIST_AGAIN_AFTER if self._backups is None else LIST_EVERY
        if self._listed_at is None or now - self._listed_at >= every:
            self._refresh(settings, now)
            end_last_segment(settings, view, self._backups)
        if view is None:
            return
        self._promotion.look(view.timeline, now)
        try:
            chosen = makes_backups(self._name, view, lambda: primary_view(settings))
        except (ChildFailed, PatroniError) as error:
            log('error', f'who makes backups: {error}')
            return
        if not chosen:
            self._forget()
            return
        made = False
        others = _others(settings, view)
        given_up = given_up_by_members(self._figures, others, settings.metrics_port)
        if self._ready(rules, given_up, now):
            # Since the last look another member may have made it, or have begun to.
            self._refresh(settings, now)
            if self._ready(rules, given_up, now) and not _another_makes_one(others, settings.metrics_port):
                made = self.make(settings)
        if self._backups and (made or self._verify_at is None or now >= self._verify_at):
            self._verify(settings, view.timeline, now)

    def make(self, settings: Settings) -> bool:
        """One full backup now, then retention; says whether the backup succeeded."""
        assert settings.backups is not None, 'the caller has looked'
        figures = self._figures
        walg = Walg(settings.walg, settings.socket_directory)
        begin = datetime.now(timezone.utc)
        log('info', 'full backup begins')
        figures.walg_backup_running = 1
        try:
            _wait_for_restart_point(Server(settings))
            walg.push(settings.data_directory)
        except ChildFailed as error:
            self._failures += 1
            self._retry_at = datetime.now(timezone.utc) + due.after_failures(self._failures)
            log('error', 'full backup failed', error=str(error), failures=self._failures, again=self._retry_at)
            # A storage that is full takes none until something of it is deleted.
            self._retain(settings.backups, walg)
            return False
        else:
            self._failures, self._retry_at = 0, None
            log('info', 'full backup finished')
            self._retain(settings.backups, walg)
            self._refresh(settings, datetime.now(timezone.utc))
            return True
        finally:
            figures.walg_backup_running = 0
            figures.walg_backup_last_result = 1 if self._failures == 0 else 0
            figures.walg_backup_last_duration_seconds = (datetime.now(timezone.utc) - begin).total_seconds()

    def _ready(self, rules: Backups, given_up: list[datetime], now: datetime) -> bool:
        """Never without a list: what cannot be seen may be there."""
        waiting = self._retry_at is not None and now < self._retry_at
        if self._backups is None or waiting:
            return False
        made = not_in_future(self._backups, now)
        if due.by_schedule(made, rules, now) or due.after_given_up(made, given_up, now):
            return True
        if due.after_gap(made, self._gap, now):
            return True
        return self._promotion.needs_full(self._backups, now)

    def _refresh(self, settings: Settings, now: datetime) -> None:
        figures = self._figures
        self._listed_at = now
        try:
            backups = Walg(settings.walg, settings.socket_directory).backups()
        except (ChildFailed, StorageError) as error:
            self._backups = None
            figures.walg_storage_up = 0
            log('error', 'the backups cannot be listed', error=str(error))
            return
        self._backups = backups
        figures.walg_storage_up = 1
        figures.walg_backups = len(backups)
        figures.walg_backup_running = figures.walg_backup_running or 0
        # By when they were finished: the newest is what an alert looks at.
        made = sorted(not_in_future(backups, now), key=lambda backup: backup.finished)
        figures.walg_backup_newest_start_timestamp_seconds = made[-1].started.timestamp() if made else None
        figures.walg_backup_newest_finish_timestamp_seconds = made[-1].finished.timestamp() if made else None
        figures.walg_backup_oldest_finish_timestamp_seconds = made[0].finished.timestamp() if made else None

    def _retain(self, rules: Backups, walg: Walg) -> None:
        self._figures.walg_retention_last_result = 1 if retain(walg, rules, datetime.now(timezone.utc)) else 0

    def _verify(self, settings: Settings, timeline: int | None, now: datetime) -> None:
        walg = Walg(settings.walg, settings.socket_directory)
        if settings.backups is None or not self._backups or timeline is None:
            return
        base = base_of(self._backups, now, settings.backups) or self._backups[0]
        # A person may have marked the base too, or a newer one: the window begins there all the same.
        kept = [backup for backup in self._backups if backup.permanent and backup.finished < base.finished]
        since = next(backup for backup in self._backups if backup not in kept)
        try:
            with tempfile.TemporaryDirectory() as directory:
                missing = walg.missing(kept, since, timeline, walg.history(timeline, since, directory))
        except (ChildFailed, StorageError, OSError, KeyError, ValueError) as error:
            self._verify_at = now + VERIFY_AGAIN_AFTER
            self._figures.walg_wal_verify_status = self._figures.walg_kept_backups_incomplete = None
            log('error', 'the WAL in the storage cannot be verified', error=str(error))
            return
        suspected, self._suspected = self._suspected, missing
        if missing and not suspected:
            self._verify_at = now + VERIFY_TWICE_AFTER
            log('info', 'WAL is not in the storage: looking again', since=since.name, missing=missing)
            return
        both = {owner: [name for name in names if name in suspected.get(owner, [])] for owner, names in missing.items()}
        missing = {owner: names for owner, names in both.items() if names}
        self._verify_at = now + (VERIFY_AGAIN_AFTER if self._suspected else VERIFY_EVERY)
        self._gap = missing.get('window', [])
        self._figures.walg_wal_verify_status = 0 if self._gap else 1
        self._figures.walg_kept_backups_incomplete = len(missing.keys() - {'window'})
        log('error' if missing else 'info', 'the WAL in the storage was verified', since=since.name, missing=missing)

    def _forget(self) -> None:
        """What only the chosen member knows, so that no old failure is shown by one that isn't asked any more."""
        self._failures, self._retry_at, self._verify_at = 0, None, None
        self._suspected, self._gap = {}, []
        figures = self._figures
        figures.walg_backup_last_result = figures.walg_backup_last_duration_seconds = None
        figures.walg_retention_last_result = None
        figures.walg_wal_verify_status = figures.walg_kept_backups_incomplete = None


def _wait_for_restart_point(server: Server) -> None:
    """
    A standby's full backup begins at its last restart point. On a timeline before, it needs what the primary before may
    not have archived, and no recovery to the newest timeline begins with it. Throws ChildFailed.
    """
    deadline = time.monotonic() + RESTART_POINT_WITHIN
    while timelines := server.earlier_restart_point():
        if time.monotonic() > deadline:
            raise ChildFailed(f'after {RESTART_POINT_WITHIN} s the last restart point is still on timeline {timelines}')
        time.sleep(RESTART_POINT_EVERY)


def _others(settings: Settings, view: View) -> list[str]:
    """Where the other members are, as far as this one is connected to them."""
    if view.primary:
        return [standby.host for standby in members_of(settings.cluster, view)]
    address = Server(settings).primary_address()
    return [] if address is None else [address[0]]


def _another_makes_one(hosts: list[str], port: int) -> bool:
    """Whether another member's agent says so; one that doesn't answer makes none as far as one can know."""
    return any(figure_of(host, port, 'walg_backup_running') == 1 for host in hosts)
