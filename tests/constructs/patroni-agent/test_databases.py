import base64
import hashlib
import hmac
import re
import unittest
from unittest import mock

import agent
import databases
import scram
from support import Call, WorldTest, each


def verifier(password: str, salt: bytes, iterations: int = 4096) -> str:
    """What PostgreSQL stores for a password, computed as RFC 5803 says."""
    salted = hashlib.pbkdf2_hmac('sha256', password.encode(), salt, iterations, 32)
    client_key = hmac.digest(salted, b'Client Key', 'sha256')
    stored_key = base64.b64encode(hashlib.sha256(client_key).digest()).decode()
    server_key = base64.b64encode(hmac.digest(salted, b'Server Key', 'sha256')).decode()
    return f'SCRAM-SHA-256${iterations}:{base64.b64encode(salt).decode()}${stored_key}:{server_key}'


def salt_of(stored: str) -> bytes:
    return base64.b64decode(stored.split(':')[1].split('$', maxsplit=1)[0])


# Stored by PostgreSQL 15 for "correct horse".
STORED = (
    'SCRAM-SHA-256$4096:hH0cJb5WGgQ7hdeszb2hCw==$hDwMbGpk2vsLKiBreIztCu9gsflxIA8m9d3wNKdE5VQ=:'
    'Cn+6LlEVKZxqP4/Y0752xGq1ZwBswIHKQXdsoTBD/lk='
)


class Verifiers(unittest.TestCase):
    """verifiers"""

    def test_are_those_of_postgresql(self) -> None:
        self.assertTrue(scram.matches(STORED, 'correct horse'))
        self.assertEqual(scram.verifier('correct horse', base64.b64decode('hH0cJb5WGgQ7hdeszb2hCw==')), STORED)

    def test_of_another_password_md5_hashes_and_nothing_do_not_match(self) -> None:
        self.assertFalse(scram.matches(STORED, 'correct horses'))
        self.assertFalse(scram.matches('md5a3556571e93b0d20722ba62be61e8c2d', 'correct horse'))
        self.assertFalse(scram.matches('', 'correct horse'))

    def test_keep_the_number_of_iterations_they_were_made_with(self) -> None:
        self.assertTrue(scram.matches(verifier('x', b'salt', 10), 'x'))

    def test_have_a_salt_of_16_random_bytes(self) -> None:
        first, second = scram.verifier('x'), scram.verifier('x')
        self.assertNotEqual(first, second)
        self.assertEqual(len(salt_of(first)), 16)


class Names(unittest.TestCase):
    """names that psql is given"""

    @each(
        ('shop', "\\set owner 'shop'\n"),
        ("o'neil", "\\set owner 'o''neil'\n"),
        ('back\\slash', "\\set owner 'back\\\\slash'\n"),
        ('"; drop database shop; --', "\\set owner '\"; drop database shop; --'\n"),
        (':owner `date`', "\\set owner ':owner `date`'\n"),
    )
    def test_are_quoted(self, name: str, line: str) -> None:
        self.assertEqual(databases.psql_set(owner=name), line)

    @each(('a\nb',), ('a\0b',), ('\t',))
    def test_are_refused(self, name: str) -> None:
        with self.assertRaisesRegex(ValueError, "^owner '.*' has a character that cannot be printed$"):
            databases.psql_set(owner=name)


# Two databases.
TWO = [
    {'name': 'shop', 'owner': 'shop_owner', 'user': 'shop_app', 'extensions': ['pg_cron', 'pg_trgm']},
    {'name': 'wiki', 'owner': 'wiki_owner', 'user': 'wiki_app', 'extensions': ['pg_trgm']},
]
# What is made of them, in that order.
MADE = [
    *('role replication', 'role rewind', 'role monitoring'),
    *('role shop_owner', 'role shop_app', 'database shop', 'rights shop'),
    *('extension pg_cron', 'extension pg_trgm'),
    *('role wiki_owner', 'role wiki_app', 'database wiki', 'rights wiki', 'extension pg_trgm'),
]


class MakingRolesAndDatabases(WorldTest):
    """making roles and databases"""

    def reconcile(self, *more: str, mode: str = 'reconcile') -> int:
        """The command's exit code."""
        with mock.patch('sys.argv', ['agent.py', '--config', self.world.file, mode, *more]):
            return agent.main()

    def failing(self, *parts: str) -> None:
        """Lets psql fail where it is given all of these, or called with them."""

        def psql(call: Call) -> str:
            if all(part in call.line + call.stdin for part in parts):
                raise call.fails(3, 'no such thing')
            return ''

        self.world.programs['psql'] = psql

    def made(self) -> list[str]:
        """The roles, databases, rights and extensions that psql was asked for, in that order."""
        patterns = {
            'role': r"\\set role '(.*)'",
            'database': r"\\set database '(.*)'.*create database",
            'rights': r"\\set database '(.*)'.*alter default privileges",
            'extension': r"\\set extension '(.*)'",
        }
        return [
            f'{kind} {found[1]}'
            for call in self.world.calls
            for kind, pattern in patterns.items()
            if (found := re.match(pattern.replace("'(.*)'", "'(.*?)'", 1), call.stdin, re.DOTALL))
        ]

    def sent(self) -> dict[str, str]:
        """Roles with the verifiers they are given."""
        found = re.findall(
            r"\\set role '(\w+)'\n(?:(?!\\set role).)*\\set verifier '(.*?)'", self.world.stdin('psql'), re.DOTALL
        )
        return dict(found)

    def test_makes_what_belongs_to_the_cluster_then_what_belongs_to_each_database(self) -> None:
        self.world.configure(databases=TWO)
        self.assertEqual(self.reconcile(), 0)
        self.assertEqual(self.made(), MADE)
        for call in self.world.calls:
            self.assertRegex(
                call.line, r'^-X -q -h /run/sockets -U postgres -d (postgres|shop|wiki) -v ON_ERROR_STOP=1 -At$'
            )

    @each(
        ('an extension', ["\\set extension 'pg_cron'"], 'the extension pg_cron of the database shop: '),
        ('the rights in a database', ['-d shop', 'default privileges'], 'rights in the database shop: '),
        ('a role', ["\\set role 'rewind'"], 'the role rewind: '),
        ('what the exporter may see', ['grant pg_monitor'], 'rights of the role monitoring: '),
        (
            'the search for what is not declared',
            ['-d shop', 'pg_available_extensions'],
            'what is not declared in shop: ',
        ),
    )
    def test_makes_everything_else_where_this_fails(self, _: str, parts: list[str], said: str) -> None:
        self.world.configure(databases=TWO)
        self.failing(*parts)
        self.assertEqual(self.reconcile(), 1)
        self.assertEqual(self.made(), MADE)
        [line] = self.world.lines()
        self.assertEqual(line['message'], f'roles and databases: {said}psql -X ended with 3: no such thing')

    def test_makes_nothing_in_a_database_that_could_not_be_made_and_everything_in_the_next(self) -> None:
        self.world.configure(databases=TWO)
        self.failing("\\set database 'shop'", 'create database')
        self.assertEqual(self.reconcile(), 1)
        inside = ['rights shop', 'extension pg_cron', 'extension pg_trgm']
        self.assertEqual(self.made(), [*MADE[:6], *MADE[6 + len(inside) :]])

    def test_makes_a_role_and_its_database_without_a_password_that_cannot_be_read(self) -> None:
        self.world.write('password-shop_app', '')
        self.assertEqual(self.reconcile(), 1)
        self.assertIn('role shop_app', self.made())
        self.assertIn('rights shop', self.made())
        self.assertEqual(list(self.sent()), ['replication', 'rewind', 'shop_owner'])

    def test_waits_with_an_extension_for_the_start_at_which_postgresql_loads_it(self) -> None:
        self.world.configure(
            databases=TWO,
            dynamicConfiguration={'postgresql': {'parameters': {'shared_preload_libraries': 'pg_audit,pg_cron'}}},
        )
        self.world.programs['psql'] = lambda call: 'pg_audit\n' if 'show shared_preload' in call.stdin else ''
        self.assertEqual(self.reconcile(), 1)
        self.assertEqual(self.made(), [each for each in MADE if each != 'extension pg_cron'])
        self.assertIn('the extension pg_cron of the database shop: PostgreSQL loads it', self.world.log.getvalue())
        self.world.programs['psql'] = lambda call: 'pg_audit, pg_cron\n' if 'show shared_preload' in call.stdin else ''
        self.assertEqual(self.reconcile(), 0)
        self.assertEqual(self.made()[-len(MADE) :], MADE)

    def test_makes_only_the_roles_of_members_for_a_new_cluster_which_waits_for_nothing_else(self) -> None:
        self.world.configure(databases=TWO)
        self.world.write('password-shop_app', '')
        self.failing('extension')
        self.assertEqual(self.reconcile('host=/run/sockets user=postgres dbname=postgres', mode='bootstrap'), 0)
        self.assertEqual(self.made(), ['role replication', 'role rewind'])
        self.assertEqual(list(self.sent()), ['replication', 'rewind'])

    def test_keeps_what_it_does_out_of_the_log_of_postgresql_and_does_not_wait_for_a_standby(self) -> None:
        self.reconcile()
        for call in self.world.calls:
            self.assertRegex(
                call.environment['PGOPTIONS'],
                '-c synchronous_commit=local -c default_transaction_read_only=off .*-c log_statement=none',
            )

    def test_sends_verifiers_that_match_the_passwords_and_no_password(self) -> None:
        self.reconcile()
        sent = self.sent()
        self.assertEqual(list(sent), ['replication', 'rewind', 'shop_owner', 'shop_app'])
        for role, text in sent.items():
            self.assertEqual(text, verifier(f'secret of {role}', salt_of(text)))
        self.assertNotIn('secret of', self.world.stdin('psql') + ''.join(self.world.called('psql')))

    def test_leaves_a_stored_password_that_is_the_right_one_and_changes_the_others(self) -> None:
        salt = bytes([1] * 16)
        self.world.verifiers = {
            'replication': verifier('secret of replication', salt),
            'rewind': verifier('another', salt),
            'shop_owner': verifier('secret of shop_owner', salt),
            'shop_app': 'md5a3556571e93b0d20722ba62be61e8c2d',
        }
        self.reconcile()
        self.assertEqual(list(self.sent()), ['rewind', 'shop_app'])

    @each(
        ('that is empty', '', 'the password of shop_app, .*, is not one line of printable ASCII'),
        ('of two lines', 'two\nlines\n', 'is not one line of printable ASCII'),
        ('beyond ASCII', 'straße\n', 'is not one line of printable ASCII'),
    )
    def test_refuses_a_password_and_says_so(self, _: str, text: str, message: str) -> None:
        self.world.write('password-shop_app', text)
        self.assertEqual(self.reconcile(), 1)
        self.assertRegex(self.world.log.getvalue(), message)

    def test_names_a_password_file_that_is_not_there(self) -> None:
        (self.world.folder / 'password-rewind').unlink()
        self.assertEqual(self.reconcile(), 1)
        self.assertRegex(self.world.log.getvalue(), 'the password of rewind, .*password-rewind, cannot be read')

    def test_ends_with_what_psql_said_when_it_fails(self) -> None:
        def fail(call: Call) -> str:
            raise call.fails(2, 'psql: error: no server')

        self.world.programs['psql'] = fail
        self.assertEqual(self.reconcile(), 1)
        [line] = self.world.lines()
        self.assertEqual(line['level'], 'error')
        self.assertIn('no server', line['message'])
