"""Which TCP ports of an address answer, or refuse and say so: scan.py ADDRESS FROM TO SECONDS."""

import errno
import resource
import select
import socket
import sys


def scan(address: str, ports: range, seconds: float) -> list[str]:
    """Asks all of these ports at once, and waits for the answers together."""
    poll = select.poll()
    asked = {}
    for port in ports:
        connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        if connection.connect_ex((address, port)) in (0, errno.EINPROGRESS, errno.ECONNREFUSED):
            poll.register(connection, select.POLLOUT)
        asked[connection.fileno()] = (port, connection)
    found: dict[int, str] = {}
    # An answer that comes late, on a busy machine, gives the next one as long again.
    while events := poll.poll(seconds * 1000):
        for number, _ in events:
            port, connection = asked[number]
            poll.unregister(connection)
            error = connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if error == 0:
                found[port] = str(port)
            elif error == errno.ECONNREFUSED:
                found[port] = f'{port} refused'
    for _, connection in asked.values():
        connection.close()
    return [found[port] for port in sorted(found)]


def main(address: str, first: int, last: int, seconds: float) -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    at_once = min(most - 100, 16_000)
    for start in range(first, last + 1, at_once):
        for line in scan(address, range(start, min(start + at_once, last + 1)), seconds):
            print(line)


main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))
