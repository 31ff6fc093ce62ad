"""Whether a standby can be copied anew. Its data is thrown away first, so the way back is tried before that."""

import child
from databases import Server
from metrics import figure_of
from settings import Settings
from volume import data_bytes, free_bytes


class CannotBeCopied(Exception):
    """A copy would fail, or nobody knows whether it would: the data stays."""


def prove_copy(settings: Settings) -> None:
    """Throws CannotBeCopied, or what it takes to find out."""
    server = Server(settings)
    try:
        server.log_in_for_replication()
    except child.ChildFailed as error:
        raise CannotBeCopied(
            f'a login for replication, as the copy would need it, fails (the log of PostgreSQL says why): {error}'
        ) from error
    address = server.primary_address()
    needed = figure_of(address[0], settings.metrics_port, 'postgres_data_bytes') if address else None
    if needed is None:
        raise CannotBeCopied('how much the primary has is not known: its agent does not say')
    # Its own data is gone before the copy begins.
    room = free_bytes(settings.data_directory) + data_bytes(settings.data_directory)
    if room < needed:
        raise CannotBeCopied(f'the primary has {needed:.0f} bytes, and there is room for {room}')
