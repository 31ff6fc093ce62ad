from typing import Any
from unittest import mock

from databases import Server
from member import Keeper
from metrics import Figures
from patroni_api import Patroni, View
from support import Call, WorldTest, each


class MemberTest(WorldTest):
    primary_takes_login = True

    def replicates_from(self, port: int | None) -> None:
        """Lets PostgreSQL say that it is told to replicate from that port of this machine, or from nobody."""
        told = '' if port is None else f'user=replication host=127.0.0.1 port={port}\n'

        def psql(call: Call) -> str:
            if 'replication-login.sh' in call.stdin and not self.primary_takes_login:
                raise call.fails(1, 'ERROR:  program "replication-login.sh" failed')
            return told if 'primary_conninfo' in call.stdin else ''

        self.world.programs['psql'] = psql


class StuckStandby(MemberTest):
    """a standby that neither streams nor moves"""

    def setUp(self) -> None:
        super().setUp()
        self.replicates_from(self.world.patroni.port)
        self.figures = Figures()
        self.keeper = Keeper(self.figures)
        self.world.configure(dataDirectory=str(self.world.folder))
        self.asked: list[tuple[str, int, str]] = []
        self.primary_has: float | None = 1
        patched = mock.patch('copying.figure_of', self.figure_of)
        patched.start()
        self.addCleanup(patched.stop)

    def figure_of(self, host: str, port: int, name: str) -> float | None:
        self.asked.append((host, port, name))
        return self.primary_has

    def turn(
        self,
        seconds: float,
        position: str = '0/5',
        streaming: bool = False,
        running: bool = True,
        paused: bool = False,
    ) -> None:
        """A turn at that second."""
        view = View(
            primary=False,
            running=running,
            paused=paused,
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
        self.assertEqual(self.figures.postgres_standby_stuck, 0)
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
        ('in a pause', {'seconds': 121, 'paused': True}, 130),
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

    def assert_kept(self, said: str) -> None:
        """Its data stays, somebody is told, and the log says why."""
        self.assertEqual(self.world.patroni.asked('POST /reinitialize'), [])
        self.assertEqual(self.figures.postgres_standby_stuck, 1)
        self.assertRegex(self.world.said('standby: ')[-1]['message'], said)

    def test_keeps_its_data_while_the_primary_refuses_a_login_for_replication(self) -> None:
        self.primary_takes_login = False
        self.turns(0, 121, 242, 363, 3700)
        self.assert_kept('a login for replication')

    def test_is_copied_anew_two_minutes_after_the_primary_took_a_login_again(self) -> None:
        self.primary_takes_login = False
        self.turns(0, 121)
        self.primary_takes_login = True
        self.turns(131, 242)
        self.assert_copied(1)

    def test_tries_the_login_with_what_patroni_would_log_in_with(self) -> None:
        self.turns(0, 121)
        self.assertIn(
            "\\set program '/scripts/replication-login.sh /run/sockets'\n"
            "copy (select where false) to program :'program';\n",
            self.world.stdin('psql'),
        )

    def test_keeps_its_data_where_the_primary_has_more_than_there_is_room_for(self) -> None:
        with mock.patch('copying.free_bytes', lambda _: 1000), mock.patch('copying.data_bytes', lambda _: 500):
            self.primary_has = 1501
            self.turns(0, 121)
            self.assert_kept('1501 bytes, and there is room for 1500')
            # What it has itself makes room.
            self.primary_has = 1500
            self.turns(242)
            self.assert_copied(1)
        self.assertEqual(self.asked[-1], ('127.0.0.1', 0, 'postgres_data_bytes'))

    def test_keeps_its_data_while_nobody_says_how_much_the_primary_has(self) -> None:
        self.primary_has = None
        self.turns(0, 121, 242)
        self.assert_kept('not known')

    def test_keeps_its_data_where_a_copy_did_not_help(self) -> None:
        self.turns(0, 121)
        self.assert_copied(1)
        self.turn(125, running=False)
        self.turns(300, 421, 542)
        self.assertEqual(len(self.world.patroni.asked('POST /reinitialize')), 1)
        self.assertEqual(self.figures.postgres_standby_stuck, 1)
        self.turns(3721)
        self.assert_copied(2)

    def test_is_copied_anew_soon_where_it_followed_since_the_last_copy(self) -> None:
        self.turns(0, 121)
        self.turn(200, streaming=True)
        self.turns(300, 421)
        self.assert_copied(2)

    def test_that_moves_again_is_not_shown_as_stuck(self) -> None:
        self.primary_takes_login = False
        self.turns(0, 121)
        self.turn(130, position='0/6')
        self.assertEqual(self.figures.postgres_standby_stuck, 0)


class Volume(MemberTest):
    """the volume of a member"""

    def test_is_measured_with_what_the_data_takes(self) -> None:
        data = self.world.folder / 'data'
        (data / 'base').mkdir(parents=True)
        (data / 'base/1').write_bytes(b'x' * 40_000)
        self.world.configure(dataDirectory=str(data))
        figures = Figures()
        view = View(primary=True, running=False, streaming=False, position=(), timeline=1, standbys=())
        Keeper(figures).turn(self.world.settings(), view)
        self.assertGreaterEqual(figures.postgres_data_bytes or 0, 40_000)
        self.assertLess(figures.postgres_data_bytes or 0, 80_000)
        self.assertGreater(figures.postgres_volume_size_bytes or 0, figures.postgres_volume_available_bytes or 0)


class Primary(MemberTest):
    """the primary"""

    def test_is_found_where_the_standby_is_told_to_replicate_from(self) -> None:
        self.replicates_from(5433)
        self.assertEqual(Server(self.world.settings()).primary_address(), ('127.0.0.1', 5433))
        self.replicates_from(None)
        self.assertIsNone(Server(self.world.settings()).primary_address())


class Pause(WorldTest):
    """a pause of Patroni"""

    def test_is_seen_as_long_as_it_lasts(self) -> None:
        patroni = Patroni(self.world.patroni.address)
        self.assertFalse(patroni.view().paused)
        self.world.patroni.own['pause'] = True
        self.assertTrue(patroni.view().paused)
