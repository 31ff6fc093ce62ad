"""PostgreSQL as the agent reaches it: this member's own by its socket, and the primary's by the network."""

import json
import re
import shlex
import urllib.parse
from collections.abc import Iterable
from pathlib import Path

import child
from patroni_api import Patroni, PatroniError, View
from settings import Settings

# Seconds; a statement gives up before its psql is ended.
_TIMEOUT = 30
# A commit doesn't wait for a standby that may be away, and the server's log and statistics see no verifier.
_OPTIONS = (
    'synchronous_commit=local',
    # With it a cluster that moves keeps applications from writing; passwords may change all the same.
    'default_transaction_read_only=off',
    'lock_timeout=5s',
    'statement_timeout=25s',
    'log_statement=none',
    'log_min_duration_statement=-1',
    'log_min_error_statement=panic',
    'pg_stat_statements.track_utility=off',
)
_ENVIRONMENT = {'PGOPTIONS': ' '.join(f'-c {option}' for option in _OPTIONS), 'PGCONNECT_TIMEOUT': '5'}


# Read while this module is loaded: a mounted folder that is updated takes the files that Python knows with it.
_STATEMENTS = {path.name: path.read_text(encoding='utf-8') for path in Path(__file__).parent.glob('*.sql')}


class PasswordError(Exception):
    """A password file that cannot be used."""


def sql_file(name: str) -> str:
    """The statements of that file."""
    return _STATEMENTS[name]


def libraries(parameter: str) -> list[str]:
    """The names in a list such as shared_preload_libraries."""
    return [name for each in parameter.split(',') if (name := each.strip(' \'"\n').removeprefix('$libdir/'))]


def psql_set(**values: str) -> str:
    r"""Sets variables of psql, for :'name' and :"name" to quote; throws ValueError for what no name can hold."""
    lines = []
    for name, value in values.items():
        if not value.isprintable():
            raise ValueError(f'{name} {value!r} has a character that cannot be printed')
        quoted = value.replace('\\', '\\\\').replace("'", "''")
        lines.append(f"\\set {name} '{quoted}'\n")
    return ''.join(lines)


def password_of(settings: Settings, role: str) -> str | None:
    """The role's password; None for one that has none. Throws PasswordError."""
    file = settings.passwords.get(role)
    if file is None:
        return None
    try:
        password = Path(file).read_text(encoding='utf-8').rstrip('\r\n')
    except (OSError, UnicodeDecodeError) as error:
        raise PasswordError(f'the password of {role}, {file}, cannot be read: {error}') from error
    # Beyond ASCII, server and client normalise a password before they hash it (SASLprep).
    if not password or not password.isascii() or not password.isprintable():
        raise PasswordError(f'the password of {role}, {file}, is not one line of printable ASCII')
    return password


class Server:
    """The PostgreSQL of this member, by its socket, as superuser."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def run(self, database: str, sql: str) -> str:
        """What the statements print; the first that fails ends it with ChildFailed."""
        settings = self._settings
        arguments = [settings.psql, '-X', '-q', '-h', settings.socket_directory, '-U', 'postgres', '-d', database]
        arguments += ['-v', 'ON_ERROR_STOP=1', '-At']
        return child.run(arguments, _TIMEOUT, stdin=sql, environment=_ENVIRONMENT)

    def checksum_failures(self) -> int:
        """Of all databases and what they share, since the statistics were last reset."""
        counted = 'select coalesce(sum(checksum_failures), 0) from pg_catalog.pg_stat_database;\n'
        return int(self.run('postgres', counted))

    def primary_address(self) -> tuple[str, int] | None:
        """Host and port that this member is told to replicate from, whether it does or not; None for a primary."""
        told = self.run('postgres', "select pg_catalog.current_setting('primary_conninfo');\n")
        host, port = re.search(r'\bhost=(\S+)', told), re.search(r'\bport=(\d+)', told)
        return (host[1], int(port[1]) if port else 5432) if host else None

    def log_in_for_replication(self) -> None:
        """
        Logs in at the primary as a copy of it would, from where that would; throws ChildFailed where it can't. Of a
        program that PostgreSQL starts, only the code is told.
        """
        settings = self._settings
        program = shlex.join([settings.replication_login, settings.socket_directory])
        self.run('postgres', f"{psql_set(program=program)}copy (select where false) to program :'program';\n")

    def reload(self) -> None:
        """Lets PostgreSQL read its configuration and its certificate again."""
        self.run('postgres', 'select pg_catalog.pg_reload_conf();\n')

    def end_segment_with(self, position: int) -> bool:
        """Lets the segment that is written to be archived now if that position is in it; says whether it was."""
        return self.run('postgres', psql_set(position=str(position)) + sql_file('end-segment.sql')).strip() != ''

    def earlier_restart_point(self) -> str:
        """
        Of a standby whose last restart point stays on an earlier timeline than what it receives, both, such as "6 of
        7"; else empty. Makes a new one where that helps.
        """
        return self.run('postgres', sql_file('restart-point.sql')).strip()

    def stored_verifiers(self) -> dict[str, str]:
        """Of every role that has one."""
        printed = self.run('postgres', sql_file('stored-verifiers.sql')).strip()
        stored: dict[str, str] = json.loads(printed) if printed else {}
        return stored

    def missing_libraries(self, names: Iterable[str]) -> list[str]:
        """Those of the libraries that its image doesn't have."""
        asked = sorted(set(names))
        if not asked:
            return []
        return self.run('postgres', psql_set(libraries=json.dumps(asked)) + sql_file('missing-libraries.sql')).split()


def primary_view(settings: Settings) -> View:
    """What the primary's Patroni says, on the port that this member's has."""
    address = Server(settings).primary_address()
    if address is None:
        raise PatroniError('this member replicates from nobody')
    port = urllib.parse.urlsplit(settings.patroni).port
    return Patroni(f'http://{address[0]}:{port}').view()
