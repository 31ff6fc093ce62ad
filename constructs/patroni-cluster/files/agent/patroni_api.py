"""
Patroni's own interface: what it says of a member, and its dynamic configuration.

Never asked for /cluster: to answer it, Patroni 4.1 reads the leader's lock anew in a thread of its own, and a leader
that stood still for longer than its lock held may then take a lock back that another member holds by now. Measured with
a frozen container: commits that the new leader had acknowledged were lost.
"""

import base64
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

# Seconds. It is asked over loopback.
TIMEOUT = 5
# Never through a proxy that the environment names.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class PatroniError(Exception):
    """Patroni cannot be reached, or refused."""


@dataclass(frozen=True)
class Standby:
    """One that replicates from this member, as this member sees it."""

    name: str
    host: str
    streaming: bool


@dataclass(frozen=True)
class View:
    """What Patroni says of one member at one moment."""

    primary: bool
    running: bool
    # Whether it receives what the primary writes.
    streaming: bool
    # How far it has got: what it received, what it replayed, and on which timeline. Says nothing but whether it moves.
    position: tuple[object, ...]
    timeline: int | None
    standbys: tuple[Standby, ...]
    # Whether it leads a cluster that follows another one.
    standby_leader: bool = False
    # Whether a person took the cluster out of Patroni's hands, to work on it.
    paused: bool = False


class Patroni:
    def __init__(self, address: str) -> None:
        self._address = address.rstrip('/')

    def view(self) -> View:
        own = self._ask('/patroni')
        xlog = own.get('xlog') or {}
        return View(
            primary=own.get('role') in ('primary', 'master'),
            running=own.get('state') == 'running',
            standby_leader=own.get('role') == 'standby_leader',
            paused=own.get('pause') is True,
            streaming=own.get('replication_state') == 'streaming',
            position=(xlog.get('received_location'), xlog.get('replayed_location'), own.get('timeline')),
            timeline=own.get('timeline'),
            standbys=tuple(
                Standby(
                    name=str(each.get('application_name')),
                    host=str(each.get('client_addr')),
                    streaming=each.get('state') == 'streaming',
                )
                for each in own.get('replication') or ()
            ),
        )

    def synchronous(self) -> bool:
        """Whether it is the standby that may take over, because it has all that was acknowledged."""
        return self._ask('/patroni').get('sync_standby') is True

    def configuration(self) -> dict[str, Any]:
        return self._ask('/config')

    def change_configuration(self, changes: dict[str, Any], password: str) -> None:
        """Merges `changes` into the dynamic configuration; null removes a key."""
        self._send('/config', 'PATCH', json.dumps(changes).encode(), _headers(password))

    def reload(self, password: str) -> None:
        """Lets it read its own file again."""
        self._send('/reload', 'POST', b'', _headers(password))

    def reinitialize(self, password: str) -> None:
        """Lets it throw this standby's data away and copy it anew."""
        self._send('/reinitialize', 'POST', json.dumps({'force': True}).encode(), _headers(password))

    def _ask(self, path: str) -> dict[str, Any]:
        try:
            answer = json.loads(self._send(path, 'GET'))
        except ValueError as error:
            raise PatroniError(f'GET {path} of Patroni: {error}') from error
        if not isinstance(answer, dict):
            raise PatroniError(f'GET {path} of Patroni: the answer is no object')
        return answer

    def _send(self, path: str, method: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> bytes:
        request = urllib.request.Request(self._address + path, body, headers or {}, method=method)
        try:
            with _opener.open(request, timeout=TIMEOUT) as response:
                answer: bytes = response.read()
                return answer
        except urllib.error.HTTPError as error:
            with error:
                said = error.read(200).decode(errors='replace')
            raise PatroniError(f'{method} {path} of Patroni: {error.code} {said}') from error
        except OSError as error:
            raise PatroniError(f'{method} {path} of Patroni: {error}') from error


def _headers(password: str) -> dict[str, str]:
    credentials = base64.b64encode(f'patroni:{password}'.encode()).decode()
    return {'Authorization': f'Basic {credentials}', 'Content-Type': 'application/json'}


def makes_backups(name: str, view: View, primary: Callable[[], View]) -> bool:
    """
    Whether backups are this member's business: the first standby by name that streams makes them, and without one the
    primary. `primary` gives the primary's view. Nobody does in a cluster that follows another one: a standby archives
    nothing, so such a backup would lack WAL.
    """
    if not view.running or view.standby_leader:
        return False
    cluster = name.rpartition('-')[0]
    if view.primary:
        return not any(standby.streaming for standby in members_of(cluster, view))
    if not view.streaming:
        return False
    leader = primary()
    streaming = [standby.name for standby in members_of(cluster, leader) if standby.streaming]
    return leader.primary and name == min(streaming, default=None)


def members_of(cluster: str, view: View) -> list[Standby]:
    """The standbys that are members of the cluster, without those of another one that follows it."""
    return [standby for standby in view.standbys if standby.name.rpartition('-')[0] == cluster]


def differences(wanted: dict[str, Any], actual: dict[str, Any], others: Collection[str] = ()) -> dict[str, Any]:
    """
    What makes `actual` of it `wanted`, key by key: what it lacks, and null for what it has beyond that, but for keys of
    `others`. Scalars are compared as text, as Patroni does when it merges: it would leave 100 where "100" is, and be
    asked for ever.
    """
    found: dict[str, Any] = {}
    for key, value in actual.items():
        if value is not None and wanted.get(key) is None and key not in others:
            found[key] = None
    for key, value in wanted.items():
        if isinstance(value, dict) and isinstance(actual.get(key), dict):
            inner = differences(value, actual[key])
            if inner:
                found[key] = inner
        elif value is not None and (key not in actual or isinstance(value, dict) or str(actual[key]) != str(value)):
            found[key] = value
    return found
