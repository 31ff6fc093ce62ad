"""What these tests stand on: a Patroni, a psql and a WAL-G in this process that answer as a test says."""

import json
import os
import tempfile
import threading
import unittest
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from pathlib import Path
from typing import Any
from unittest import mock

import child
import log
import settings
import walg
from wal import segment_name
from walg import Backup

# A Monday.
NOW = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)


class each:
    """One test a row, named by what is first in it: `@each(('of one', 1))` on `def test_sum(self, _, number)`."""

    def __init__(self, *rows: tuple[Any, ...]) -> None:
        self._rows = rows

    def __call__(self, function: Callable[..., None]) -> 'each':
        self._function = function
        return self

    def __set_name__(self, owner: type, name: str) -> None:
        delattr(owner, name)
        for row in self._rows:
            title = f'{name} {row[0]}'
            assert not hasattr(owner, title), f'two tests would be called {title}'
            setattr(owner, title, self._method(row))

    def _method(self, row: tuple[Any, ...]) -> Callable[[unittest.TestCase], None]:
        return lambda test: self._function(test, *row)


def listed(days: float, segment: int, *, timeline: int = 1, **changes: Any) -> dict[str, Any]:
    """A full backup as WAL-G lists it, `days` old, that began in that segment and took ten minutes."""
    finished = NOW - timedelta(days=days)
    start = segment * 0x1000000
    return {
        'backup_name': f'base_{segment_name(timeline, segment)}',
        'start_time': (finished - timedelta(minutes=10)).isoformat().replace('+00:00', 'Z'),
        'finish_time': finished.isoformat().replace('+00:00', 'Z'),
        'start_lsn': start + 0x28,
        'finish_lsn': start + 0x100,
        'is_permanent': False,
        **changes,
    }


def archived(timeline: int, first: int, last: int, *missing: str) -> dict[str, Any]:
    """A timeline of the archive as WAL-G tells it, from one segment to another."""
    ends = {'start_segment': segment_name(timeline, first), 'end_segment': segment_name(timeline, last)}
    return {'id': timeline, **ends, 'missing_segments': list(missing)}


def full(days: float, segment: int, **changes: Any) -> Backup:
    """The same as WAL-G's answer is understood."""
    return walg._backup(listed(days, segment, **changes))


@dataclass(frozen=True)
class Request:
    """One that changes something."""

    line: str
    authorization: str | None
    body: Any


class FakePatroni:
    """Its interface as a leader without replicas has it; tests change what it answers."""

    own: dict[str, Any]
    # What the primary says, to who asks for it by the name localhost; what this member says where that is None.
    primary: dict[str, Any] | None
    configuration: dict[str, Any]
    requests: list[Request]

    def __init__(self) -> None:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asks_primary = outer.primary is not None and self.headers['Host'].startswith('localhost')
                own = outer.primary if asks_primary else outer.own
                self._answer({'/patroni': own, '/config': outer.configuration}.get(self.path, {}))

            def do_PATCH(self) -> None:
                outer.configuration.update(self._noted().body)
                self._answer({})

            def do_POST(self) -> None:
                self._noted()
                self._answer({})

            def _noted(self) -> Request:
                body = self.rfile.read(int(self.headers['Content-Length'] or 0))
                line = f'{self.command} {self.path}'
                request = Request(line, self.headers['Authorization'], json.loads(body or b'{}'))
                outer.requests.append(request)
                return request

            def _answer(self, answer: object) -> None:
                body = json.dumps(answer).encode()
                self.send_response(200)
                self.send_header('Content-Length', str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Nobody reads it."""

        server = ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self.port: int = server.server_address[1]
        self.address = f'http://127.0.0.1:{self.port}'
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.reset()

    def reset(self) -> None:
        self.own = {'role': 'primary', 'state': 'running', 'timeline': 1}
        self.primary = None
        self.configuration = {}
        self.requests = []

    def asked(self, line: str) -> list[Request]:
        return [request for request in self.requests if request.line == line]


# One for all tests, which run one after the other.
_patroni = FakePatroni()


@dataclass(frozen=True)
class Call:
    """How a program was called."""

    program: str
    arguments: list[str]
    stdin: str
    environment: dict[str, str]
    timeout: float

    @property
    def line(self) -> str:
        return ' '.join(self.arguments)

    def fails(self, code: int, said: str = '') -> child.ChildFailed:
        """What child.run throws when a program ends so."""
        return child.ChildFailed(f'{self.program} {self.arguments[0]} ended with {code}: {said}', said)


Program = Callable[[Call], str]


@dataclass
class World:
    """
    A folder with a configuration and passwords, and `programs` that are called in place of those of that name. Between
    `open` and `close` the scripts' `child.run` calls them, and what they log is kept.
    """

    folder: Path
    patroni: FakePatroni = _patroni
    configuration: dict[str, Any] = field(default_factory=dict)
    programs: dict[str, Program] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    backups: list[dict[str, Any]] = field(default_factory=lambda: [listed(0, 9)])
    wal: list[dict[str, Any]] = field(default_factory=lambda: [archived(1, 1, 9)])
    verifiers: dict[str, str] = field(default_factory=dict)
    log: StringIO = field(default_factory=StringIO)

    def __post_init__(self) -> None:
        self.patroni.reset()
        self.programs['walg.sh'] = self.walg
        self.programs['psql'] = lambda call: json.dumps(self.verifiers) if 'rolpassword' in call.stdin else ''
        secrets = ['replication', 'rewind', 'restapi', 'shop_owner', 'shop_app']
        self.configure(
            cluster='postgres',
            members=2,
            patroni=self.patroni.address,
            patroniFile=self.write('patroni.yml', 'scope: postgres'),
            walg='/scripts/walg.sh',
            psql='psql',
            socketDirectory='/run/sockets',
            replicationLogin='/scripts/replication-login.sh',
            dataDirectory='/data',
            reserveFile=str(self.folder / 'reserve'),
            reserveMebibytes=1,
            metricsPort=0,
            intervalSeconds=0.1,
            backups={'schedule': '0 2 * * *', 'keepFullDays': 30, 'keepWalDays': 7, 'minimumFulls': 2},
            databases=[{'name': 'shop', 'owner': 'shop_owner', 'user': 'shop_app', 'extensions': ['pg_trgm']}],
            passwords={name: self.write(f'password-{name}', f'secret of {name}\n') for name in secrets},
            connectionLimits={'shop_app': 3, 'shop_owner': 1},
            tlsFiles=[],
            dynamicConfiguration={},
        )

    def walg(self, call: Call) -> str:
        """As WAL-G answers where there are these backups and all WAL since."""
        if call.arguments[0] == 'wal-show':
            return json.dumps(self.wal)
        return json.dumps(self.backups) if '--json' in call.arguments else ''

    @property
    def file(self) -> str:
        return str(self.folder / 'agent.json')

    def write(self, name: str, text: str) -> str:
        """Writes a file of the folder, and says where it is."""
        path = self.folder / name
        path.write_text(text, encoding='utf-8')
        return str(path)

    def configure(self, **changes: Any) -> None:
        self.configuration.update(changes)
        self.write('agent.json', json.dumps(self.configuration))

    def settings(self) -> settings.Settings:
        return settings.load(self.file)

    def run(
        self, arguments: list[str], timeout: float, *, stdin: str = '', environment: dict[str, str] | None = None
    ) -> str:
        """In place of child.run."""
        name = os.path.basename(arguments[0])
        call = Call(name, arguments[1:], stdin, environment or {}, timeout)
        self.calls.append(call)
        return self.programs[name](call)

    def called(self, program: str, start: str = '') -> list[str]:
        """How a program was called, a line a call; of those that begin so."""
        return [call.line for call in self.calls if call.program == program and call.line.startswith(start)]

    def stdin(self, program: str) -> str:
        """What a program was given in all calls."""
        return ''.join(call.stdin for call in self.calls if call.program == program)

    def lines(self) -> list[dict[str, Any]]:
        """What was logged."""
        return [json.loads(line) for line in self.log.getvalue().splitlines()]

    def said(self, start: str) -> list[dict[str, Any]]:
        """The lines whose message begins so."""
        return [line for line in self.lines() if line['message'].startswith(start)]


class WorldTest(unittest.TestCase):
    """A test in a world of its own."""

    maxDiff = None

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix='patroni-agent-')
        self.addCleanup(folder.cleanup)
        self.world = World(Path(folder.name))
        patched = mock.patch('child.run', self.world.run)
        patched.start()
        self.addCleanup(patched.stop)
        log.log_to(self.world.log)


def at(moment: datetime) -> type[datetime]:
    """In place of `datetime` in a module: the same, but it is that moment now."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
            return moment.astimezone(tz)

    return Clock
