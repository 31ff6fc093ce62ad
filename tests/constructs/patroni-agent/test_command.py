import json
import re
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from typing import Any
from unittest import mock

import agent
import settings
from support import NOW, Call, WorldTest, archived, at, each, listed
from wal import segment_name

RULES = {'schedule': '0 2 * * *', 'keepFullDays': 30, 'keepWalDays': 7, 'minimumFulls': 2}


class CommandTest(WorldTest):
    def command(self, *arguments: str, pod: str = 'postgres-0', config: str | None = None) -> tuple[int, str, str]:
        """Its exit code, and what it writes to the two outputs."""
        argv = ['agent.py', '--config', config or self.world.file, *arguments]
        out, err = StringIO(), StringIO()
        with (
            mock.patch('sys.argv', argv),
            mock.patch.dict('os.environ', {'POD_NAME': pod}),
            mock.patch('agent.signal.signal'),
            mock.patch('agent.datetime', at(NOW)),
            mock.patch('backups.datetime', at(NOW)),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            try:
                code = agent.main()
            except SystemExit as error:
                code = error.code if isinstance(error.code, int) else 0
        return code, out.getvalue(), err.getvalue()


class Arguments(CommandTest):
    """the command"""

    def test_says_with_help_what_the_modes_do(self) -> None:
        code, out, _ = self.command('--help')
        self.assertEqual(code, 0)
        self.assertRegex(out, r'(?s)\{run,bootstrap,reconcile,backup,keep,status\}.*one full backup now')

    def test_takes_further_arguments_only_for_a_bootstrap_to_which_patroni_appends_one(self) -> None:
        code, _, err = self.command('status', 'now')
        self.assertEqual(code, 2)
        self.assertRegex(err, 'status takes no further arguments')

    def test_needs_the_name_of_the_member_to_run(self) -> None:
        code, _, err = self.command(pod='')
        self.assertEqual(code, 2)
        self.assertRegex(err, 'POD_NAME is missing')


class Configuration(CommandTest):
    """a configuration that cannot be used"""

    @each(
        ('a text that is missing', {'cluster': ...}, 'cluster is missing; it is a text'),
        ('no text', {'walg': 3}, 'walg is 3; it is a text'),
        ('too high a port', {'metricsPort': 70000}, 'metricsPort is 70000; it is a whole number from 0 to 65535'),
        ('no number', {'metricsPort': True}, 'metricsPort is true'),
        ('no seconds', {'intervalSeconds': 0}, 'intervalSeconds is 0; it is a number of seconds above 0'),
        ('a text for a list', {'tlsFiles': 'x'}, 'tlsFiles is "x"; it is a list of texts'),
        ('an object for a list', {'databases': {}}, 'databases is {}; it is a list of objects'),
        (
            'half a database',
            {'databases': [{'name': 'a', 'owner': 'b', 'extensions': []}]},
            r'databases\[0\]\.user is missing',
        ),
        ('a list for an object', {'backups': []}, r'backups is \[\]; it is an object or null'),
        (
            'a schedule that is none',
            {'backups': {**RULES, 'schedule': '0 25 * * *'}},
            '"25" is no hour: allowed are 0 to 23',
        ),
        (
            'more days of WAL than of fulls',
            {'backups': {**RULES, 'keepFullDays': 5}},
            r'backups\.keepWalDays is 7; it is a whole number from 1 to 5',
        ),
    )
    def test_is_told_with_what_is_allowed(self, _: str, changes: dict[str, Any], message: str) -> None:
        changed = {**self.world.configuration, **changes}
        file = self.world.write(
            'changed.json', json.dumps({key: value for key, value in changed.items() if value != ...})
        )
        with self.assertRaisesRegex(settings.SettingsError, message):
            settings.load(file)

    def test_is_no_object(self) -> None:
        self.world.write('agent.json', '[]')
        code, _, err = self.command('reconcile')
        self.assertEqual(code, 2)
        self.assertRegex(err, r'^agent\.py: configuration .*agent\.json: the file holds no object; correct what it is')

    def test_is_not_there(self) -> None:
        code, _, err = self.command('reconcile', config='/nowhere')
        self.assertEqual(code, 2)
        self.assertRegex(err, 'configuration /nowhere: No such file or directory; --config names the file')


class Backup(CommandTest):
    """backup"""

    def test_makes_one_at_once_then_deletes_by_retention(self) -> None:
        self.world.backups = [listed(40, 1), listed(20, 2), listed(8, 3), listed(0, 4)]
        self.assertEqual(self.command('backup')[0], 0)
        expected = [
            'backup-push /data --full',
            'st ls retention_marks',
            'backup-list --detail --json',
            'st ls --recursive basebackups_005',
            'wal-show --detailed-json --without-backups',
            'backup-mark base_000000010000000000000002',
            'st put retention_marks/00000001-00000000-00000002',
            'delete before FIND_FULL base_000000010000000000000003 --use-sentinel-time --confirm',
            'backup-list --detail --json',
        ]
        called = [re.sub(r'^(st put) .* ', r'\1 ', line) for line in self.world.called('walg.sh')]
        self.assertEqual(called, expected)

    def refuses(self, start: str) -> None:
        """Lets WAL-G fail where it is called so."""
        answer = self.world.programs['walg.sh']

        def refuse(call: Call) -> str:
            if call.line.startswith(start):
                raise call.fails(1)
            return answer(call)

        self.world.programs['walg.sh'] = refuse

    def test_deletes_nothing_and_fails_when_it_could_not_be_made(self) -> None:
        self.refuses('backup-push')
        self.assertEqual(self.command('backup')[0], 1)
        self.assertEqual(self.world.called('walg.sh', 'delete'), [])

    def test_deletes_nothing_and_fails_when_what_stays_could_not_be_marked(self) -> None:
        self.world.backups = [listed(40, 1), listed(20, 2), listed(8, 3), listed(0, 4)]
        self.refuses('backup-mark')
        self.assertEqual(self.command('backup')[0], 1)
        self.assertEqual(len(self.world.said('retention failed')), 1)
        self.assertEqual(self.world.called('walg.sh', 'delete'), [])

    def test_fails_and_says_why_when_the_guard_refuses_to_delete(self) -> None:
        self.world.backups = [listed(40, 1), listed(8, 2), listed(3, 3)]
        self.assertEqual(self.command('backup')[0], 1)
        [line] = self.world.said('retention: nothing was deleted')
        self.assertRegex(line['reason'], '^the newest full backup is of')
        self.assertEqual(self.world.called('walg.sh', 'delete'), [])

    def test_needs_a_storage(self) -> None:
        self.world.configure(backups=None)
        code, _, err = self.command('backup')
        self.assertEqual(code, 2)
        self.assertRegex(err, '"backups" is null')


class Keep(CommandTest):
    """keep"""

    def test_marks_a_full_for_good(self) -> None:
        code, out, _ = self.command('keep', 'base_000000010000000000000009')
        self.assertEqual(
            (code, self.world.called('walg.sh', 'backup-mark')), (0, ['backup-mark base_000000010000000000000009'])
        )
        self.assertRegex(out, 'stays until a person unmarks it: walg.sh backup-mark --impermanent base_0')

    def test_says_which_one_is_not_there(self) -> None:
        code, _, err = self.command('keep', 'base_000000010000000000000001')
        self.assertEqual(code, 1)
        self.assertRegex(err, 'the archive has no full backup base_000000010000000000000001')

    def test_needs_a_name(self) -> None:
        code, _, err = self.command('keep')
        self.assertEqual(code, 2)
        self.assertRegex(err, 'keep takes the name of one full backup')


class Status(CommandTest):
    """status"""

    def test_says_what_patroni_and_the_storage_say_and_what_follows(self) -> None:
        self.world.backups = [listed(40, 1), listed(8, 2), listed(1.4, 3)]
        code, out, _ = self.command('status')
        self.assertEqual(code, 0)
        found = json.loads(out)
        expected = {
            'member': 'postgres-0',
            'primary': True,
            'makesBackups': True,
            'errors': [],
            'due': True,
            'restorableSince': '2026-11-15 12:00:00+00:00',
            'missing': [],
            'retention': {'delete': ['base_000000010000000000000001'], 'keptByHand': [], 'refused': None},
        }
        self.assertEqual({key: found[key] for key in expected}, expected)

    def test_names_the_wal_that_is_missing_within_what_should_be_restorable(self) -> None:
        self.world.backups = [listed(8, 2)]
        self.world.wal = [archived(1, 1, 9, segment_name(1, 6))]
        found = json.loads(self.command('status')[1])
        self.assertEqual(found['missing'], ['000000010000000000000006'])

    def test_says_what_it_can_when_the_others_do_not_answer(self) -> None:
        def fail(call: Call) -> str:
            raise call.fails(1, 'no storage')

        self.world.configure(patroni='http://127.0.0.1:9')
        self.world.programs['walg.sh'] = fail
        code, out, _ = self.command('status')
        self.assertEqual(code, 1)
        [patroni, storage] = json.loads(out)['errors']
        self.assertRegex(patroni, 'Patroni')
        self.assertRegex(storage, 'no storage')
