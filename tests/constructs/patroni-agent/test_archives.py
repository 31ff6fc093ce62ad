import json
from contextlib import redirect_stderr, redirect_stdout
from datetime import timedelta
from io import StringIO
from typing import Any
from unittest import mock

import archives
from support import NOW, Call, WorldTest, archived, at, each, listed
from wal import segment_name

STORE = 's3://bucket/postgres'
OLD, OWN = f'{STORE}/17-1', f'{STORE}/17-2'


class ArchivesTest(WorldTest):
    """A store with the archives of two generations, the second of which is in use."""

    def setUp(self) -> None:
        super().setUp()
        self.fulls: dict[str, list[dict[str, Any]]] = {OLD: [listed(20, 1), listed(10, 2)], OWN: [listed(0, 1)]}
        self.hours = {OLD: 30.0, OWN: 0.0}
        self.notes = ''
        self.missing: list[str] | None = []
        self.left: list[str] = []
        self.world.programs['walg.sh'] = self.walg

    def walg(self, call: Call) -> str:
        """WAL-G, as the two programs agree on."""
        prefix = call.environment['WALG_S3_PREFIX']
        head = 'type size last modified                 name\n'
        if call.line == 'st ls':
            assert prefix == STORE, prefix
            names = [*(address.removeprefix(f'{STORE}/') for address in self.fulls), 'other']
            return head + ''.join(f'dir  0    0001-01-01 00:00:00 +0000 UTC {name}/\n' for name in names)
        if call.line == 'st ls --recursive':
            written = f'{NOW - timedelta(hours=self.hours[prefix]):%Y-%m-%d %H:%M:%S} +0000 UTC'
            rows = [f'obj  1024 {written} wal_005/0{n}.lz4\n' for n, _ in enumerate(self.fulls[prefix])]
            return head + ''.join([*rows, *self.left])
        if call.line == 'st ls retention_marks':
            return head + self.notes
        if call.arguments[0] == 'wal-show':
            if self.missing is None:
                raise call.fails(1, 'connection refused')
            return json.dumps([archived(1, 1, 9, *self.missing)])
        if call.line == 'delete everything FORCE --confirm':
            self.fulls[prefix] = []
            return ''
        return json.dumps(self.fulls[prefix]) if '--json' in call.arguments else ''

    def command(self, *arguments: str, own: str = OWN) -> tuple[int, str, str]:
        out, err = StringIO(), StringIO()
        with (
            mock.patch('sys.argv', ['archives.py', '--config', self.world.file, *arguments]),
            mock.patch.dict('os.environ', {'WALG_S3_PREFIX': own}),
            mock.patch('archives.datetime', at(NOW)),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            try:
                code = archives.main()
            except SystemExit as error:
                code = error.code if isinstance(error.code, int) else 0
        return code, out.getvalue(), err.getvalue()

    def deleted(self) -> list[str]:
        return [call.environment['WALG_S3_PREFIX'] for call in self.world.calls if call.arguments[0] == 'delete']


class Listing(ArchivesTest):
    """the list of archives"""

    def test_says_what_each_of_the_store_holds(self) -> None:
        code, out, _ = self.command('list')
        found = json.loads(out)
        self.assertEqual((code, found['own']), (0, OWN))
        [old, own] = found['archives']
        self.assertEqual([old['address'], own['address']], [OLD, OWN])
        self.assertEqual((old['files'], old['bytes'], old['written']), (2, 2048, '2026-11-22 06:00:00+00:00'))
        self.assertEqual([each['name'][-2:] for each in old['fulls']], ['01', '02'])
        self.assertEqual(old['everySecondSince'], '2026-11-03 12:00:00+00:00')

    def test_has_generations_in_their_order(self) -> None:
        self.fulls = {f'{STORE}/17-{number}': [] for number in (10, 9)}
        self.hours = dict.fromkeys(self.fulls, 2.0)
        found = json.loads(self.command('list', own=f'{STORE}/17-10')[1])
        self.assertEqual([each['address'][-5:] for each in found['archives']], ['/17-9', '17-10'])

    def test_says_what_a_person_marked_and_from_when_on_every_second_is_there(self) -> None:
        marked = {'is_permanent': True}
        self.fulls[OLD] = [listed(40, 1, **marked), listed(20, 2, **marked), listed(10, 3)]
        self.notes = 'obj  30   2026-11-28 20:39:20 +0000 UTC 00000001-00000000-00000002\n'
        [old, _] = json.loads(self.command('list')[1])['archives']
        self.assertEqual([name[-2:] for name in old['keptByHand']], ['01'])
        self.assertEqual(old['everySecondSince'], '2026-11-13 12:00:00+00:00')

    def test_of_the_one_in_use_begins_with_the_days_of_wal(self) -> None:
        self.fulls[OWN] = [listed(9, 1), listed(8, 2), listed(1, 3)]
        [_, own] = json.loads(self.command('list')[1])['archives']
        self.assertEqual(own['everySecondSince'], '2026-11-15 12:00:00+00:00')

    @each(
        ('begins after what is missing', 5, '2026-11-13 12:00:00+00:00'),
        ('does not begin where the newest full has lost its own', 7, None),
        ('begins where it did when that is older', 2, '2026-11-03 12:00:00+00:00'),
    )
    def test_of_every_second(self, _: str, lost: int, since: str | None) -> None:
        self.fulls[OLD] = [listed(20, 4), listed(10, 7)]
        self.missing = [segment_name(1, lost)]
        [old, _own] = json.loads(self.command('list')[1])['archives']
        self.assertEqual(old['everySecondSince'], since)
        self.assertEqual(old['missing'], [] if lost == 2 else self.missing)

    def test_is_made_and_says_so_where_nobody_knows_what_is_missing(self) -> None:
        self.missing = None
        code, out, err = self.command('list')
        [old, _own] = json.loads(out)['archives']
        self.assertEqual((code, old['everySecondSince'], old['missing']), (0, None, None))
        self.assertIn('is not known: walg.sh wal-show ended with 1: connection refused', err)

    def test_is_refused_where_there_is_no_archive(self) -> None:
        code, _, err = self.command('list', own='')
        self.assertEqual((code, err), (1, 'archives.py: this member has no archive\n'))


class Pruning(ArchivesTest):
    """pruning an archive"""

    def test_deletes_everything_of_it_and_nothing_else(self) -> None:
        code, out, _ = self.command('prune', OLD, '--again', OLD)
        self.assertEqual((code, json.loads(out)['files']), (0, 2))
        self.assertEqual(self.deleted(), [OLD])

    @each(
        ('without the second name', ('prune', OLD), 'pruned only where --again says the same'),
        ('with another second name', ('prune', OLD, '--again', OWN), 'pruned only where --again says the same'),
        ('without a name', ('prune',), 'prune takes an address'),
        ('of the one in use', ('prune', OWN, '--again', OWN), 'is the archive that this member writes to'),
        (
            'of one with a slash too many',
            ('prune', f'{OWN}/', '--again', f'{OWN}/'),
            'is no archive beside s3://bucket/postgres/17-2; there are: s3://bucket/postgres/17-1, ',
        ),
        ('of the whole store', ('prune', STORE, '--again', STORE), 'is no archive beside'),
        ('of another folder', ('prune', f'{STORE}/other', '--again', f'{STORE}/other'), 'is no archive beside'),
    )
    def test_is_refused(self, _: str, arguments: tuple[str, ...], said: str) -> None:
        code, _, err = self.command(*arguments)
        self.assertNotEqual(code, 0)
        self.assertIn(said, err)
        self.assertEqual(self.deleted(), [])

    def refuses(self, said: str) -> None:
        code, _, err = self.command('prune', OLD, '--again', OLD)
        self.assertEqual((code, self.deleted()), (1, []))
        self.assertIn(said, err)

    def test_is_refused_while_the_one_in_use_has_no_full_backup(self) -> None:
        self.fulls[OWN] = []
        self.refuses('s3://bucket/postgres/17-2 has no full backup yet: nothing could be recovered from it')

    def test_is_refused_where_somebody_wrote_within_the_last_hour(self) -> None:
        self.hours[OLD] = 0.9
        self.refuses('was written to at 2026-11-23 11:06 UTC: somebody still uses it')

    def test_is_refused_where_a_person_marked_a_full(self) -> None:
        self.fulls[OLD] = [listed(40, 1, is_permanent=True)]
        self.refuses('has fulls that a person marked: base_000000010000000000000001')

    def test_says_what_is_left(self) -> None:
        self.left = ['obj  1 2026-11-01 00:00:00 +0000 UTC locked\n']
        code, _, err = self.command('prune', OLD, '--again', OLD)
        self.assertEqual((code, err), (1, f'archives.py: 1 of 3 files of {OLD} are still there\n'))
