"""One line of JSON for each event, on standard output unless a program says otherwise."""

import json
import sys
from datetime import datetime, timezone
from typing import TextIO

_stream: TextIO = sys.stdout


def log_to(stream: TextIO) -> None:
    """Sends what follows to `stream`."""
    global _stream
    _stream = stream


def log(level: str, message: str, **fields: object) -> None:
    """Writes {time, level, message, ...fields}; values that JSON doesn't know are written as text."""
    now = datetime.now(timezone.utc).isoformat(timespec='milliseconds').replace('+00:00', 'Z')
    line = json.dumps({'time': now, 'level': level, 'message': message, **fields}, default=str)
    print(line, file=_stream, flush=True)
