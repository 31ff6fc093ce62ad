import base64
import json
import os
import signal
import threading
import time
import unittest
import urllib.request
from collections.abc import Callable
from typing import Any
from unittest import mock

import agent
import child
from patroni_api import differences
from support import Call, WorldTest, each

DECLARED = 'roles and databases are as declared'
CERTIFICATE = 'PostgreSQL was told to read its certificate'


class OneTurn(threading.Event):
    """Ends a loop after its first turn, without waiting."""

    def wait(self, timeout: float | None = None) -> bool:
        self.set()
        return True


class AgentTest(WorldTest):
    def setUp(self) -> None:
        super().setUp()
        # Whole, so that 599 and 1 more are 600.
        self.seconds = float(round(time.monotonic()))
        self.agent = agent.Agent(self.world.file, self.world.settings(), 'postgres-0')
        self.addCleanup(self.agent._server._server.server_close)

    def turn(self, times: int = 1, seconds: float = 10) -> None:
        """Turns of both loops, each so long after the one before."""
        for _ in range(times):
            self.seconds += seconds
            with mock.patch('member.time.monotonic', lambda: self.seconds):
                for duty in (self.agent._member_turn, self.agent._backups_turn):
                    with mock.patch.object(self.agent, '_ending', OneTurn()):
                        self.agent._loop(duty)

    def reconciled(self) -> list[str]:
        """How psql was called, but for what a full backup asks before it begins."""
        calls = [call for call in self.world.calls if call.program == 'psql']
        return [call.line for call in calls if 'pg_control_checkpoint' not in call.stdin]

    def failing_psql(self) -> Callable[[Call], str]:
        """In place of psql: no server."""

        def fail(call: Call) -> str:
            raise call.fails(2, 'no server')

        return fail


class RolesAndDatabases(AgentTest):
    """roles and databases"""

    def test_are_made_by_the_leader_at_once_and_not_at_every_turn(self) -> None:
        with mock.patch('member.time.time', lambda: 1234.5):
            self.turn()
        self.assertEqual(len(self.world.said(DECLARED)), 1)
        made = len(self.reconciled())
        self.turn(4)
        self.assertEqual(len(self.reconciled()), made)
        figures = self.agent._member._figures
        self.assertEqual(figures.postgres_reconcile_failed, 0)
        self.assertEqual(figures.postgres_reconcile_last_success_timestamp_seconds, 1234.5)

    def test_are_made_again_when_a_password_changes_and_when_the_configuration_does(self) -> None:
        self.turn()
        self.world.write('password-shop_app', 'a new one')
        self.turn()
        self.assertEqual(len(self.world.said(DECLARED)), 2)
        self.world.configure(databases=[{'name': 'wiki', 'owner': 'wiki_owner', 'user': 'wiki_app', 'extensions': []}])
        self.turn()
        self.assertEqual(len(self.world.said('another configuration is in force')), 1)
        self.assertEqual(len(self.world.said(DECLARED)), 3)
        self.assertIn('-d wiki', self.reconciled()[-2])

    def test_are_made_again_after_ten_minutes_if_somebody_changed_them(self) -> None:
        for seconds, made in [(0, 1), (599, 1), (1, 2)]:
            self.turn(seconds=seconds)
            self.assertEqual(len(self.world.said(DECLARED)), made)

    def test_are_left_alone_by_a_replica_and_made_when_it_becomes_the_leader(self) -> None:
        figures = self.agent._member._figures
        self.world.patroni.own = {'role': 'replica', 'state': 'running', 'timeline': 1}
        self.turn(3)
        self.assertEqual(self.world.called('walg.sh'), ['backup-list --detail --json'])
        self.assertEqual(self.world.said(DECLARED), [])
        self.assertNotIn('\\set', self.world.stdin('psql'))
        self.assertIsNone(figures.postgres_reconcile_failed)
        self.world.patroni.own = {'role': 'primary', 'state': 'running', 'timeline': 2}
        self.turn()
        self.assertEqual(len(self.world.said(DECLARED)), 1)
        self.world.patroni.own = {'role': 'replica', 'state': 'running', 'timeline': 3}
        self.turn()
        self.assertIsNone(figures.postgres_reconcile_failed)
        self.assertIsNone(figures.postgres_reconcile_last_success_timestamp_seconds)

    def test_are_not_tried_before_postgresql_runs(self) -> None:
        self.world.patroni.own = {'role': 'primary', 'state': 'starting'}
        self.turn(3)
        self.assertEqual(self.world.called('psql'), [])
        self.world.patroni.own = {'role': 'primary', 'state': 'running'}
        self.turn()
        self.assertEqual(len(self.world.said(DECLARED)), 1)

    def test_that_could_not_be_made_are_tried_again(self) -> None:
        works, self.world.programs['psql'] = self.world.programs['psql'], self.failing_psql()
        self.turn()
        [line] = self.world.said('databases: psql -X ended with 2: no server')
        self.assertEqual(line['level'], 'error')
        self.assertEqual(self.agent._member._figures.postgres_reconcile_failed, 1)
        self.world.programs['psql'] = works
        self.turn()
        self.assertEqual(len(self.world.said(DECLARED)), 1)
        self.assertEqual(self.agent._member._figures.postgres_reconcile_failed, 0)

    def test_that_fail_with_what_nobody_has_thought_of_keep_no_other_duty_from_being_done(self) -> None:
        self.world.configure(dynamicConfiguration={'ttl': 20})
        with mock.patch('member.Reconciliation', side_effect=KeyError('unforeseen')):
            self.turn()
        self.assertEqual(self.world.patroni.asked('PATCH /config')[0].body, {'ttl': 20})
        self.assertEqual(self.agent._member._figures.postgres_reconcile_failed, 1)

    def test_that_nobody_declares_any_more_are_told_once_with_the_statement_for_a_person(self) -> None:
        wiki = {'what': 'the database wiki is not declared', 'statement': 'drop database wiki'}
        self.world.programs['psql'] = lambda call: json.dumps(wiki) if 'datistemplate' in call.stdin else ''
        self.turn(seconds=601)
        self.turn(seconds=601)
        [line] = self.world.said('the database wiki is not declared')
        self.assertEqual(line['statement'], 'drop database wiki')
        self.assertEqual(self.agent._member._figures.postgres_left_to_people, 1)
        self.assertEqual(self.agent._member._figures.postgres_reconcile_failed, 0)
        self.world.programs['psql'] = lambda call: ''
        self.turn(seconds=601)
        self.assertEqual(self.agent._member._figures.postgres_left_to_people, 0)


class DynamicConfiguration(AgentTest):
    """the dynamic configuration"""

    def test_is_changed_on_the_leader_where_it_differs_with_the_password_of_the_interface(self) -> None:
        self.world.patroni.configuration = {
            'ttl': 30,
            'loop_wait': 5,
            'postgresql': {'parameters': {'work_mem': '4MB'}, 'use_slots': True},
        }
        parameters = {'work_mem': '8MB'}
        wanted = {'ttl': 20, 'loop_wait': 5, 'postgresql': {'parameters': parameters, 'use_slots': True}}
        self.world.configure(dynamicConfiguration=wanted)
        self.turn()
        self.assertEqual(len(self.world.said('dynamic configuration changed')), 1)
        [patch] = self.world.patroni.asked('PATCH /config')
        self.assertEqual(patch.body, {'ttl': 20, 'postgresql': {'parameters': parameters}})
        credentials = base64.b64encode(b'patroni:secret of restapi').decode()
        self.assertEqual(patch.authorization, f'Basic {credentials}')

    def test_loses_a_parameter_that_was_removed_from_git_and_keeps_what_people_set_for_a_while(self) -> None:
        read_only = {'work_mem': '8MB', 'default_transaction_read_only': 'on'}
        self.world.patroni.configuration = {'pause': True, 'slots': {'x': {}}, 'postgresql': {'parameters': read_only}}
        self.world.configure(dynamicConfiguration={'postgresql': {'parameters': {'work_mem': '8MB'}}})
        self.turn()
        [patch] = self.world.patroni.asked('PATCH /config')
        self.assertEqual(patch.body, {'postgresql': {'parameters': {'default_transaction_read_only': None}}})

    def test_takes_everything_but_a_library_without_which_postgresql_would_not_start(self) -> None:
        present = {'shared_preload_libraries': 'pg_stat_statements', 'work_mem': '4MB'}
        self.world.patroni.configuration = {'postgresql': {'parameters': present}}
        parameters = {'shared_preload_libraries': 'pg_stat_statements,pg_cron', 'work_mem': '8MB'}
        self.world.configure(dynamicConfiguration={'postgresql': {'parameters': parameters}})
        self.world.programs['psql'] = lambda call: 'pg_cron\n' if 'PKGLIBDIR' in call.stdin else ''
        self.turn()
        [patch] = self.world.patroni.asked('PATCH /config')
        self.assertEqual(patch.body, {'postgresql': {'parameters': {'work_mem': '8MB'}}})
        refused = 'dynamic configuration: shared_preload_libraries: the image lacks pg_cron'
        self.assertEqual(len(self.world.said(refused)), 1)
        self.assertEqual(self.agent._member._figures.postgres_reconcile_failed, 1)
        self.world.programs['psql'] = lambda call: ''
        self.turn()
        changed = {'postgresql': {'parameters': {'shared_preload_libraries': 'pg_stat_statements,pg_cron'}}}
        self.assertEqual(self.world.patroni.asked('PATCH /config')[-1].body, changed)

    def test_that_could_not_be_changed_is_shown(self) -> None:
        self.world.configure(dynamicConfiguration={'ttl': 20}, passwords={})
        self.turn()
        self.assertEqual(len(self.world.said('dynamic configuration: Patroni has to be told of a change')), 1)
        self.assertEqual(self.agent._member._figures.postgres_reconcile_failed, 1)

    def test_is_left_alone_by_a_replica(self) -> None:
        self.world.patroni.own = {'role': 'replica', 'state': 'running'}
        self.world.configure(dynamicConfiguration={'ttl': 20})
        self.turn(3)
        self.assertEqual(self.world.patroni.configuration, {})

    def test_is_changed_by_the_leader_of_a_cluster_that_followed_another_one_and_no_longer_does(self) -> None:
        self.world.patroni.own = {'role': 'standby_leader', 'state': 'running', 'replication_state': 'streaming'}
        self.world.patroni.configuration = {'ttl': 20, 'standby_cluster': {'host': 'postgres', 'port': 5432}}
        self.world.configure(dynamicConfiguration={'standby_cluster': None, 'ttl': 20})
        self.turn()
        self.assertEqual(len(self.world.said('dynamic configuration changed')), 1)
        bodies = [patch.body for patch in self.world.patroni.asked('PATCH /config')]
        self.assertEqual(bodies, [{'standby_cluster': None}])
        # Roles and databases are the other cluster's until it is a primary.
        self.assertNotIn('\\set', self.world.stdin('psql'))

    def test_never_makes_a_primary_follow_another_cluster_which_would_throw_its_rows_away(self) -> None:
        self.world.patroni.own = {'role': 'primary', 'state': 'running'}
        self.world.patroni.configuration = {'ttl': 20}
        self.world.configure(dynamicConfiguration={'standby_cluster': {'host': 'postgres', 'port': 5432}, 'ttl': 20})
        self.turn()
        refused = 'dynamic configuration: a cluster that takes writes is to follow another one'
        self.assertEqual(len(self.world.said(refused)), 1)
        self.assertEqual(self.world.patroni.configuration, {'ttl': 20})


class Differences(unittest.TestCase):
    """the dynamic configuration"""

    @each(
        ('a key that is missing', {'ttl': 20}, {}, {'ttl': 20}),
        ('nothing where it is the same', {'a': {'b': 1}, 'c': None}, {'a': {'b': 1}}, {}),
        (
            'null for what is not declared any more',
            {'a': {}},
            {'a': {'x': 'on'}, 'd': 3},
            {'a': {'x': None}, 'd': None},
        ),
        (
            'only what differs however deep',
            {'a': {'b': {'c': 1, 'd': 2}}},
            {'a': {'b': {'c': 1, 'd': 3}}},
            {'a': {'b': {'d': 2}}},
        ),
        ('nothing where Patroni, which compares text, would change nothing', {'a': 100}, {'a': '100'}, {}),
        ('null for a key that has to go', {'a': None}, {'a': 1}, {'a': None}),
        ('nothing for a key that is gone', {'a': None}, {}, {}),
        ('a whole list', {'hba': ['x', 'y']}, {'hba': ['x']}, {'hba': ['x', 'y']}),
        ('an object in place of a text', {'a': {'b': 1}}, {'a': 'x'}, {'a': {'b': 1}}),
    )
    def test_differs_by(self, _: str, wanted: Any, actual: Any, expected: Any) -> None:
        self.assertEqual(differences(wanted, actual), expected)


class Certificates(AgentTest):
    """certificates"""

    def setUp(self) -> None:
        super().setUp()
        self.world.patroni.own = {'role': 'replica', 'state': 'running'}

    def test_are_reloaded_on_every_member_when_the_content_changes_and_only_then(self) -> None:
        self.world.configure(tlsFiles=[self.world.write('tls.crt', 'one'), self.world.write('tls.key', 'key')])
        self.turn()
        self.world.write('tls.crt', 'one')
        self.turn(3)
        self.assertEqual(len(self.world.said(CERTIFICATE)), 1)
        self.world.write('tls.crt', 'two')
        self.turn()
        self.assertEqual(len(self.world.said(CERTIFICATE)), 2)
        self.assertEqual(self.world.stdin('psql').count('select pg_catalog.pg_reload_conf();\n'), 2)

    def test_are_reloaded_as_soon_as_postgresql_takes_it_if_it_did_not_the_first_time(self) -> None:
        works, self.world.programs['psql'] = self.world.programs['psql'], self.failing_psql()
        self.world.configure(tlsFiles=[self.world.write('tls.crt', 'one')])
        self.turn()
        self.assertEqual(len(self.world.said('certificates: psql')), 1)
        self.world.programs['psql'] = works
        self.turn()
        self.assertEqual([line['level'] for line in self.world.said(CERTIFICATE)], ['info'])


class Measures(AgentTest):
    """what no exporter knows"""

    def test_is_measured_by_every_member(self) -> None:
        self.world.patroni.own = {'role': 'replica', 'state': 'running'}
        self.world.programs['psql'] = lambda call: '3\n' if 'sum(checksum_failures)' in call.stdin else ''
        self.world.configure(dataDirectory=str(self.world.folder))
        self.turn()
        figures = self.agent._member._figures
        self.assertEqual(figures.postgres_checksum_failures, 3)
        self.assertGreater(figures.postgres_volume_available_bytes or 0, 0)


class PatroniFile(AgentTest):
    """Patroni's own file"""

    def test_is_read_again_by_patroni_when_its_content_changes(self) -> None:
        self.turn(5)
        self.assertEqual(len(self.world.patroni.asked('POST /reload')), 1)
        self.world.write('patroni.yml', 'scope: postgres-2')
        self.turn()
        self.assertEqual(len(self.world.said('Patroni was told to read its file')), 2)
        self.assertRegex(self.world.patroni.asked('POST /reload')[1].authorization or '', '^Basic ')


class Loop(AgentTest):
    """the loop"""

    def setUp(self) -> None:
        super().setUp()
        # As if it had not turned for long.
        self.agent._server._last_beat -= 1000
        self.agent._server.start()

    def assert_healthy(self) -> None:
        with urllib.request.urlopen(f'http://127.0.0.1:{self.agent._server.port}/healthz') as response:
            self.assertEqual(response.status, 200)

    def test_goes_on_while_patroni_cannot_be_reached(self) -> None:
        address = self.world.configuration['patroni']
        self.world.configure(patroni='http://127.0.0.1:9')
        self.turn(2)
        lines = self.world.said('GET /patroni of Patroni: ')
        self.assertEqual(len(lines), 2)
        self.assertIn('refused', lines[0]['message'])
        self.assert_healthy()
        self.world.configure(patroni=address)
        self.turn()
        self.assertEqual(len(self.world.said(DECLARED)), 1)

    def test_goes_on_with_the_last_configuration_while_the_file_cannot_be_read(self) -> None:
        self.turn()
        self.world.write('agent.json', '{"cluster": ')
        self.turn(2)
        messages = [line['message'] for line in self.world.lines()]
        kept = [message for message in messages if message.endswith('the one before stays in force')]
        self.assertEqual(len(kept), 2)
        self.assertRegex(kept[1], r'agent\.json: Expecting value')
        self.world.write('password-shop_app', 'a new one')
        self.turn()
        self.assertEqual(len(self.world.said(DECLARED)), 2)

    def test_goes_on_after_an_error_that_nobody_has_thought_of(self) -> None:
        self.turn()
        self.world.patroni.own = {'role': 'primary', 'state': 'running', 'replication': ['postgres-1']}
        self.turn(2)
        self.assertEqual(len(self.world.said('_member_turn: AttributeError')), 2)
        self.assert_healthy()
        self.world.patroni.own = {'role': 'primary', 'state': 'running'}
        self.world.write('password-shop_app', 'a new one')
        self.turn()
        self.assertEqual(len(self.world.said(DECLARED)), 2)

    def test_writes_one_line_of_json_an_event(self) -> None:
        self.turn()
        [line] = self.world.said(DECLARED)
        self.assertRegex(line['time'], r'^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$')
        self.assertEqual(line['level'], 'info')


class Ending(AgentTest):
    """the agent's end"""

    def test_takes_less_than_two_seconds_of_the_grace_of_a_pod(self) -> None:
        self.assertLess(agent.GRACE, 2)

    def test_does_not_wait_for_a_child_that_goes_on(self) -> None:
        asked, goes_on = threading.Event(), threading.Event()

        def hang(call: Call) -> str:
            asked.set()
            goes_on.wait()
            return ''

        def let_go() -> None:
            # What it still says belongs to this test, not to the next one's log.
            goes_on.set()
            for thread in threading.enumerate():
                if thread.name in ('_member_turn', '_backups_turn'):
                    thread.join()

        self.world.programs['psql'] = hang
        self.addCleanup(let_go)
        for number in (signal.SIGTERM, signal.SIGINT):
            self.addCleanup(signal.signal, number, signal.getsignal(number))

        def sleep(_: float) -> None:
            asked.wait()
            os.kill(os.getpid(), signal.SIGTERM)

        with (
            mock.patch.object(agent, 'GRACE', 0.01),
            mock.patch('agent.time.sleep', sleep),
            mock.patch.object(child, 'terminate_all') as terminated,
        ):
            self.agent.run()
        self.assertFalse(goes_on.is_set())
        terminated.assert_called_once_with()
        self.assertEqual(len(self.world.said('ended')), 1)
