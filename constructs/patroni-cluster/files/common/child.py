"""Child processes: bounded in time, and ended together with the program."""

import os
import subprocess
import threading

# Re-entrant, because a signal handler may come in between.
_lock = threading.RLock()
_running: set[subprocess.Popen[str]] = set()
_stopping = threading.Event()


class ChildFailed(Exception):
    """A child that ended with another code than 0, took too long, or could not be started."""

    def __init__(self, message: str, output: str = '') -> None:
        super().__init__(message)
        self.output = output


def run(arguments: list[str], timeout: float, *, stdin: str = '', environment: dict[str, str] | None = None) -> str:
    """What the child wrote to standard output; `environment` adds to this program's, `timeout` is in seconds."""
    name = os.path.basename(arguments[0])
    with _lock:
        if _stopping.is_set():
            raise ChildFailed(f'{name} was not started: this program is ending')
        try:
            child = subprocess.Popen(
                arguments,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                errors='replace',
                env={**os.environ, **(environment or {})},
            )
        except OSError as error:
            raise ChildFailed(f'{arguments[0]} cannot be started: {error.strerror}') from error
        _running.add(child)
        if _stopping.is_set():
            child.terminate()
    try:
        out, err = child.communicate(stdin, timeout)
    except subprocess.TimeoutExpired as error:
        _end(child)
        raise ChildFailed(f'{name} took longer than {timeout:g} s and was ended') from error
    except BaseException:
        _end(child)
        raise
    finally:
        with _lock:
            _running.discard(child)
    if child.returncode != 0:
        last = err.strip().splitlines()[-3:]
        raise ChildFailed(f'{name} {arguments[1]} ended with {child.returncode}: {" | ".join(last)}', err)
    return out


def terminate_all() -> None:
    """Sends SIGTERM to every running child, and lets none be started any more."""
    with _lock:
        _stopping.set()
        for child in _running:
            child.terminate()


def _end(child: subprocess.Popen[str]) -> None:
    child.terminate()
    try:
        child.communicate(timeout=5)
    except subprocess.TimeoutExpired:
        child.kill()
        child.communicate()
