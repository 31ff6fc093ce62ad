"""Sets a key all the time and prints for each one whether it was acknowledged, as the program `probe every` does.

python3 redis_writer.py sentinel|plain HOST:PORT,HOST:PORT NAME USER PASSWORD_FILE FIRST MILLISECONDS

`sentinel` asks the Sentinels for the primary that they know by that name before each connection, as clients with
support for them do; `plain` connects to the one address there is.
"""

import socket
import ssl
import sys
import time
from datetime import datetime, timezone
from pathlib import Path

# Seconds. A client that waits longer than its users is of no use to them.
PATIENCE = 2.0
# Seconds that a Sentinel or a connection gets: a lost node answers nothing.
SHORT = 0.5


class Connection:
    """Speaks RESP over TLS. Who the server is, other drills ask."""

    def __init__(self, host: str, port: int, user: str, password: str) -> None:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        plain = socket.create_connection((host, port), timeout=SHORT)
        plain.settimeout(PATIENCE)
        self._socket = context.wrap_socket(plain)
        self._file = self._socket.makefile('rb')
        self.call('AUTH', user, password)

    def call(self, *words: str) -> object:
        parts = [f'*{len(words)}\r\n'] + [f'${len(word.encode())}\r\n{word}\r\n' for word in words]
        self._socket.sendall(''.join(parts).encode())
        return self._read()

    def _read(self) -> object:
        line = self._file.readline()
        if not line.endswith(b'\r\n'):
            raise ConnectionError('the connection was closed')
        kind, rest = line[:1], line[1:-2].decode()
        if kind == b'-':
            raise ValueError(rest)
        if kind == b'$':
            return None if rest == '-1' else self._file.read(int(rest) + 2)[:-2].decode()
        if kind == b'*':
            return None if rest == '-1' else [self._read() for _ in range(int(rest))]
        return rest

    def close(self) -> None:
        self._file.close()
        self._socket.close()


def primary(sentinels: list[tuple[str, int]], name: str, user: str, password: str) -> tuple[str, int]:
    """Where the first Sentinel that answers says that the primary is; that one is the first to be asked next time."""
    reasons = []
    for sentinel in list(sentinels):
        try:
            connection = Connection(*sentinel, user, password)
            found = connection.call('SENTINEL', 'get-master-addr-by-name', name)
            connection.close()
        except (OSError, ValueError) as error:
            reasons.append(str(error))
            continue
        if isinstance(found, list):
            sentinels.remove(sentinel)
            sentinels.insert(0, sentinel)
            return str(found[0]), int(str(found[1]))
    raise ConnectionError(f'no Sentinel knows the primary: {"; ".join(reasons)}')


def main() -> None:
    way, servers, name, user, password_file, first, milliseconds = sys.argv[1:]
    addresses = [(host, int(port)) for host, port in (each.split(':') for each in servers.split(','))]
    password = Path(password_file).read_text().strip()
    connection = None
    number = int(first)
    while True:
        start = time.time()
        number += 1
        try:
            if connection is None:
                address = primary(addresses, name, user, password) if way == 'sentinel' else addresses[0]
                connection = Connection(*address, user, password)
            connection.call('SET', f'drill:{number}', str(number), 'EX', '3600')
            state, text = 'ok', str(number)
        except (OSError, ValueError) as error:
            state, text = 'failed', str(error).split('\n')[0] or type(error).__name__
            if connection is not None:
                connection.close()
            connection = None
        at = datetime.fromtimestamp(start, timezone.utc).isoformat(timespec='milliseconds').replace('+00:00', 'Z')
        print(f'{at} {state} {(time.time() - start) * 1000:.1f} {text}', flush=True)
        time.sleep(max(0.0, start + int(milliseconds) / 1000 - time.time()))


if __name__ == '__main__':
    main()
