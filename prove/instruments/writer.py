"""Commits a row all the time and prints for each one whether it was acknowledged, as the program `probe every` does.

python3 writer.py HOST PORT DATABASE USER PASSWORD_FILE FIRST_ID MILLISECONDS
"""

import select
import sys
import time
from datetime import datetime, timezone
from pathlib import Path

import psycopg2
import psycopg2.extensions

# Seconds. A client that waits longer than its users is of no use to them.
PATIENCE = 2.0


def wait(connection: psycopg2.extensions.connection) -> None:
    """Waits for the server without asking it to cancel: a cancelled wait for the standby counts as a commit."""
    until = time.monotonic() + PATIENCE
    while (state := connection.poll()) != psycopg2.extensions.POLL_OK:
        read = [connection.fileno()] if state == psycopg2.extensions.POLL_READ else []
        write = [connection.fileno()] if state == psycopg2.extensions.POLL_WRITE else []
        left = until - time.monotonic()
        if left <= 0 or select.select(read, write, [], left) == ([], [], []):
            raise TimeoutError(f'no answer for {PATIENCE:g} s')


def main() -> None:
    host, port, database, user, password_file, first, milliseconds = sys.argv[1:]
    psycopg2.extensions.set_wait_callback(wait)
    connection = None
    number = int(first)
    while True:
        start = time.time()
        number += 1
        try:
            if connection is None:
                connection = psycopg2.connect(
                    host=host,
                    port=port,
                    dbname=database,
                    user=user,
                    password=Path(password_file).read_text(),
                    connect_timeout=2,
                    application_name='writer',
                )
                connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute('insert into drill_writes (id) values (%s)', (number,))
            state, text = 'ok', str(number)
        except (psycopg2.Error, TimeoutError, OSError) as error:
            state, text = 'failed', ' '.join(str(error).split())[:200]
            if connection is not None:
                connection.close()
            connection = None
        end = time.time()
        at = datetime.fromtimestamp(start, timezone.utc).isoformat(timespec='milliseconds').replace('+00:00', 'Z')
        print(f'{at} {state} {(end - start) * 1000:.1f} {text}', flush=True)
        time.sleep(max(0.0, int(milliseconds) / 1000 - (end - start)))


if __name__ == '__main__':
    main()
