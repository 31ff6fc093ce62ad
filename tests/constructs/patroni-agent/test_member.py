from typing import Any
from unittest import mock

from databases import Server
from member import Keeper
from metrics import Figures
from patroni_api import View
from support import WorldTest, each


class MemberTest(WorldTest):
    def replicates_from(self, port: int | None) -> None:
        """Lets PostgreSQL say that it is told to replicate from that port of this machine, or from nobody."""
        told = '' if port is None else f'user=replication host=127.0.0.1 port={port}\n'
        self.world.programs['psql'] = lambda call: told if 'primary_conninfo' in call.stdin else ''


class StuckStandby(MemberTest):
    """a standby that neither streams nor moves"""

    def setUp(self) -> None:
        super().setUp()
        self.replicates_from(self.world.patroni.port)
        self.figures = Figures()
        self.keeper = Keeper(self.figures)

    def turn(self, seconds: float, position: str = '0/5', streaming: bool = False, running: bool = True) -> None:
        """A turn at that second."""
        view = View(
            primary=False,
            running=running,
            streaming=streaming,
            position=(position, position, 1),
            timeline=1,
            standbys=(),
        )
        with mock.patch('member.time.monotonic', lambda: 1000 + seconds):
            self.keeper.turn(self.world.settings(), view)

    def turns(self, *seconds: float) -> None:
        for each_second in seconds:
            self.turn(each_second)

    def assert_copied(self, times: int) -> None:
        """How often Patroni was told to copy this standby anew."""
        requests = self.world.patroni.asked('POST /reinitialize')
        self.assertEqual(len(requests), times)
        self.assertEqual(self.figures.postgres_standby_copied_anew_total, times or None)
        for request in requests:
            self.assertEqual(request.body, {'force': True})
            self.assertRegex(request.authorization or '', '^Basic ')

    def test_for_two_minutes_beside_a_primary_that_runs_is_copied_anew(self) -> None:
        self.turns(0, 60, 121)
        self.assert_copied(1)

    def test_is_copied_once_and_again_only_after_another_two_minutes(self) -> None:
        self.turns(0, 121, 131, 250)
        self.assert_copied(1)

    @each(
        ('for less than two minutes', {'seconds': 60}, 119),
        ('before it moved', {'seconds': 100, 'position': '0/6'}, 130),
        ('before it streamed', {'seconds': 100, 'streaming': True}, 130),
        ('before it was restarted', {'seconds': 100, 'running': False}, 130),
    )
    def test_is_left_alone(self, _: str, between: dict[str, Any], last: float) -> None:
        self.turn(0)
        self.turn(**between)
        self.turn(last)
        self.assert_copied(0)

    @each(
        ('is no primary any more', {'role': 'replica', 'state': 'running'}),
        ('does not run', {'role': 'primary', 'state': 'starting'}),
        ('stands still itself as the leader of a cluster that follows', {'role': 'standby_leader', 'state': 'running'}),
    )
    def test_is_left_alone_while_the_primary(self, _: str, own: dict[str, Any]) -> None:
        self.world.patroni.own = own
        self.turns(0, 121)
        self.assert_copied(0)

    def test_is_copied_anew_from_the_leader_of_a_cluster_that_follows_another_one_too(self) -> None:
        self.world.patroni.own = {'role': 'standby_leader', 'state': 'running', 'replication_state': 'streaming'}
        self.turns(0, 121)
        self.assert_copied(1)

    def test_is_left_alone_while_it_can_reach_no_port_of_the_primary_but_that_of_patroni(self) -> None:
        # Nobody listens there.
        self.replicates_from(1)
        self.turns(0, 121, 242)
        self.assert_copied(0)


class Primary(MemberTest):
    """the primary"""

    def test_is_found_where_the_standby_is_told_to_replicate_from(self) -> None:
        self.replicates_from(5433)
        self.assertEqual(Server(self.world.settings()).primary_address(), ('127.0.0.1', 5433))
        self.replicates_from(None)
        self.assertIsNone(Server(self.world.settings()).primary_address())
