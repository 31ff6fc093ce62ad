"""Answers on TCP ports, and notes what comes on UDP ports: answer.py NOTES TCP,... UDP,..."""

import contextlib
import selectors
import socket
import sys


def ports(text: str) -> list[int]:
    return [int(port) for port in text.split(',') if port]


def main(notes: str, tcp: str, udp: str) -> None:
    selector = selectors.DefaultSelector()
    for port in ports(tcp):
        server = socket.create_server(('0.0.0.0', port), backlog=64)
        selector.register(server, selectors.EVENT_READ, 'tcp')
    for port in ports(udp):
        datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        datagrams.bind(('0.0.0.0', port))
        selector.register(datagrams, selectors.EVENT_READ, 'udp')
    with open(notes, 'a', encoding='utf-8') as file:
        file.write('ready\n')
        file.flush()
        while True:
            for key, _ in selector.select():
                found = key.fileobj
                assert isinstance(found, socket.socket)
                if key.data == 'tcp':
                    connection, peer = found.accept()
                    connection.sendall(f'{peer[0]}\n'.encode())
                    connection.shutdown(socket.SHUT_WR)
                    # What was asked has to be read: closed before, the answer would be taken back by a reset.
                    connection.settimeout(0.5)
                    with contextlib.suppress(OSError):
                        while connection.recv(4096):
                            pass
                    connection.close()
                else:
                    _, peer = found.recvfrom(2048)
                    file.write(f'{found.getsockname()[1]} {peer[0]}\n')
                    file.flush()


main(*sys.argv[1:4])
