"""
Fetches a full backup into a data directory. That may take long, and WAL-G waits for an answer for ever: so it is ended,
with 124 as timeout(1) does, when nothing has come for a while.
"""

import argparse
import os
import signal
import subprocess
import sys
import time

from log import log, log_to
from volume import data_bytes

# Seconds.
EVERY = 10.0
TELL_AFTER = 60.0
GIVE_UP_AFTER = 600.0


def follow(fetching: subprocess.Popen[bytes], directory: str, backup: str) -> int:
    """What it ends with, or 124 where it stands still."""
    had, since, told = 0, time.monotonic(), 0.0
    while True:
        try:
            return fetching.wait(EVERY)
        except subprocess.TimeoutExpired:
            has, still = data_bytes(directory), time.monotonic() - since
        waits = f'nothing of {backup} has come from {os.environ.get("WALG_S3_PREFIX")} for {still:.1f} s'
        if has != had:
            had, since, told = has, time.monotonic(), 0.0
        elif still >= GIVE_UP_AFTER:
            log('error', f'giving up: {waits}', bytes=has)
            return 124
        elif still - told >= TELL_AFTER:
            told = still
            log('info', f'{waits}: waiting', bytes=has)


def end(fetching: subprocess.Popen[bytes]) -> None:
    """Nobody may write to the directory when this is over."""
    fetching.terminate()
    try:
        fetching.wait(5)
    except subprocess.TimeoutExpired:
        fetching.kill()
        fetching.wait()


def main() -> int:
    parser = argparse.ArgumentParser(prog='fetch_backup.py', description=__doc__)
    parser.add_argument('--walg', required=True, metavar='FILE', help='the wrapper of WAL-G')
    parser.add_argument('directory', help='where PostgreSQL looks for its data')
    parser.add_argument('backup', help='its name, or LATEST')
    arguments = parser.parse_args()
    # Patroni shows what its children print.
    log_to(sys.stderr)
    # An end from outside ends WAL-G too, also one that comes while it is started.
    early: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: early.append(number))
    fetching = subprocess.Popen([arguments.walg, 'backup-fetch', arguments.directory, arguments.backup])
    try:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        return 143 if early else follow(fetching, arguments.directory, arguments.backup)
    finally:
        end(fetching)


if __name__ == '__main__':
    sys.exit(main())
