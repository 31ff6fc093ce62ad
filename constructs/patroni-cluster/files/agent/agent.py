"""
The sidecar of a PostgreSQL member: makes roles and databases on the leader, keeps Patroni's dynamic configuration,
reloads renewed certificates, makes and prunes backups on the chosen member, and shows metrics.
"""

import argparse
import json
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import datetime, timezone

import backups
import child
import due
import member
from databases import primary_view
from log import log
from metrics import Figures, MetricsServer
from patroni_api import Patroni, PatroniError, View, makes_backups
from reconciliation import Reconciliation
from retaining import keep
from retention import not_in_future, plan
from settings import Settings, SettingsError, load
from walg import StorageError, Walg

# Seconds that children have to end after SIGTERM.
GRACE = 1.5


class Agent:
    """
    Two loops: what is quick (this member), and what may take hours (backups). Neither ends by an error; each turn
    reads the configuration again.
    """

    def __init__(self, path: str, settings: Settings, name: str) -> None:
        self._path = path
        self._settings = settings
        self._view: View | None = None
        self._ending = threading.Event()
        figures = Figures()
        self._member = member.Keeper(figures)
        self._backups = backups.Keeper(name, figures)
        self._server = MetricsServer(settings.metrics_port, figures, settings.cluster)

    def run(self) -> None:
        """Returns after SIGTERM or SIGINT."""
        self._server.start()
        log('info', 'serving metrics', port=self._server.port)
        threads = [
            threading.Thread(target=self._loop, args=(turn,), name=turn.__name__, daemon=True)
            for turn in (self._member_turn, self._backups_turn)
        ]
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._ending.set())
        for thread in threads:
            thread.start()
        # Not signal.pause(), which waits for another one if the signal comes just before it.
        while not self._ending.is_set():
            time.sleep(0.1)
        child.terminate_all()
        deadline = time.monotonic() + GRACE
        for thread in threads:
            thread.join(max(0, deadline - time.monotonic()))
        log('info', 'ended')

    def _loop(self, turn: Callable[[], None]) -> None:
        while not self._ending.is_set():
            try:
                turn()
            except Exception as error:  # Whatever it is: the other duties, and the next turn, have to go on.
                log('error', f'{turn.__name__}: {error!r}')
            self._ending.wait(self._settings.interval_seconds)

    def _member_turn(self) -> None:
        self._server.beat()
        self._read_settings()
        self._member.keep_volume(self._settings)
        try:
            self._view = Patroni(self._settings.patroni).view()
        except PatroniError as error:
            self._view = None
            log('error', str(error))
            return
        self._member.turn(self._settings, self._view)

    def _backups_turn(self) -> None:
        self._backups.turn(self._settings, self._view, datetime.now(timezone.utc))

    def _read_settings(self) -> None:
        try:
            settings = load(self._path)
        except SettingsError as error:
            log('error', f'{error}; the one before stays in force')
            return
        if settings.digest != self._settings.digest:
            log('info', 'another configuration is in force')
        self._settings = settings


def status(settings: Settings, name: str) -> dict[str, object]:
    """What Patroni and the storage say now, and what follows from it; `errors` where they don't answer."""
    now = datetime.now(timezone.utc)
    errors: list[str] = []
    found: dict[str, object] = {'cluster': settings.cluster, 'member': name, 'time': now, 'errors': errors}
    try:
        view = Patroni(settings.patroni).view()
        found |= {'primary': view.primary, 'running': view.running, 'timeline': view.timeline}
        found |= {'streaming': view.streaming, 'standbys': [vars(each) for each in view.standbys]}
        found['makesBackups'] = makes_backups(name, view, lambda: primary_view(settings))
    except (PatroniError, child.ChildFailed) as error:
        errors.append(str(error))
    rules = settings.backups
    if rules is None:
        return found
    found |= {'scheduled': rules.schedule.previous(now), 'nextScheduled': rules.schedule.next(now)}
    walg = Walg(settings.walg, settings.socket_directory)
    try:
        fulls = walg.backups()
        marked = walg.marked_by_retention()
    except (child.ChildFailed, StorageError) as error:
        errors.append(str(error))
        return found
    retention = plan(fulls, marked, now, rules)
    since = retention.base or next(iter(fulls), None)
    try:
        with tempfile.TemporaryDirectory() as directory:
            missing = [] if since is None else walg.missing_since(since, directory)
    except (child.ChildFailed, StorageError, OSError, KeyError, ValueError) as error:
        errors.append(f'what the archive lacks: {error}')
        missing = None
    return found | {
        'due': due.by_schedule(not_in_future(fulls, now), rules, now),
        'backups': [vars(each) for each in fulls],
        # No moment can be recovered that lies after what is missing and before the next full.
        'restorableSince': since and since.finished,
        'missing': missing,
        'retention': {
            'delete': [each.name for each in retention.delete],
            'keptByHand': [each.name for each in retention.by_hand],
            'refused': retention.refused,
        },
    }


def main() -> int:
    parser = argparse.ArgumentParser(prog='agent.py', description=__doc__)
    parser.add_argument('--config', required=True, metavar='FILE', help='such as /etc/patroni/agent.json')
    parser.add_argument(
        'mode',
        nargs='?',
        default='run',
        choices=('run', 'bootstrap', 'reconcile', 'backup', 'keep', 'status'),
        help="run: for ever (the default). bootstrap: make the roles of Patroni's members, before anything else. "
        'reconcile: make roles and databases once, and say what a person has to do. backup: one full backup now, with '
        'retention. keep NAME: keep a full backup until a person unmarks it. status: print what Patroni and the '
        'storage say.',
    )
    # To what it calls after a bootstrap, Patroni appends a connection string; the socket is known anyway.
    parser.add_argument('further', nargs='*', metavar='NAME', help='for keep, such as base_000000010000000000000002')
    arguments = parser.parse_args()
    if arguments.mode == 'keep' and len(arguments.further) != 1:
        parser.error('keep takes the name of one full backup')
    if arguments.further and arguments.mode not in ('bootstrap', 'keep'):
        parser.error(f'{arguments.mode} takes no further arguments')
    try:
        settings = load(arguments.config)
    except SettingsError as error:
        print(f'agent.py: {error}', file=sys.stderr)
        return 2
    name = os.environ.get('POD_NAME', '')
    if arguments.mode == 'status':
        found = status(settings, name)
        print(json.dumps(found, indent=2, default=str))
        return 1 if found['errors'] else 0
    if arguments.mode == 'bootstrap':
        return _reconcile(settings, Reconciliation.make_member_roles)
    if arguments.mode == 'reconcile':
        return _reconcile(settings, Reconciliation.make_everything)
    if arguments.mode == 'keep':
        return _keep(settings, arguments.further[0])
    if arguments.mode == 'backup':
        return _backup(settings, name)
    if not name:
        print("agent.py: the environment variable POD_NAME is missing; it is this member's name", file=sys.stderr)
        return 2
    Agent(arguments.config, settings, name).run()
    return 0


def _reconcile(settings: Settings, make: Callable[[Reconciliation], None]) -> int:
    try:
        reconciliation = Reconciliation(settings)
        make(reconciliation)
    except (child.ChildFailed, ValueError) as error:
        log('error', f'roles and databases: {error}')
        return 1
    for failure in reconciliation.failures:
        log('error', f'roles and databases: {failure}')
    for left in reconciliation.left:
        log('info', left.what, statement=left.statement)
    if reconciliation.failures:
        return 1
    log('info', 'roles and databases are as declared')
    return 0


def _backup(settings: Settings, name: str) -> int:
    if settings.backups is None:
        print('agent.py: "backups" is null in the configuration, so there is nowhere to back up to', file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: child.terminate_all())
    figures = Figures()
    made = backups.Keeper(name, figures).make(settings)
    return 0 if made and figures.walg_retention_last_result == 1 else 1


def _keep(settings: Settings, name: str) -> int:
    try:
        keep(Walg(settings.walg, settings.socket_directory), name)
    except (child.ChildFailed, StorageError) as error:
        print(f'agent.py: {error}', file=sys.stderr)
        return 1
    print(f'{name} stays until a person unmarks it: walg.sh backup-mark --impermanent {name}')
    return 0


if __name__ == '__main__':
    sys.exit(main())
