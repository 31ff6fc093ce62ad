import unittest
import urllib.error
import urllib.request
from unittest import mock

from metrics import Figures, MetricsServer, render


class Served(unittest.TestCase):
    """what the agent serves"""

    def setUp(self) -> None:
        self.server = MetricsServer(0, Figures(walg_backups=1, walg_storage_up=1, walg_backup_running=0), 'postgres')
        self.server.start()
        self.addCleanup(self.server._server.server_close)

    def get(self, path: str) -> tuple[int, str | None, str]:
        """Status, type of the content, text."""
        try:
            with urllib.request.urlopen(f'http://127.0.0.1:{self.server.port}{path}') as response:
                return response.status, response.headers['Content-Type'], response.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers['Content-Type'], error.read().decode()

    def test_are_metrics_in_the_text_format_with_the_name_of_the_cluster_and_nothing_else(self) -> None:
        status, content_type, text = self.get('/metrics.txt')
        self.assertEqual((status, content_type), (200, 'text/plain; version=0.0.4; charset=utf-8'))
        self.assertIn('# HELP walg_backups Full backups in the storage.\n# TYPE walg_backups gauge\n', text)
        samples = [line for line in text.splitlines() if not line.startswith('#')]
        expected = {'walg_storage_up': 1, 'walg_backups': 1, 'walg_backup_running': 0}
        self.assertEqual(samples, [f'{name}{{cluster="postgres"}} {value}' for name, value in expected.items()])

    def test_is_nothing_else(self) -> None:
        self.assertEqual(self.get('/')[0], 404)

    def test_is_503_from_60_seconds_after_the_last_turn_of_the_loop(self) -> None:
        found = [self.get('/healthz')[0]]
        for later in (59, 61):
            with mock.patch('metrics.time.monotonic', lambda later=later: self.server._last_beat + later):
                found.append(self.get('/healthz')[0])
        self.server.beat()
        self.assertEqual([*found, self.get('/healthz')[0]], [200, 200, 503, 200])

    def test_escapes_what_a_label_may_hold(self) -> None:
        text = render(Figures(walg_backups=2), 'a"b\\c\n')
        self.assertIn('walg_backups{cluster="a\\"b\\\\c\\n"} 2\n', text)
