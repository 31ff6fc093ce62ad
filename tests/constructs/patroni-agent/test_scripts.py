"""The scripts in Bash, which are run: of a script there is nothing smaller than the whole."""

import ast
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import unittest
from io import StringIO
from pathlib import Path
from typing import Any
from unittest import mock

import fetch_backup
import walg
from log import log_to
from support import archived, each, listed
from wal import SEGMENT_BYTES, segment_name

FILES = Path(walg.__file__).parents[1]
SCRIPTS = sorted(FILES.glob('*/*.sh'))
MODULES = sorted(FILES.glob('*/*.py'))

Result = subprocess.CompletedProcess[str]


class Sources(unittest.TestCase):
    """the files"""

    @each(*((str(script.relative_to(FILES)), script) for script in SCRIPTS))
    def test_can_be_parsed(self, _: str, script: Path) -> None:
        checked = subprocess.run(['bash', '-n', script], capture_output=True, text=True, check=False)
        self.assertEqual((checked.returncode, checked.stdout + checked.stderr), (0, ''))

    def test_import_nothing_but_the_standard_library_and_each_other(self) -> None:
        imported: set[str] = set()
        for module in MODULES:
            # Warnings are errors here, those of the parser too.
            for node in ast.walk(ast.parse(module.read_text(encoding='utf-8'), str(module))):
                if isinstance(node, ast.Import):
                    imported |= {alias.name.partition('.')[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module is not None:
                    imported.add(node.module.partition('.')[0])
        others = imported - {module.stem for module in MODULES}
        self.assertEqual(others - sys.stdlib_module_names, set())
        self.assertGreater(len(others), 5)

    @each(*((str(file.relative_to(FILES)), file) for file in [*MODULES, *SCRIPTS]))
    def test_stay_small_enough_to_be_read(self, _: str, file: Path) -> None:
        self.assertLess(len(file.read_text(encoding='utf-8').splitlines()), 250)

    @each(*((str(script.relative_to(FILES)), script) for script in SCRIPTS))
    def test_never_wait_for_ever_for_a_storage(self, _: str, script: Path) -> None:
        """WAL-G does."""
        text = script.read_text(encoding='utf-8')
        calls = re.findall(r'[^(|;&\n]*(?:"\$walg"|walg\.sh") (?:backup|wal)-\w+', text)
        self.assertEqual([call for call in calls if 'timeout ' not in call], [])

    def test_have_no_statement_that_drops_anything(self) -> None:
        statements = sorted(FILES.glob('*/*.sql'))
        self.assertGreater(len(statements), 5)
        for file in statements:
            text = file.read_text(encoding='utf-8').lower()
            # What a person may run is printed, and runs nothing.
            if file.name.startswith('undeclared'):
                self.assertNotIn('\\g', text, file.name)
                text = re.sub(r"--.*|'[^']*'", '', text)
            self.assertNotRegex(text, r'\bdrop\b', file.name)


class ScriptTest(unittest.TestCase):
    """Scripts as a container has them, with programs in their place that note how they are called."""

    mounted: tempfile.TemporaryDirectory[str]

    @classmethod
    def setUpClass(cls) -> None:
        cls.mounted = tempfile.TemporaryDirectory(prefix='patroni-scripts-')
        cls.addClassCleanup(cls.mounted.cleanup)
        for file in (path for folder in ('member', 'agent', 'common') for path in FILES.glob(f'{folder}/*')):
            shutil.copy(file, cls.mounted.name)

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix='patroni-scripts-')
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def write(self, name: str, text: str) -> str:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding='utf-8')
        return str(path)

    def read(self, name: str) -> str:
        path = self.folder / name
        return path.read_text(encoding='utf-8') if path.exists() else ''

    def program(self, name: str, lines: str) -> str:
        """A program that notes its arguments and goes on with these lines of a shell; `$here` is the folder."""
        head = f'#!/bin/sh\nhere={self.folder}\necho "$*" >>"$here/{name}.calls"\n'
        path = self.write(name, f'{head}{lines}\n')
        os.chmod(path, 0o755)
        return path

    def calls(self, name: str = 'wal-g') -> list[str]:
        return self.read(f'{name}.calls').splitlines()

    def run_script(
        self, script: str, *arguments: str, walg: str | None = None, cwd: str = '.', **variables: Any
    ) -> Result:
        """Runs it to its end, with a WAL-G that goes on with these lines; a variable that is None isn't set."""
        environment: dict[str, str | None] = {'PATH': '/usr/bin:/bin', 'HOME': '/tmp', 'TMPDIR': str(self.folder)}
        if walg is not None:
            environment |= {'WALG': self.program('wal-g', walg), 'WALG_S3_PREFIX': 's3://bucket/postgres/17-2'}
        environment |= variables
        return subprocess.run(
            ['bash', f'{self.mounted.name}/{script}', *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            cwd=self.folder / cwd,
            env={name: value for name, value in environment.items() if value is not None},
        )


class WalgScript(ScriptTest):
    """walg.sh"""

    SHOW = 'echo "$* $AWS_ACCESS_KEY_ID $AWS_SECRET_ACCESS_KEY ${WALG_LIBSODIUM_KEY-none} $WALG_S3_PREFIX"'

    def secrets(self) -> dict[str, str]:
        return {
            'AWS_ACCESS_KEY_ID_FILE': self.write('id', 'key-id\n'),
            'AWS_SECRET_ACCESS_KEY_FILE': self.write('key', 'key'),
        }

    def test_gives_wal_g_the_secrets_from_files_and_the_archive_of_whoever_calls(self) -> None:
        result = self.run_script('walg.sh', 'backup-list', '--json', walg=self.SHOW, **self.secrets())
        self.assertEqual(result.returncode, 0)
        self.assertEqual(result.stdout, 'backup-list --json key-id key none s3://bucket/postgres/17-2\n')

    def test_encrypts_where_a_key_is_given(self) -> None:
        key = self.write('sodium', '0123456789abcdef0123456789abcdef\n')
        result = self.run_script('walg.sh', 'x', walg=self.SHOW, **self.secrets(), WALG_LIBSODIUM_KEY_FILE=key)
        self.assertIn(' 0123456789abcdef0123456789abcdef ', result.stdout)

    @each(('that is empty', ''), ('that is not there', None))
    def test_names_a_file_for_a_secret(self, _: str, text: str | None) -> None:
        if text is not None:
            self.write('secret', text)
        variables = {**self.secrets(), 'AWS_SECRET_ACCESS_KEY_FILE': str(self.folder / 'secret')}
        result = self.run_script('walg.sh', 'backup-list', walg=self.SHOW, **variables)
        self.assertEqual(result.returncode, 1)
        message = r'walg\.sh: AWS_SECRET_ACCESS_KEY_FILE is .*secret, which is empty or cannot be read'
        self.assertRegex(result.stderr, message)

    def test_ends_as_wal_g_does(self) -> None:
        self.assertEqual(self.run_script('walg.sh', 'wal-fetch', walg='exit 74').returncode, 74)


class ArchiveWal(ScriptTest):
    """archive-wal.sh"""

    def test_pushes_the_segment_and_fails_when_that_does(self) -> None:
        self.assertEqual(self.run_script('archive-wal.sh', 'pg_wal/0001', walg='exit 0').returncode, 0)
        self.assertEqual(self.run_script('archive-wal.sh', 'pg_wal/0001', walg='exit 1').returncode, 1)
        self.assertEqual(self.calls(), ['wal-push pg_wal/0001', 'wal-push pg_wal/0001'])

    def test_does_not_wait_for_ever_for_a_storage_that_does_not_answer(self) -> None:
        self.program('timeout', 'exit 124')
        path = f'{self.folder}:/usr/bin:/bin'
        self.assertEqual(self.run_script('archive-wal.sh', 'pg_wal/0001', walg='', PATH=path).returncode, 124)
        self.assertRegex(self.read('timeout.calls'), r'^--kill-after=10 \d+ \S+/walg\.sh wal-push pg_wal/0001\n$')

    def test_of_a_new_primary_has_what_the_one_before_left_archived_as_well(self) -> None:
        self.write('pg_wal/00000002.history', '1\t0/9000100\tx\n')
        (self.folder / 'pg_wal/archive_status').mkdir()
        segment = self.folder / 'pg_wal' / segment_name(1, 8)
        with open(segment, 'wb') as file:
            file.truncate(SEGMENT_BYTES)
        (self.folder / f'pg_wal/archive_status/{segment.name}.done').touch()
        self.write('wal.json', json.dumps([archived(1, 1, 5)]))
        result = self.run_script(
            'archive-wal.sh', 'pg_wal/00000002.history', walg='case $1 in wal-show) cat $here/wal.json; esac'
        )
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertTrue((self.folder / f'pg_wal/archive_status/{segment.name}.ready').exists())
        self.assertEqual([line.split()[0] for line in self.calls()], ['wal-show', 'wal-push'])

    def test_of_a_new_primary_fails_while_nobody_knows_what_the_one_before_left(self) -> None:
        self.write('pg_wal/00000002.history', '1\t0/9000100\tx\n')
        lines = 'case $1 in wal-show) exit 1; esac'
        self.assertEqual(self.run_script('archive-wal.sh', 'pg_wal/00000002.history', walg=lines).returncode, 1)
        self.assertEqual([line.split()[0] for line in self.calls()], ['wal-show'])

    def archive(self, walg: str, least: int, segment: str = '0001') -> int:
        """In a data directory, with that many MiB as the least that has to be free."""
        (self.folder / 'pgroot/data/pg_wal').mkdir(parents=True, exist_ok=True)
        return self.run_script(
            'archive-wal.sh', f'pg_wal/{segment}', str(least), walg=walg, cwd='pgroot/data'
        ).returncode

    # MiB that no volume has.
    FULL = 10**9

    def test_gives_nothing_up_while_there_is_room(self) -> None:
        self.assertEqual(self.archive('exit 1', 1), 1)
        self.assertEqual(self.read('pgroot/given-up-wal'), '')

    def test_gives_nothing_up_that_the_storage_takes(self) -> None:
        self.assertEqual(self.archive('exit 0', self.FULL), 0)
        self.assertEqual(self.read('pgroot/given-up-wal'), '')

    def test_gives_up_on_a_nearly_full_volume_what_the_storage_does_not_take_and_writes_that_down(self) -> None:
        self.assertEqual(self.archive('exit 1', self.FULL), 0)
        self.assertRegex(self.read('pgroot/given-up-wal'), r'^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d 0001\n$')

    def test_does_not_ask_a_storage_again_that_failed_just_now_while_the_volume_is_nearly_full(self) -> None:
        for segment in ('0001', '0002', '0003'):
            self.assertEqual(self.archive('exit 1', self.FULL, segment), 0)
        self.assertEqual(self.calls(), ['wal-push pg_wal/0001'])
        self.assertEqual(len(self.read('pgroot/given-up-wal').splitlines()), 3)
        # With room again, every segment is pushed or kept.
        self.assertEqual(self.archive('exit 1', 1, '0004'), 1)

    def test_archives_a_history_that_was_given_up_before_the_next_segment(self) -> None:
        self.assertEqual(self.archive('exit 1', self.FULL, '00000002.history'), 0)
        self.write('pgroot/data/pg_wal/00000002.history', '')
        (self.folder / 'pgroot/data/pg_wal/archive_status').mkdir()
        (self.folder / 'wal-g.calls').unlink(missing_ok=True)
        answers = 'case $1 in wal-show) echo "[]"; esac'
        for _ in range(2):
            self.assertEqual(self.archive(answers, 1, '0001'), 0)
        pushed = [line for line in self.calls() if line.startswith('wal-push')]
        self.assertEqual(pushed, ['wal-push pg_wal/00000002.history', 'wal-push pg_wal/0001', 'wal-push pg_wal/0001'])

    def test_archives_no_segment_before_a_history_that_was_given_up(self) -> None:
        self.write('pgroot/given-up-histories', '00000003.history\n00000002.history\n')
        self.write('pgroot/data/pg_wal/00000002.history', '')
        self.assertEqual(self.archive('exit 1', 1, '0001'), 1)
        self.assertEqual([line for line in self.calls() if line.endswith('0001')], [])

    def test_gives_nothing_up_where_nobody_knows_what_is_free(self) -> None:
        self.assertEqual(self.run_script('archive-wal.sh', 'gone/0001', str(self.FULL), walg='exit 1').returncode, 1)


class RestoreWal(ScriptTest):
    """restore-wal.sh"""

    def fetch(self, behaviour: str, listing: str = 'exit 0', folder: str = 'recovering') -> Result:
        (self.folder / folder).mkdir(exist_ok=True)
        if folder != 'ended':
            self.write(f'{folder}/{"standby" if folder == "standby" else "recovery"}.signal', '')
        lines = f'case $1 in wal-fetch) {behaviour} ;; backup-list) {listing} ;; esac'
        arguments = ('00000002.history', 'pg_wal/RECOVERYHISTORY')
        path = f'{self.folder}:/usr/bin:/bin'
        return self.run_script('restore-wal.sh', *arguments, walg=lines, cwd=folder, PATH=path)


class RestoreWalInARecovery(RestoreWal):
    """restore-wal.sh in a recovery"""

    ABSENT = """echo "ERROR: 2026/11/23 15:33:53.040554 Archive '00000002.history' does not exist." >&2"""

    @each(
        ('0 when it is fetched', 'exit 0', 'exit 1', 0),
        ('1 when WAL-G 3.0 says it is absent, and the list can be made', 'exit 74', 'exit 0', 1),
        ('1 when WAL-G 1.1 says it is absent, and the list can be made', f'{ABSENT}; exit 1', 'exit 0', 1),
        ('1 when the archive has no backups yet', 'exit 74', 'echo "No backups found" >&2', 1),
        ('126 when the bucket does not exist, of which 3.0 says the same', 'exit 74', 'exit 1', 126),
        ('126 when the storage goes away before the list', f'{ABSENT}; exit 1', 'exit 1', 126),
        ('126 when the storage refuses', 'echo "connection refused" >&2; exit 1', 'exit 0', 126),
        (
            '126 when another segment is said to be absent',
            """echo "Archive '00000003.history' does not exist."; exit 1""",
            'exit 0',
            126,
        ),
        ('126 when WAL-G cannot be run', 'exit 127', 'exit 0', 126),
        ('126 when WAL-G is killed', 'kill -9 $$', 'exit 0', 126),
    )
    def test_ends_with(self, _: str, behaviour: str, listing: str, code: int) -> None:
        self.assertEqual(self.fetch(behaviour, listing).returncode, code)

    def test_says_what_wal_g_said_before_it_stops_the_recovery(self) -> None:
        said = self.fetch('echo "connection refused" >&2; exit 1').stderr
        message = r'00000002\.history could not be fetched, wal-g ended with 1, this with 126: connection refused'
        self.assertRegex(said, message)

    def test_asks_again_where_the_storage_does_not_answer_and_stops_the_recovery_at_last(self) -> None:
        self.program('timeout', 'if [ $(grep -c . $here/timeout.calls) -ne 3 ]; then exit 124; fi; shift 2; exec "$@"')
        self.assertEqual(self.fetch('exit 0').returncode, 0)
        result = self.fetch('exit 0')
        self.assertEqual(result.returncode, 126)
        self.assertIn('it did not answer', result.stderr)

    def test_asks_in_full_each_time(self) -> None:
        self.fetch('exit 1')
        self.fetch('exit 1')
        self.assertEqual(self.calls(), ['wal-fetch 00000002.history pg_wal/RECOVERYHISTORY'] * 2)


class RestoreWalAtAGap(RestoreWal):
    """restore-wal.sh in a recovery, at an absent segment"""

    def segment(self, listing: str, fetch: str = 'exit 74') -> Result:
        (self.folder / 'recovering/pg_wal').mkdir(parents=True)
        self.write('recovering/recovery.signal', '')
        self.program('sleep', '')
        lines = f'case $1 in wal-fetch) {fetch} ;; wal-show) {listing} ;; esac'
        arguments = (segment_name(1, 6), 'pg_wal/RECOVERYXLOG')
        path = f'{self.folder}:/usr/bin:/bin'
        return self.run_script('restore-wal.sh', *arguments, walg=lines, cwd='recovering', PATH=path)

    def test_ends_the_recovery_well_where_the_archive_ends(self) -> None:
        self.write('wal.json', json.dumps([archived(1, 1, 5)]))
        self.assertEqual(self.segment('cat $here/wal.json').returncode, 1)
        self.assertEqual(self.calls('sleep'), [])

    def test_stops_the_recovery_where_the_archive_goes_on_and_names_what_is_missing(self) -> None:
        self.write('wal.json', json.dumps([archived(1, 1, 9, segment_name(1, 6), segment_name(1, 7))]))
        result = self.segment('cat $here/wal.json')
        self.assertEqual(result.returncode, 126)
        message = '000000010000000000000006 to 000000010000000000000007 are missing in s3://bucket/postgres/17-2'
        self.assertIn(message, result.stderr)
        self.assertIn('docs/runbooks/postgres-archive-incomplete.md', result.stderr)
        self.assertEqual(len([line for line in self.calls() if line.startswith('wal-fetch')]), 4)

    def test_takes_what_was_only_on_its_way(self) -> None:
        self.write('wal.json', json.dumps([archived(1, 1, 9, segment_name(1, 6))]))
        fetch = '[ -e $here/seen ] && exit 0; touch $here/seen; exit 74'
        self.assertEqual(self.segment('cat $here/wal.json', fetch).returncode, 0)

    def test_stops_the_recovery_while_the_archive_cannot_be_listed(self) -> None:
        self.assertEqual(self.segment('exit 1').returncode, 126)


class RestoreWalOfARewind(RestoreWal):
    """restore-wal.sh of pg_rewind"""

    def rewind(self, behaviour: str) -> Result:
        arguments = ('000000010000000000000006', f'{self.folder}/data/pg_wal/000000010000000000000006')
        lines = f'echo "$WALG_DOWNLOAD_CONCURRENCY" >>$here/concurrency; {behaviour}'
        return self.run_script('restore-wal.sh', *arguments, walg=lines, WALG_DOWNLOAD_CONCURRENCY='4')

    def test_fetches_nothing_ahead_into_the_data_directory(self) -> None:
        self.assertEqual(self.rewind('exit 0').returncode, 0)
        self.assertEqual(self.read('concurrency'), '1\n')

    def test_asks_each_time_whatever_happened_before(self) -> None:
        self.assertEqual(self.rewind('exit 1').returncode, 1)
        self.assertEqual(self.rewind('exit 0').returncode, 0)


class RestoreWalOfAStandby(RestoreWal):
    """restore-wal.sh of a standby, which never promotes by itself"""

    folder_name = 'standby'

    @each(
        ('0 when it is fetched', 'exit 0', 0),
        ('1 when it is absent', 'exit 74', 1),
        ('1 when the storage is away, or no failover would work then', 'exit 1', 1),
    )
    def test_ends_with(self, _: str, behaviour: str, code: int) -> None:
        self.assertEqual(self.fetch(behaviour, folder=self.folder_name).returncode, code)

    def test_does_not_ask_again_within_half_a_minute_of_a_failure(self) -> None:
        self.fetch('exit 1', folder=self.folder_name)
        self.assertEqual(self.fetch('exit 0', folder=self.folder_name).returncode, 1)
        self.assertEqual(len(self.calls()), 1)
        failed = self.folder / 'restore-wal.failed'
        earlier = failed.stat().st_mtime - 31
        os.utime(failed, (earlier, earlier))
        self.assertEqual(self.fetch('exit 0', folder=self.folder_name).returncode, 0)

    def test_asks_again_at_once_for_what_was_only_absent(self) -> None:
        self.fetch('exit 74', folder=self.folder_name)
        self.assertEqual(self.fetch('exit 0', folder=self.folder_name).returncode, 0)


class RestoreWalAfterARecovery(RestoreWalOfAStandby):
    """restore-wal.sh where a recovery has ended"""

    folder_name = 'ended'


class Bootstrap(ScriptTest):
    """bootstrap.sh"""

    ANSWERS = 'case $1 in backup-list) cat "$here/list.json" ;; *) echo "$* from $WALG_S3_PREFIX" ;; esac'

    def bootstrap(self, lines: str = ANSWERS) -> Result:
        arguments = ('--scope=postgres-2', '--datadir=/data', '--target=', '--prefix=s3://bucket/postgres/17-1')
        return self.run_script('bootstrap.sh', *arguments, walg=lines)

    def setUp(self) -> None:
        super().setUp()
        self.write('list.json', json.dumps([listed(3, 1), listed(2, 2), listed(1, 3)]))

    def test_fetches_the_chosen_backup_from_the_old_archive(self) -> None:
        result = self.bootstrap()
        self.assertEqual(result.returncode, 0)
        expected = 'backup-fetch /data base_000000010000000000000003 from s3://bucket/postgres/17-1'
        self.assertEqual(result.stdout.splitlines()[-1], expected)

    def test_fetches_nothing_when_no_backup_fits(self) -> None:
        result = self.bootstrap('exit 0')
        self.assertEqual(result.returncode, 1)
        self.assertRegex(result.stderr, 'holds no full backup; it holds 0:')
        self.assertEqual([line for line in self.calls() if line.startswith('backup-fetch')], [])

    def test_needs_the_data_directory_and_the_old_archive(self) -> None:
        result = self.run_script('bootstrap.sh', '--datadir=/data', walg=self.ANSWERS)
        self.assertEqual(result.returncode, 2)
        self.assertRegex(result.stderr, '--datadir=DIRECTORY and --prefix=')

    @each(
        (
            'backups',
            'echo "base_000000010000000000000004 2026-11-23"',
            'has backups, and this cluster would begin anew',
        ),
        ('wal', 'echo "No backups found"', 'has WAL of another life'),
    )
    def test_fetches_nothing_where_its_own_archive_has(self, _: str, listing: str, message: str) -> None:
        self.write('wal.json', json.dumps([archived(1, 1, 9)]))
        result = self.bootstrap(f'case $1 in backup-list) {listing} ;; wal-show) cat $here/wal.json ;; esac')
        self.assertEqual(result.returncode, 1)
        self.assertIn(f's3://bucket/postgres/17-2 {message}', result.stderr)
        self.assertEqual([line for line in self.calls() if line.startswith('backup-fetch')], [])

    def test_fails_when_the_backup_cannot_be_fetched(self) -> None:
        result = self.bootstrap('case $1 in backup-list) cat "$here/list.json" ;; *) exit 1 ;; esac')
        self.assertEqual(result.returncode, 1)


class BootstrapEmpty(ScriptTest):
    """bootstrap-empty.sh"""

    def bootstrap(self, lines: str, **variables: Any) -> Result:
        self.program('initdb', 'echo "$*"')
        arguments = ['--scope=postgres', '--datadir=/data', f'--programs={self.folder}', '--provider=builtin']
        return self.run_script('bootstrap-empty.sh', *arguments, walg=lines, **variables)

    def test_begins_a_cluster_empty_beside_an_empty_archive(self) -> None:
        result = self.bootstrap('echo "No backups found" >&2')
        self.assertEqual(result.returncode, 0)
        self.assertIn('--pgdata=/data --username=postgres --data-checksums --encoding=UTF8', result.stdout)
        self.assertIn('--locale-provider=builtin --locale=C.UTF-8', result.stdout)

    def test_sets_for_initdb_what_it_would_else_try(self) -> None:
        self.program('initdb', 'echo "$*"')
        arguments = ['--datadir=/data', f'--programs={self.folder}', '--set=huge_pages=off']
        result = self.run_script('bootstrap-empty.sh', *arguments, WALG_S3_PREFIX=None)
        self.assertTrue(result.stdout.endswith('--set=huge_pages=off\n'), result.stdout + result.stderr)

    def test_begins_a_cluster_without_an_archive_empty_and_asks_nobody(self) -> None:
        self.assertEqual(self.bootstrap('exit 1', WALG_S3_PREFIX=None).returncode, 0)

    def test_never_begins_a_cluster_empty_beside_backups_and_says_how_to_get_the_data_back(self) -> None:
        result = self.bootstrap('echo "name modified"; echo "base_000000010000000000000004 2026-11-23"')
        self.assertEqual((result.returncode, result.stdout), (1, ''))
        self.assertIn('s3://bucket/postgres/17-2 has backups', result.stderr)
        self.assertIn('npm run recover -- pg --to latest', result.stderr)

    def test_never_begins_a_cluster_empty_beside_wal_and_names_the_next_generation(self) -> None:
        self.write('wal.json', json.dumps([archived(1, 1, 9)]))
        result = self.bootstrap('case $1 in wal-show) cat $here/wal.json ;; *) echo "No backups found" >&2 ;; esac')
        self.assertEqual((result.returncode, result.stdout), (1, ''))
        self.assertIn('s3://bucket/postgres/17-2 has WAL of another life of this cluster, and no full', result.stderr)
        self.assertIn('{ "number": 3, "empty": true } under generations in config/generations.json', result.stderr)

    def test_waits_while_nobody_knows_whether_there_is_wal(self) -> None:
        result = self.bootstrap('case $1 in wal-show) echo "connection refused"; exit 1 ;; esac')
        self.assertEqual(result.returncode, 1)
        self.assertIn("can't be known; trying again.  connection refused", result.stderr)

    def test_waits_while_nobody_knows_whether_the_archive_is_empty(self) -> None:
        result = self.bootstrap('echo "connection refused" >&2; exit 1')
        self.assertEqual(result.returncode, 1)
        self.assertIn("can't be known; trying again. connection refused", result.stderr)

    def test_needs_the_folders_of_data_and_programs(self) -> None:
        self.assertEqual(self.run_script('bootstrap-empty.sh', '--datadir=/data').returncode, 2)


class CreateReplica(ScriptTest):
    """create-replica.sh"""

    ARGUMENTS = ('--scope=postgres', '--role=replica', '--datadir=/data', '--connstring=')

    def test_fetches_the_newest_backup(self) -> None:
        self.assertEqual(self.run_script('create-replica.sh', *self.ARGUMENTS, walg='exit 0').returncode, 0)
        self.assertEqual(self.calls(), ['backup-fetch /data LATEST'])

    def test_fails_where_there_is_none_so_that_patroni_copies_the_primary(self) -> None:
        lines = 'echo "No backups found" >&2; exit 2'
        result = self.run_script('create-replica.sh', *self.ARGUMENTS, walg=lines)
        self.assertEqual(result.returncode, 1)
        self.assertRegex(result.stderr, 'the next method of create_replica_methods is tried')

    def test_needs_the_data_directory(self) -> None:
        self.assertEqual(self.run_script('create-replica.sh', walg='exit 0').returncode, 2)


class FetchBackup(ScriptTest):
    """fetch_backup.py"""

    def setUp(self) -> None:
        super().setUp()
        self.addCleanup(signal.signal, signal.SIGTERM, signal.getsignal(signal.SIGTERM))
        self.now = 0.0

    def follow(self, *had: int, ends: int = 0) -> tuple[int, str]:
        """The exit code and what is logged, of a backup of which so many bytes are there at each look."""
        looks, out = iter(had), StringIO()

        def wait(seconds: float) -> int:
            self.now += seconds
            if self.now > seconds * len(had):
                return ends
            raise subprocess.TimeoutExpired('wal-g', seconds)

        with (
            mock.patch('fetch_backup.time.monotonic', lambda: self.now),
            mock.patch.object(fetch_backup, 'data_bytes', lambda _: next(looks)),
            mock.patch.dict('os.environ', {'WALG_S3_PREFIX': 's3://bucket/postgres/17-1'}),
        ):
            log_to(out)
            return fetch_backup.follow(mock.Mock(wait=wait), '/data', 'LATEST'), out.getvalue()

    def test_fetches_for_hours_as_long_as_something_comes(self) -> None:
        seldom = [bytes for bytes in range(60) for _ in range(59)]
        code, said = self.follow(*seldom)
        self.assertEqual((code, self.now > 9 * 3600, 'giving up' in said), (0, True, False))

    def test_ends_as_wal_g_does(self) -> None:
        self.assertEqual(self.follow(1, 2, 3, ends=2), (2, ''))

    def test_says_each_minute_what_it_waits_for_and_gives_up_after_ten(self) -> None:
        code, said = self.follow(9, *[9] * 99)
        self.assertEqual((code, self.now), (124, 610))
        self.assertEqual(said.count('nothing of LATEST has come from s3://bucket/postgres/17-1 for '), 10)
        self.assertRegex(said, r'for 60\.0 s: waiting", "bytes": 9')
        self.assertRegex(said, r'giving up: nothing of LATEST has come from .* for 600\.0 s')

    def test_that_is_told_to_end_leaves_nobody_behind_who_writes(self) -> None:
        program = self.program('walg.sh', 'echo $$ >"$here/pid"; kill $PPID; exec sleep 60')
        arguments = ['fetch_backup.py', '--walg', program, str(self.folder), 'LATEST']
        with mock.patch('sys.argv', arguments), self.assertRaises(SystemExit):
            sys.exit(fetch_backup.main())
        with self.assertRaises(ProcessLookupError):
            os.kill(int(self.read('pid')), 0)


class Start(ScriptTest):
    """start.sh"""

    def start(self, **changes: str) -> Result:
        self.program('patroni', 'env >"$here/environment"; umask >"$here/umask"')
        variables = {
            'PATH': f'{self.folder}:/usr/bin:/bin',
            'PGDATA': str(self.folder / 'pgroot/data'),
            'PATRONI_KUBERNETES_POD_IP': '10.42.0.5',
        }
        for role in ('replication', 'rewind', 'restapi'):
            variables[f'{role.upper()}_PASSWORD_FILE'] = self.write(f'password-{role}', f'secret of {role}\n')
        return self.run_script('start.sh', **{**variables, **changes})

    def test_runs_patroni_with_the_passwords_from_files(self) -> None:
        self.assertEqual(self.start().returncode, 0)
        self.assertEqual(self.calls('patroni'), ['/etc/patroni/patroni.yml'])
        for role in ('replication', 'rewind', 'restapi'):
            self.assertIn(f'PATRONI_{role.upper()}_PASSWORD=secret of {role}\n', self.read('environment'))
        self.assertRegex(self.read('umask'), '^0?077\n$')

    def test_makes_the_folder_of_the_data_directory_and_leaves_that_to_postgresql(self) -> None:
        self.start()
        self.assertEqual(list((self.folder / 'pgroot').iterdir()), [])

    def test_closes_a_data_directory_that_others_may_read(self) -> None:
        data = self.folder / 'pgroot/data'
        data.mkdir(parents=True)
        data.chmod(0o770)
        self.start()
        self.assertEqual(stat.S_IMODE(data.stat().st_mode), 0o700)

    @each(('REPLICATION',), ('REWIND',), ('RESTAPI',))
    def test_names_the_password_that_is_missing_of(self, role: str) -> None:
        result = self.start(**{f'{role}_PASSWORD_FILE': '/nowhere'})
        self.assertEqual(result.returncode, 1)
        message = f"{role}_PASSWORD_FILE is '/nowhere', which is empty or cannot be read"
        self.assertIn(message, result.stderr)
        self.assertEqual(self.calls('patroni'), [])
