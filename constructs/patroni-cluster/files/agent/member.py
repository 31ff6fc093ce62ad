"""What the agent does for its own member: roles and databases, dynamic configuration, renewed certificates."""

import copy
import hashlib
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from copying import CannotBeCopied, prove_copy
from databases import PasswordError, Server, libraries, password_of, primary_view
from log import log
from metrics import Figures
from patroni_api import Patroni, View, differences
from reconciliation import Left, Reconciliation
from settings import Settings
from volume import data_bytes, free_bytes, given_up_at, keep_reserve, size_bytes, waiting_seconds

# Seconds. Whoever changed something by hand sees it put right after at most these.
RECONCILE_EVERY = 600
# Keys of the dynamic configuration that are not the file's: people and Patroni's own commands set them for a while.
OTHERS = ('pause', 'slots', 'ignore_slots')
# Parameters that name libraries: PostgreSQL doesn't start, or takes no connection, where one is missing.
LIBRARIES = ('shared_preload_libraries', 'session_preload_libraries', 'local_preload_libraries')
# Seconds without a step forward. Longer than a primary is away in a failover; and whoever is copied anew for nothing
# costs a copy, while one that never catches up costs the next failover.
STUCK_AFTER = 120
# Seconds. A copy that didn't help is no reason for the next one.
COPY_AGAIN_AFTER = 3600
# Seconds. It looks at every file.
COUNT_DATA_EVERY = 600


class NotAsDeclared(Exception):
    """What could not be brought to what is declared, each with its reason."""

    def __init__(self, failures: list[str]) -> None:
        super().__init__(' | '.join(failures))
        self.failures = failures


class Keeper:
    """Keeps one member as declared; the steps are independent, and a failed one is tried again at the next turn."""

    def __init__(self, figures: Figures) -> None:
        self._figures = figures
        self._reconciled: tuple[str, float] | None = None
        self._certificates: str | None = None
        self._patroni_file: str | None = None
        self._still: tuple[tuple[object, ...], float] | None = None
        self._copied_at: float | None = None
        self._counted_at: float | None = None
        self._left: list[Left] = []

    def keep_volume(self, settings: Settings) -> None:
        """What has to be done whether Patroni answers or not."""
        self._step('reserve', lambda: keep_reserve(settings, self._figures))

    def turn(self, settings: Settings, view: View) -> None:
        leads = view.running and (view.primary or view.standby_leader)
        kept = []
        if view.running:
            kept.append(self._step('certificates', lambda: self._reload_certificates(settings)))
            kept.append(self._step("Patroni's own file", lambda: self._reload_patroni(settings)))
        self._step('measures', lambda: self._measure(settings, view))
        self._step('standby', lambda: self._release_stuck(settings, view))
        if view.running and view.primary:
            kept.append(self._step('databases', lambda: self._reconcile(settings)))
        else:
            # A later leader reconciles at once, and nobody shows what only the leader knows.
            self._reconciled = None
            self._figures.postgres_left_to_people = None
            self._figures.postgres_reconcile_last_success_timestamp_seconds = None
        if leads:
            kept.append(self._step('dynamic configuration', lambda: self._configure(settings, view)))
        self._figures.postgres_reconcile_failed = 1 if not all(kept) else 0 if leads else None

    def _step(self, name: str, action: Callable[[], None]) -> bool:
        """Whether it was done."""
        try:
            action()
        except NotAsDeclared as error:
            for failure in error.failures:
                log('error', f'{name}: {failure}')
            return False
        except Exception as error:  # Whatever it is: the steps after it have to be done.
            log('error', f'{name}: {error}', error=type(error).__name__)
            return False
        return True

    def _reconcile(self, settings: Settings) -> None:
        wanted = settings.digest + _digest(settings.passwords.values())
        now = time.monotonic()
        if self._reconciled is not None:
            done, at = self._reconciled
            if done == wanted and now - at < RECONCILE_EVERY:
                return
        reconciliation = Reconciliation(settings)
        reconciliation.make_everything()
        self._figures.postgres_left_to_people = len(reconciliation.left)
        if reconciliation.left != self._left:
            self._left = reconciliation.left
            for each in self._left:
                log('info', each.what, statement=each.statement)
        if reconciliation.failures:
            raise NotAsDeclared(reconciliation.failures)
        self._reconciled = wanted, now
        self._figures.postgres_reconcile_last_success_timestamp_seconds = time.time()
        log('info', 'roles and databases are as declared')

    def _configure(self, settings: Settings, view: View) -> None:
        patroni = Patroni(settings.patroni)
        actual = patroni.configuration()
        wanted, refused = _without_missing_libraries(settings.dynamic_configuration, actual, Server(settings))
        changes = differences(wanted, actual, OTHERS)
        if view.primary and changes.get('standby_cluster'):
            raise ValueError(
                'a cluster that takes writes is to follow another one, which would throw its rows away: '
                'give the one that follows a generation of its own'
            )
        if changes:
            patroni.change_configuration(changes, _restapi_password(settings))
            log('info', 'dynamic configuration changed', changes=changes)
        if refused:
            raise NotAsDeclared(refused)

    def _reload_certificates(self, settings: Settings) -> None:
        if not settings.tls_files:
            return
        # By content: a Secret's files are links that are replaced together. The first time too, because they may have
        # been renewed between the start of PostgreSQL and that of this program.
        found = _digest(settings.tls_files)
        if found != self._certificates:
            Server(settings).reload()
            self._certificates = found
            log('info', 'PostgreSQL was told to read its certificate')

    def _measure(self, settings: Settings, view: View) -> None:
        """What no exporter knows."""
        figures, now = self._figures, time.monotonic()
        figures.postgres_volume_available_bytes = free_bytes(settings.data_directory)
        figures.postgres_volume_size_bytes = size_bytes(settings.data_directory)
        if self._counted_at is None or now - self._counted_at >= COUNT_DATA_EVERY:
            self._counted_at = now
            figures.postgres_data_bytes = data_bytes(settings.data_directory)
        figures.postgres_wal_given_up_timestamp_seconds = given_up_at(settings.data_directory)
        # Of a standby, what it received counts as archived.
        archives = settings.backups is not None and (view.primary or not view.running)
        figures.postgres_wal_waiting_seconds = waiting_seconds(settings.data_directory) if archives else None
        figures.postgres_checksum_failures = None
        if view.running:
            figures.postgres_checksum_failures = Server(settings).checksum_failures()

    def _release_stuck(self, settings: Settings, view: View) -> None:
        """
        A standby that replayed what its primary never sent can't follow it, and pg_rewind doesn't always see that: when
        it neither streams nor moves while its primary runs, it is copied anew, if that is shown to be possible. Not in
        a pause: whoever works on the cluster may have stopped it.
        """
        if view.primary or view.standby_leader or view.streaming:
            self._still = self._copied_at = None
            self._figures.postgres_standby_stuck = None if view.primary or view.standby_leader else 0
            return
        if not view.running or view.paused:
            self._still = None
            return
        now = time.monotonic()
        if self._still is None or self._still[0] != view.position:
            self._still = view.position, now
            self._figures.postgres_standby_stuck = 0
            return
        if now - self._still[1] < STUCK_AFTER:
            return
        leader = primary_view(settings)
        if not leader.running or not (leader.primary or (leader.standby_leader and leader.streaming)):
            return
        # Whatever is missing to a copy, nothing has to be wrong with what this one has: two minutes later again.
        self._still = view.position, now
        self._figures.postgres_standby_stuck = 1
        if self._copied_at is not None and now - self._copied_at < COPY_AGAIN_AFTER:
            raise CannotBeCopied('it was copied anew, and never followed since: another copy would not help')
        prove_copy(settings)
        Patroni(settings.patroni).reinitialize(_restapi_password(settings))
        self._still, self._copied_at = None, now
        self._figures.postgres_standby_stuck = 0
        self._figures.postgres_standby_copied_anew_total = (self._figures.postgres_standby_copied_anew_total or 0) + 1
        log('error', 'this standby stood still behind a running primary: its data is thrown away and copied anew')

    def _reload_patroni(self, settings: Settings) -> None:
        found = _digest([settings.patroni_file])
        if found != self._patroni_file:
            Patroni(settings.patroni).reload(_restapi_password(settings))
            self._patroni_file = found
            log('info', 'Patroni was told to read its file')


def _without_missing_libraries(
    wanted: dict[str, Any], actual: dict[str, Any], server: Server
) -> tuple[dict[str, Any], list[str]]:
    """The same without changes that name a library which the image lacks, and what these are."""
    wanted = copy.deepcopy(wanted)
    parameters = wanted.get('postgresql', {}).get('parameters', {})
    present = (actual.get('postgresql') or {}).get('parameters') or {}
    changed = {
        name: str(parameters[name]) for name in LIBRARIES if parameters.get(name) not in (None, present.get(name))
    }
    missing = server.missing_libraries(library for text in changed.values() for library in libraries(text))
    refused = []
    for name, text in changed.items():
        lacking = [library for library in libraries(text) if library in missing]
        if lacking:
            refused.append(f'{name}: the image lacks {", ".join(lacking)}, and PostgreSQL would not start again')
            parameters[name] = present.get(name)
    return wanted, refused


def _restapi_password(settings: Settings) -> str:
    password = password_of(settings, 'restapi')
    if password is None:
        raise PasswordError('Patroni has to be told of a change, and "passwords" has no "restapi" to tell it with')
    return password


def _digest(files: Iterable[str]) -> str:
    """Of the contents; a file that isn't there is a content of its own."""
    digest = hashlib.sha256()
    for file in files:
        path = Path(file)
        digest.update(hashlib.sha256(path.read_bytes() if path.is_file() else b'').digest())
    return digest.hexdigest()
