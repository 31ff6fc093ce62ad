"""
Roles, databases and extensions: made where they are missing, corrected where they differ, each for itself. What nobody
declares any more may hold data: it is never dropped, but told, with the statement that a person runs.
"""

import json
from dataclasses import dataclass

import scram
from child import ChildFailed
from databases import PasswordError, Server, libraries, password_of, psql_set, sql_file
from settings import Database, Settings

REPLICATION, REWIND, MONITORING = 'replication', 'rewind', 'monitoring'


@dataclass(frozen=True)
class Left:
    """What is other than declared, and the statement with which a person puts it right."""

    what: str
    statement: str


class Reconciliation:
    """One pass: what fails is in `failures`, and keeps nothing else from being made."""

    def __init__(self, settings: Settings) -> None:
        """Throws ChildFailed where PostgreSQL can't be asked."""
        self._settings = settings
        self._server = Server(settings)
        self._stored = self._server.stored_verifiers()
        self.failures: list[str] = []
        self.left: list[Left] = []

    def make_member_roles(self) -> None:
        """Those that members replicate and rewind with: all that Patroni waits for in a new cluster."""
        self._make_role(REPLICATION)
        self._make_role(REWIND)
        self._run('rights of the role rewind', 'postgres', psql_set(rewind=REWIND) + sql_file('member-roles.sql'))

    def make_everything(self) -> None:
        self.make_member_roles()
        self._make_role(MONITORING)
        monitoring = psql_set(monitoring=MONITORING) + sql_file('monitoring.sql')
        self._run('rights of the role monitoring', 'postgres', monitoring)
        for database in self._settings.databases:
            try:
                self._make_database(database)
            except ValueError as error:
                self.failures.append(f'the database {database.name!r}: {error}')
        self._find_undeclared()

    def _make_role(self, role: str) -> None:
        replication = 'replication' if role == REPLICATION else 'noreplication'
        connections = str(self._settings.connection_limits.get(role, -1))
        member = 'pg_monitor' if role == MONITORING else 'none'
        statements = psql_set(role=role, replication=replication, connections=connections, member=member)
        statements += sql_file('role.sql')
        try:
            password = password_of(self._settings, role)
        except PasswordError as error:
            # It is there all the same, for what it owns and may do.
            self.failures.append(str(error))
            password = None
        if password is not None and not scram.matches(self._stored.get(role, ''), password):
            statements += psql_set(verifier=scram.verifier(password)) + sql_file('role-password.sql')
        self._run(f'the role {role}', 'postgres', statements)

    def _make_database(self, database: Database) -> None:
        self._make_role(database.owner)
        self._make_role(database.user)
        name = database.name
        names = psql_set(database=name, owner=database.owner, user=database.user, monitoring=MONITORING)
        if self._run(f'the database {name}', 'postgres', names + sql_file('database.sql')) is None:
            return
        self._run(f'rights in the database {name}', name, names + sql_file('privileges.sql'))
        for extension in database.extensions:
            self._make_extension(name, extension)
        extensions = psql_set(extensions=json.dumps(database.extensions))
        self._tell(f'what is not declared in {name}', name, names + extensions + sql_file('undeclared-inside.sql'))

    def _make_extension(self, database: str, extension: str) -> None:
        what = f'the extension {extension} of the database {database}'
        if extension in self._declared_libraries():
            loaded = self._run(what, 'postgres', 'show shared_preload_libraries;\n')
            if loaded is None:
                return
            if extension not in libraries(loaded):
                self.failures.append(f'{what}: PostgreSQL loads it at its start only, and has to be restarted first')
                return
        self._run(what, database, psql_set(extension=extension) + sql_file('extension.sql'))

    def _declared_libraries(self) -> list[str]:
        parameters = self._settings.dynamic_configuration.get('postgresql', {}).get('parameters', {})
        return libraries(str(parameters.get('shared_preload_libraries', '')))

    def _find_undeclared(self) -> None:
        databases = self._settings.databases
        roles = [REPLICATION, REWIND, MONITORING, *(role for each in databases for role in (each.owner, each.user))]
        declared = psql_set(databases=json.dumps([each.name for each in databases]), roles=json.dumps(roles))
        self._tell('what is not declared', 'postgres', declared + sql_file('undeclared.sql'))

    def _tell(self, what: str, database: str, statements: str) -> None:
        for line in (self._run(what, database, statements) or '').splitlines():
            self.left.append(Left(**json.loads(line)))

    def _run(self, what: str, database: str, statements: str) -> str | None:
        """What they print; None for what failed."""
        try:
            return self._server.run(database, statements)
        except ChildFailed as error:
            self.failures.append(f'{what}: {error}')
            return None
