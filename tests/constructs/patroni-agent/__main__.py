"""
Runs the Python tests of this folder: python3 tests/constructs/patroni-agent [-k PATTERN ...], with what unittest takes
beside discovery. With --json it prints one line for each test, which is how npm run test:programs shows them.
"""

import json
import sys
import time
import unittest
from pathlib import Path
from types import TracebackType
from typing import TextIO

HERE = Path(__file__).parent
FILES = HERE.parents[2] / 'constructs/patroni-cluster/files'

Error = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]


class Lines(unittest.TestResult):
    """Prints {suite, test, outcome, milliseconds, detail} when a test has ended."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._output = stream
        self._skipped: str | None = None

    def startTest(self, test: unittest.TestCase) -> None:
        super().startTest(test)
        self._skipped, self._begin = None, time.monotonic()
        self._before = len(self.failures), len(self.errors)

    def stopTest(self, test: unittest.TestCase) -> None:
        super().stopTest(test)
        failures, errors = self._before
        self._print(test, [traceback for _, traceback in self.failures[failures:] + self.errors[errors:]])

    def addError(self, test: unittest.TestCase, err: Error) -> None:
        super().addError(test, err)
        if not hasattr(test, '_testMethodName'):
            # What a module or a class sets up: there is no test to end.
            self._skipped, self._begin = None, time.monotonic()
            self._print(test, [self.errors[-1][1]])

    def addSkip(self, test: unittest.TestCase, reason: str) -> None:
        super().addSkip(test, reason)
        self._skipped = reason

    def _print(self, test: unittest.TestCase, problems: list[str]) -> None:
        outcome = 'failed' if problems else 'passed' if self._skipped is None else 'skipped'
        name = getattr(test, '_testMethodName', str(test)).removeprefix('test_').replace('_', ' ')
        line = {
            'suite': type(test).__doc__ or type(test).__name__,
            'test': name if name.isprintable() else repr(name)[1:-1],
            'outcome': outcome,
            'milliseconds': round((time.monotonic() - self._begin) * 1000),
            'detail': '\n'.join(problems),
        }
        print(json.dumps(line), file=self._output, flush=True)


class LinesRunner:
    def run(self, test: unittest.TestSuite | unittest.TestCase) -> unittest.TestResult:
        result = Lines(sys.stdout)
        test.run(result)
        return result


def main() -> None:
    sys.path[:0] = [str(FILES / folder) for folder in ('agent', 'common', 'jobs', 'member')]
    sys.dont_write_bytecode = True
    options = [option for option in sys.argv[1:] if option != '--json']
    runner = LinesRunner if '--json' in sys.argv else None
    unittest.main(module=None, argv=['', 'discover', '-s', str(HERE), *options], testRunner=runner)


if __name__ == '__main__':
    main()
