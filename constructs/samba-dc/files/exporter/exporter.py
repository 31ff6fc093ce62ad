#!/usr/bin/env python3
"""Shows whether the directory beside it answers, each protocol by itself: one may be silent while the other serves.

It asks as clients do, and knows no password: LDAPS with the certificate verified, for what the server says to all, and
to let in nobody by the name of nobody; Kerberos for a ticket of the Administrator. Both are refused, by a server that
has looked into its database. Its name server is asked for where Kerberos is, as computers do before they ask that. And
it shows when the certificate that is served ends, and what the server says of its data.
"""

import http.server
import os
import signal
import socket
import ssl
import struct
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

TIMEOUT = float(os.environ.get('TIMEOUT_SECONDS', '5'))
PERIOD = float(os.environ.get('PERIOD_SECONDS', '15'))
# Of Kerberos: the server itself says that it can't.
BROKEN = {29, 60}
# Of LDAP: there is no such user, or not with that password.
REFUSED = 49


def der(tag: int, *parts: bytes) -> bytes:
    """A value of DER."""
    content = b''.join(parts)
    size = len(content)
    octets = size.to_bytes((size.bit_length() + 7) // 8, 'big')
    length = bytes([size]) if size < 128 else bytes([0x80 | len(octets)]) + octets
    return bytes([tag]) + length + content


def number(value: int) -> bytes:
    return der(0x02, value.to_bytes(value.bit_length() // 8 + 1, 'big'))


def values(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The tags and contents of DER, one after the other."""
    while data:
        tag, size, rest = data[0], data[1], data[2:]
        if size & 0x80:
            octets = size & 0x7F
            size, rest = int.from_bytes(rest[:octets], 'big'), rest[octets:]
        if len(rest) < size:
            raise ValueError('an answer that is cut')
        yield tag, rest[:size]
        data = rest[size:]


def address(port: int) -> tuple[str, int]:
    return os.environ.get('ADDRESS', '127.0.0.1'), port


def connect(port: int) -> socket.socket:
    return socket.create_connection(address(port), TIMEOUT)


def text(tag: int, value: str) -> bytes:
    return der(tag, value.encode())


def principal(kind: int, *parts: str) -> bytes:
    return der(0x30, der(0xA0, number(kind)), der(0xA1, der(0x30, *(text(0x1B, part) for part in parts))))


def read(connection: socket.socket, size: int) -> bytes:
    data = b''
    while len(data) < size:
        more = connection.recv(size - len(data))
        if not more:
            raise ConnectionError('it closed the connection')
        data += more
    return data


def message(connection: ssl.SSLSocket) -> tuple[int, bytes]:
    """Of LDAP: its kind and content."""
    first = read(connection, 2)
    octets = first[1] & 0x7F if first[1] & 0x80 else 0
    length = read(connection, octets)
    content = read(connection, int.from_bytes(length, 'big') if octets else first[1])
    if first[0] != 0x30:
        raise ValueError(f'it answers with {first[0]:#x}')
    return list(values(content))[1]


def ask_ldaps() -> None:
    global certificate_expires
    # A search, message 1, for the attribute defaultNamingContext of the server itself.
    search = der(
        0x63,
        text(0x04, ''),
        der(0x0A, b'\0'),
        der(0x0A, b'\0'),
        number(0),
        number(0),
        der(0x01, b'\0'),
        text(0x87, 'objectClass'),
        der(0x30, text(0x04, 'defaultNamingContext')),
    )
    # Of version 3, with a password, because without one everybody is let in as nobody.
    bind = der(0x60, number(3), text(0x04, f'nobody@{os.environ["REALM"].lower()}'), text(0x80, os.urandom(9).hex()))
    context = ssl.create_default_context(cafile=os.environ['AUTHORITY'])
    with (
        connect(int(os.environ.get('LDAPS_PORT', '636'))) as plain,
        context.wrap_socket(plain, server_hostname=os.environ['HOST']) as connection,
    ):
        certificate_expires = ssl.cert_time_to_seconds(str((connection.getpeercert() or {})['notAfter']))
        connection.sendall(der(0x30, number(1), search))
        kind, _ = message(connection)
        if kind != 0x64:
            raise ValueError(f'it answers with message {kind:#x}')
        while kind != 0x65:
            kind, _ = message(connection)
        connection.sendall(der(0x30, number(2), bind))
        kind, content = message(connection)
    code = int.from_bytes(next(values(content))[1], 'big')
    if kind != 0x61 or code != REFUSED:
        raise ValueError(f'it answers a sign-in with message {kind:#x}, {code}')


def ask_kerberos() -> None:
    realm = os.environ['REALM']
    fields = [
        (0, der(0x03, b'\0' * 5)),
        (1, principal(1, 'Administrator')),
        (2, text(0x1B, realm)),
        (3, principal(2, 'krbtgt', realm)),
        (5, der(0x18, b'20370913024805Z')),
        (7, number(int.from_bytes(os.urandom(3), 'big'))),
        (8, der(0x30, number(18), number(17))),
    ]
    body = der(0x30, *(der(0xA0 + tag, value) for tag, value in fields))
    request = der(0x6A, der(0x30, der(0xA1, number(5)), der(0xA2, number(10)), der(0xA4, body)))
    with connect(int(os.environ.get('KERBEROS_PORT', '88'))) as connection:
        connection.sendall(struct.pack('>I', len(request)) + request)
        answer = read(connection, struct.unpack('>I', read(connection, 4))[0])
    ((tag, content),) = values(answer)
    if tag != 0x7E:
        raise ValueError(f'it answers with message {tag:#x}')
    ((_, sequence),) = values(content)
    ((_, code),) = values(dict(values(sequence))[0xA6])
    error = int.from_bytes(code, 'big')
    if error in BROKEN:
        raise ValueError(f'it answers with the error {error}')


def ask_names() -> None:
    labels = ['_kerberos', '_tcp', *os.environ['REALM'].lower().split('.')]
    name = b''.join(bytes([len(label)]) + label.encode() for label in labels) + b'\0'
    number_of_question = os.urandom(2)
    # One question, of type SRV and class IN; nobody else has to be asked for the answer.
    question = number_of_question + struct.pack('>5H', 0, 1, 0, 0, 0) + name + struct.pack('>2H', 33, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as connection:
        connection.settimeout(TIMEOUT)
        connection.connect(address(int(os.environ.get('DNS_PORT', '53'))))
        connection.send(question)
        answer = connection.recv(4096)
    if len(answer) < 12 or answer[:2] != number_of_question:
        raise ValueError('it answers something else')
    flags, _, found = struct.unpack('>3H', answer[2:8])
    if not flags & 0x8000 or flags & 0xF or found == 0:
        raise ValueError(f'it answers with the code {flags & 0xF} and {found} records')


QUESTIONS = {'ldaps': ask_ldaps, 'kerberos': ask_kerberos, 'dns': ask_names}
# Why each is silent, empty where it answers, and how long it took.
answers: dict[str, tuple[str, float]] = {}
certificate_expires: float | None = None


def look() -> None:
    for protocol, ask in QUESTIONS.items():
        begin = time.monotonic()
        try:
            ask()
            why = ''
        except (OSError, ValueError, LookupError) as error:
            why = str(error) or type(error).__name__
        before = answers[protocol][0] if protocol in answers else None
        answers[protocol] = why, time.monotonic() - begin
        if why != before:
            print(f'directory: {protocol} {"is silent: " + why if why else "answers"}', flush=True)


def numbers() -> bytes:
    lines = ['# HELP directory_answers Whether the directory answers by a protocol.', '# TYPE directory_answers gauge']
    lines += [f'directory_answers{{protocol="{name}"}} {int(not why)}' for name, (why, _) in answers.items()]
    lines += [
        '# HELP directory_answer_seconds How long it took, at most the timeout.',
        '# TYPE directory_answer_seconds gauge',
    ]
    lines += [f'directory_answer_seconds{{protocol="{name}"}} {taken:.6f}' for name, (_, taken) in answers.items()]
    if certificate_expires is not None:
        lines += [
            '# HELP directory_certificate_expires_timestamp_seconds When the certificate ends that it serves.',
            '# TYPE directory_certificate_expires_timestamp_seconds gauge',
            f'directory_certificate_expires_timestamp_seconds {certificate_expires:.0f}',
        ]
    lines += [
        '# HELP directory_data_applied Whether it could be brought to what its data says.',
        '# TYPE directory_data_applied gauge',
        f'directory_data_applied {int(not (Path(os.environ["TOLD"]) / "not-applied").exists())}',
    ]
    return ('\n'.join(lines) + '\n').encode()


class Handler(http.server.BaseHTTPRequestHandler):
    timeout = TIMEOUT

    def do_GET(self) -> None:
        self.send_response(200 if self.path in ('/metrics', '/healthz') else 404)
        self.send_header('Content-Type', 'text/plain; version=0.0.4')
        self.end_headers()
        if self.path == '/metrics':
            self.wfile.write(numbers())

    def log_message(self, *_: object) -> None:
        pass


def main() -> None:
    # The first process of a container gets no signal that it has no handler for: its pod would go only late.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    server = http.server.ThreadingHTTPServer(('', int(os.environ.get('PORT', '9119'))), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    while True:
        look()
        time.sleep(PERIOD)


if __name__ == '__main__':
    main()
