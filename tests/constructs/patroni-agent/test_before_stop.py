from collections.abc import Callable
from typing import Any
from unittest import mock

import before_stop
from support import WorldTest, each

STANDBY = {'role': 'replica', 'state': 'running', 'replication_state': 'streaming'}
SYNCHRONOUS = {**STANDBY, 'sync_standby': True}


class BeforeStop(WorldTest):
    """a member that is told to stop"""

    def setUp(self) -> None:
        super().setUp()
        self.seconds = 0.0
        # What changes after eight seconds.
        self.at_eight: Callable[[], None] = lambda: None
        self.world.configure(dynamicConfiguration={'synchronous_mode': True})
        for name, instead in (('monotonic', lambda: self.seconds), ('sleep', self.sleep)):
            patched = mock.patch(f'before_stop.time.{name}', instead)
            patched.start()
            self.addCleanup(patched.stop)

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds
        if self.seconds == 8:
            self.at_eight()

    def leads(self, standby: dict[str, Any] | None, state: str = 'streaming', name: str = 'postgres-1') -> None:
        """A primary, and what its standby's Patroni says; None for none."""
        # The address of the test's server under its other name: it answers as the other member there.
        replication = [{'application_name': name, 'client_addr': 'localhost', 'state': state}]
        self.world.patroni.own = {'role': 'primary', 'state': 'running', 'replication': replication if standby else []}
        self.world.patroni.primary = standby

    def waited(self) -> float:
        before_stop.wait(self.world.settings(), 60)
        return self.seconds

    @each(
        ('a primary with a synchronous standby', 'primary', 'running', SYNCHRONOUS),
        ('a standby', 'replica', 'running', STANDBY),
        ('the leader of a cluster that follows another one', 'standby_leader', 'running', STANDBY),
        ('a primary that does not run', 'primary', 'starting', STANDBY),
    )
    def test_stops_at_once_as(self, _: str, role: str, state: str, standby: dict[str, Any]) -> None:
        self.leads(standby)
        self.world.patroni.own |= {'role': role, 'state': state}
        self.assertEqual(self.waited(), 0)
        self.assertEqual(self.world.lines(), [])

    def test_stops_at_once_when_it_is_alone(self) -> None:
        self.world.configure(members=1)
        self.leads(None)
        self.assertEqual(self.waited(), 0)

    def test_stops_at_once_when_its_Patroni_does_not_answer(self) -> None:
        self.world.configure(patroni='http://127.0.0.1:1')
        self.assertEqual(self.waited(), 0)

    def test_stops_at_once_beside_any_standby_that_streams_where_none_is_synchronous(self) -> None:
        self.world.configure(dynamicConfiguration={'synchronous_mode': False})
        self.leads(STANDBY)
        self.assertEqual(self.waited(), 0)

    def test_goes_on_as_a_primary_until_its_standby_may_take_over(self) -> None:
        self.leads(STANDBY)
        self.at_eight = lambda: self.leads(SYNCHRONOUS)
        self.assertEqual(self.waited(), 8)
        self.assertEqual(len(self.world.said('told to stop')), 1)

    def test_goes_on_as_a_primary_until_its_standby_is_back(self) -> None:
        self.leads(None)
        self.at_eight = lambda: self.leads(SYNCHRONOUS)
        self.assertEqual(self.waited(), 8)

    @each(('the leader of a cluster that follows it', 'postgres-2-0'), ('a copy that is being made', 'pg_basebackup'))
    def test_takes_for_no_successor(self, _: str, name: str) -> None:
        self.world.configure(dynamicConfiguration={'synchronous_mode': False})
        self.leads(STANDBY, name=name)
        self.at_eight = lambda: self.leads(STANDBY)
        self.assertEqual(self.waited(), 8)

    def test_goes_on_while_its_synchronous_standby_is_behind(self) -> None:
        self.leads(SYNCHRONOUS, 'catchup')
        self.at_eight = lambda: self.leads(SYNCHRONOUS)
        self.assertEqual(self.waited(), 8)

    def test_stops_when_another_one_has_taken_over_meanwhile(self) -> None:
        self.leads(STANDBY)
        self.at_eight = lambda: self.world.patroni.own.update(role='replica')
        self.assertEqual(self.waited(), 8)

    @each(('without a standby', None), ('beside one that never may', STANDBY))
    def test_stops_after_a_minute_all_the_same(self, _: str, standby: dict[str, Any] | None) -> None:
        self.leads(standby)
        self.assertEqual(self.waited(), 60)
        self.assertEqual(len(self.world.said('this primary stops although nobody may take over')), 1)
