import os
import signal
import threading
import unittest
from unittest import mock

import child


def bash(lines: str, timeout: float = 60, *, stdin: str = '', environment: dict[str, str] | None = None) -> str:
    return child.run(['bash', '-c', lines], timeout, stdin=stdin, environment=environment)


class Children(unittest.TestCase):
    """a child"""

    def test_gives_what_it_writes_for_its_input_and_environment(self) -> None:
        found = bash('cat; echo "$MORE $HOME"', stdin='given\n', environment={'MORE': 'more'})
        self.assertEqual(found, f'given\nmore {os.environ.get("HOME", "")}\n')

    def test_that_fails_is_an_error_with_the_last_of_what_it_said(self) -> None:
        with self.assertRaises(child.ChildFailed) as caught:
            bash('printf "%s\\n" one two three four >&2; exit 3')
        self.assertEqual(str(caught.exception), 'bash -c ended with 3: two | three | four')
        self.assertEqual(caught.exception.output, 'one\ntwo\nthree\nfour\n')

    def test_that_cannot_be_started_is_an_error(self) -> None:
        with self.assertRaisesRegex(child.ChildFailed, '^/nowhere cannot be started: No such file or directory$'):
            child.run(['/nowhere'], 60)

    def test_that_takes_too_long_is_ended(self) -> None:
        with self.assertRaisesRegex(child.ChildFailed, r'^bash took longer than 0\.01 s and was ended$'):
            bash('exec sleep 600', 0.01)

    def test_is_told_to_end_together_with_the_program_and_none_is_started_after_it(self) -> None:
        stopping = threading.Event()
        read, write = os.pipe()
        self.addCleanup(os.close, read)

        def terminate() -> None:
            # It has begun.
            os.read(read, 1)
            child.terminate_all()

        with mock.patch('child._stopping', stopping):
            ending = threading.Thread(target=terminate)
            ending.start()
            with self.assertRaisesRegex(child.ChildFailed, f'^bash -c ended with -{signal.SIGTERM:d}: $'):
                bash(f'echo >/proc/{os.getpid()}/fd/{write}; exec sleep 600')
            ending.join()
            os.close(write)
            with self.assertRaisesRegex(child.ChildFailed, '^bash was not started: this program is ending$'):
                bash('true')
