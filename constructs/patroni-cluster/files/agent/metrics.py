"""What the agent shows: /metrics.txt for Prometheus, /healthz for the kubelet."""

import re
import threading
import time
import urllib.request
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# Seconds without a turn of the loop after which the agent isn't healthy.
UNHEALTHY_AFTER = 60
# Never through a proxy that the environment names.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass
class Figures:
    """The metrics by name, in Prometheus' base units; None where this member cannot know or isn't asked."""

    walg_storage_up: float | None = None
    walg_backups: float | None = None
    walg_backup_newest_start_timestamp_seconds: float | None = None
    walg_backup_newest_finish_timestamp_seconds: float | None = None
    walg_backup_oldest_finish_timestamp_seconds: float | None = None
    walg_backup_running: float | None = None
    walg_backup_last_result: float | None = None
    walg_backup_last_duration_seconds: float | None = None
    walg_retention_last_result: float | None = None
    walg_wal_verify_status: float | None = None
    walg_kept_backups_incomplete: float | None = None
    postgres_reconcile_last_success_timestamp_seconds: float | None = None
    postgres_reconcile_failed: float | None = None
    postgres_left_to_people: float | None = None
    postgres_standby_copied_anew_total: float | None = None
    postgres_standby_stuck: float | None = None
    postgres_checksum_failures: float | None = None
    postgres_volume_available_bytes: float | None = None
    postgres_volume_size_bytes: float | None = None
    postgres_volume_reserve_bytes: float | None = None
    postgres_data_bytes: float | None = None
    postgres_wal_waiting_seconds: float | None = None
    postgres_wal_given_up_timestamp_seconds: float | None = None


HELP = {
    'walg_storage_up': 'Whether the list of backups could be read last time.',
    'walg_backups': 'Full backups in the storage.',
    'walg_backup_newest_start_timestamp_seconds': 'When the newest full backup began.',
    'walg_backup_newest_finish_timestamp_seconds': 'When the newest full backup was finished.',
    'walg_backup_oldest_finish_timestamp_seconds': 'When the oldest full backup was finished.',
    'walg_backup_running': 'Whether this member makes a full backup now.',
    'walg_backup_last_result': 'Whether the last full backup that this member tried succeeded.',
    'walg_backup_last_duration_seconds': 'How long the last full backup that this member tried took.',
    'walg_retention_last_result': 'Whether old backups and WAL were deleted as planned after the last backup.',
    'walg_wal_verify_status': 'Whether WAL is complete since the oldest full of the window: 1 or 0.',
    'walg_kept_backups_incomplete': 'Kept older full backups that lack WAL of their own.',
    'postgres_reconcile_last_success_timestamp_seconds': 'When roles and databases were last as declared.',
    'postgres_reconcile_failed': 'Whether something could not be brought to what is declared last time.',
    'postgres_left_to_people': 'What is other than declared and holds data: the log names the statements for a person.',
    'postgres_checksum_failures': 'Pages of this member that were read and were not what had been written.',
    'postgres_volume_available_bytes': "What is free on this member's volume.",
    'postgres_volume_size_bytes': "What this member's volume can hold.",
    'postgres_volume_reserve_bytes': 'What is kept to be deleted when the volume is full; 0 when it was.',
    'postgres_data_bytes': 'What the data directory of this member takes, WAL included.',
    'postgres_wal_waiting_seconds': 'For how long WAL of this primary waits to be archived.',
    'postgres_wal_given_up_timestamp_seconds': 'When this member last gave up WAL that the archive did not take.',
    'postgres_standby_stuck': 'Whether this standby stands still, and a copy could not be shown to work.',
    'postgres_standby_copied_anew_total': 'How often this member was copied anew because it stood still as a standby.',
}


def figure_of(host: str, port: int, name: str) -> float | None:
    """What another member's agent shows; None where it doesn't answer, or doesn't show that."""
    try:
        with _opener.open(f'http://{host}:{port}/metrics.txt', timeout=2) as response:
            text = response.read(65536).decode(errors='replace')
        found = re.search(rf'^{name}\{{.*\}} (\S+)$', text, re.MULTILINE)
        return float(found[1]) if found else None
    except (OSError, ValueError):
        return None


def render(figures: Figures, cluster: str) -> str:
    """Prometheus' text format, one sample a metric, labelled with the cluster's name."""
    label = cluster.replace('\\', '\\\\').replace('"', '\\"').replace('\n', '\\n')
    lines = []
    for name, help_text in HELP.items():
        value = getattr(figures, name)
        if value is not None:
            kind = 'counter' if name.endswith('_total') else 'gauge'
            lines += [f'# HELP {name} {help_text}', f'# TYPE {name} {kind}']
            lines.append(f'{name}{{cluster="{label}"}} {value:.15g}')
    return ''.join(f'{line}\n' for line in lines)


class MetricsServer:
    """Serves on all addresses; `beat` says that the loop has turned."""

    def __init__(self, port: int, figures: Figures, cluster: str) -> None:
        outer = self
        self._last_beat = time.monotonic()

        class Handler(BaseHTTPRequestHandler):
            # A client that sends nothing frees its thread after these seconds.
            timeout = 10

            def do_GET(self) -> None:
                path = self.path.partition('?')[0]
                if path == '/metrics.txt':
                    self._answer(200, render(figures, cluster), 'text/plain; version=0.0.4; charset=utf-8')
                elif path == '/healthz':
                    still = time.monotonic() - outer._last_beat
                    self._answer(200 if still < UNHEALTHY_AFTER else 503, f'the loop turned {still:.0f} s ago\n')
                else:
                    self._answer(404, 'there are /metrics.txt and /healthz\n')

            def _answer(self, status: int, text: str, content_type: str = 'text/plain; charset=utf-8') -> None:
                body = text.encode()
                self.send_response(status)
                self.send_header('Content-Type', content_type)
                self.send_header('Content-Length', str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Scrapes and probes are no events."""

        self._server = ThreadingHTTPServer(('', port), Handler)
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]

    def start(self) -> None:
        threading.Thread(target=self._server.serve_forever, name='metrics', daemon=True).start()

    def beat(self) -> None:
        self._last_beat = time.monotonic()
