"""
What a member does between the order to stop and SIGTERM: a primary goes on until another member may take over.

At SIGTERM Patroni hands the lock over by itself, in some seconds, but only a synchronous standby may take it. One that
has just come back streams at once and is made synchronous in the leader's next turn or the one after: a leader that
stops in between leaves nobody to write to until it is back itself. Whoever has a successor, or leads nothing, stops at
once: a pod that is killed has two seconds for all this.
"""

import argparse
import contextlib
import sys
import time
import urllib.parse
from pathlib import Path

from log import log, log_to
from patroni_api import Patroni, PatroniError, members_of
from settings import Settings, SettingsError, load

# Seconds between two questions.
EVERY = 1.0


def may_stop(settings: Settings) -> bool:
    """Whether it is alone, or leads nothing, as when its Patroni doesn't answer, or another one may take over."""
    if settings.members == 1:
        return True
    try:
        own = Patroni(settings.patroni).view()
    except PatroniError:
        return True
    if not (own.primary and own.running):
        return True
    hosts = [standby.host for standby in members_of(settings.cluster, own) if standby.streaming]
    if not settings.dynamic_configuration.get('synchronous_mode'):
        return bool(hosts)
    port = urllib.parse.urlsplit(settings.patroni).port
    return any(_is_synchronous(f'http://{host}:{port}') for host in hosts)


def _is_synchronous(address: str) -> bool:
    try:
        return Patroni(address).synchronous()
    except PatroniError:
        return False


def wait(settings: Settings, seconds: float) -> None:
    start = time.monotonic()
    while not may_stop(settings):
        waited = time.monotonic() - start
        if waited >= seconds:
            log('error', f'this primary stops although nobody may take over: none could within {seconds:g} s')
            return
        if waited < EVERY:
            log('info', 'told to stop; nobody may take over yet: this primary goes on until somebody may')
        time.sleep(EVERY)


def main() -> int:
    parser = argparse.ArgumentParser(prog='before_stop.py', description=__doc__)
    parser.add_argument('configuration', help='such as /etc/patroni/agent.json')
    parser.add_argument('seconds', type=float, help='to wait at most; the last question may take some more')
    arguments = parser.parse_args()
    # What a hook prints is lost, so it goes where Patroni's own lines go.
    with contextlib.suppress(OSError):
        log_to(Path('/proc/1/fd/1').open('w', encoding='utf-8'))  # noqa: SIM115
    try:
        wait(load(arguments.configuration), arguments.seconds)
    except SettingsError as error:
        log('error', str(error))
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
