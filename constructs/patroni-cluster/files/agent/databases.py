"""Roles, databases and extensions: made where they are missing, corrected where they differ, never dropped."""

import json
import re
import shlex
import urllib.parse
from pathlib import Path

import child
import scram
from patroni_api import Patroni, PatroniError, View
from settings import Database, Settings

# Seconds; a statement gives up before its psql is ended.
_TIMEOUT = 30
# A commit doesn't wait for a standby that may be away, and the server's log and statistics see no verifier.
_OPTIONS = (
    'synchronous_commit=local',
    'lock_timeout=5s',
    'statement_timeout=25s',
    'log_statement=none',
    'log_min_duration_statement=-1',
    'log_min_error_statement=panic',
    'pg_stat_statements.track_utility=off',
)
_ENVIRONMENT = {'PGOPTIONS': ' '.join(f'-c {option}' for option in _OPTIONS), 'PGCONNECT_TIMEOUT': '5'}
REPLICATION, REWIND, MONITORING = 'replication', 'rewind', 'monitoring'


def _sql(name: str) -> str:
    # Read while this module is loaded: a mounted folder that is updated takes the files that Python knows with it.
    return (Path(__file__).parent / name).read_text(encoding='utf-8')


_STORED_VERIFIERS = _sql('stored-verifiers.sql')
_ROLE = _sql('role.sql')
_ROLE_PASSWORD = _sql('role-password.sql')
_CLUSTER_ROLES = _sql('cluster-roles.sql')
_DATABASE = _sql('database.sql')
_EXTENSION = _sql('extension.sql')
_PRIVILEGES = _sql('privileges.sql')


class PasswordError(Exception):
    """A password file that cannot be used."""


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

    def reconcile(self) -> None:
        """Makes what is missing: the cluster's own roles, then each database with its two roles and extensions."""
        databases = self._settings.databases
        owners_and_users = [role for database in databases for role in (database.owner, database.user)]
        roles = list(dict.fromkeys([REPLICATION, REWIND, MONITORING, *owners_and_users]))
        statements = [self._role(role, stored) for role, stored in self._stored_verifiers(roles).items()]
        statements.append(psql_set(replication=REPLICATION, rewind=REWIND, monitoring=MONITORING) + _CLUSTER_ROLES)
        statements += [_names(database) + _DATABASE for database in databases]
        self.run('postgres', ''.join(statements))
        for database in databases:
            extensions = [psql_set(extension=extension) + _EXTENSION for extension in database.extensions]
            self.run(database.name, ''.join([*extensions, _names(database), _PRIVILEGES]))

    def _stored_verifiers(self, roles: list[str]) -> dict[str, str]:
        printed = self.run('postgres', _STORED_VERIFIERS).strip()
        stored = json.loads(printed) if printed else {}
        return {role: stored.get(role) or '' for role in roles}

    def _role(self, role: str, stored: str) -> str:
        statements = psql_set(role=role) + _ROLE
        password = password_of(self._settings, role)
        if password is not None and not scram.matches(stored, password):
            statements += psql_set(verifier=scram.verifier(password)) + _ROLE_PASSWORD
        return statements


def _names(database: Database) -> str:
    return psql_set(database=database.name, owner=database.owner, user=database.user)


def primary_view(settings: Settings) -> View:
    """What the primary's Patroni says, on the port that this member's has."""
    address = Server(settings).primary_address()
    if address is None:
        raise PatroniError('this member replicates from nobody')
    port = urllib.parse.urlsplit(settings.patroni).port
    return Patroni(f'http://{address[0]}:{port}').view()
