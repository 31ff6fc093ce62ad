import unittest
from datetime import timedelta
from typing import Any

from retention import Plan, plan
from schedule import Schedule
from settings import Backups
from support import NOW, full
from walg import Backup


def planned(backups: list[Backup], minimum: int = 2, schedule: str = '0 12 * * *', *, by_hand: str = '') -> Plan:
    """For 30 days of fulls and 7 of WAL; all marks are retention's but that of the full with this end."""
    marked = frozenset(backup.name for backup in backups if backup.permanent and backup.name[-2:] != by_hand)
    return plan(backups, marked, NOW, Backups(Schedule(schedule), 30, 7, minimum))


def names(found: Plan) -> dict[str, Any]:
    """Backups by the end of their segment."""
    lists = {'mark': found.mark, 'unmark': found.unmark, 'delete': found.delete}
    return {
        'base': found.base and found.base.name[-2:],
        **{key: [backup.name[-2:] for backup in backups] for key, backups in lists.items()},
        'refused': found.refused,
    }


class Retention(unittest.TestCase):
    """retention"""

    def test_without_a_full_before_the_days_of_wal_there_is_nothing_to_do(self) -> None:
        nothing: dict[str, Any] = {'base': None, 'mark': [], 'unmark': [], 'delete': [], 'refused': None}
        self.assertEqual(names(planned([])), nothing)
        self.assertEqual(names(planned([full(6.9, 1), full(1, 2)])), nothing)

    def test_the_base_is_the_newest_full_that_was_finished_before_the_days_of_wal(self) -> None:
        backups = [full(9, 1), full(8, 2), full(7.01, 3), full(6.99, 4), full(0, 5)]
        self.assertEqual(names(planned(backups))['base'], '03')

    def test_fulls_between_the_days_of_fulls_and_the_base_are_marked_and_older_ones_go(self) -> None:
        backups = [full(31, 1), full(30.01, 2), full(29.99, 3), full(15, 4), full(8, 5), full(0, 6)]
        expected = {'base': '05', 'mark': ['03', '04'], 'unmark': [], 'delete': ['01', '02'], 'refused': None}
        self.assertEqual(names(planned(backups)), expected)

    def test_marks_are_only_changed_where_they_differ(self) -> None:
        permanent = [full(32, 1, is_permanent=True), full(20, 2, is_permanent=True)]
        found = names(planned([*permanent, full(15, 3), full(8, 4), full(0, 5)]))
        self.assertEqual((found['mark'], found['unmark'], found['delete']), (['03'], ['01'], ['01']))

    def test_what_a_person_marked_is_neither_unmarked_nor_deleted_however_old_it_is(self) -> None:
        old = [full(400, 1, is_permanent=True), full(32, 2, is_permanent=True), full(31, 3)]
        found = planned([*old, full(8, 4), full(0, 5)], by_hand='01')
        self.assertEqual([backup.name[-2:] for backup in found.by_hand], ['01'])
        self.assertEqual((names(found)['unmark'], names(found)['delete']), (['02'], ['02', '03']))

    def test_what_a_person_marked_is_none_of_the_minimum_when_it_is_past_its_days(self) -> None:
        old = [full(400, 1, is_permanent=True), full(35, 2), full(33, 3)]
        backups = [*old, full(1, 4)]
        self.assertEqual(
            planned(backups, 3, by_hand='01').refused, '2 full backups would be left, at least 3 have to be'
        )
        self.assertIsNone(planned(backups, 2, by_hand='01').refused)

    def test_what_a_person_marked_is_told_also_where_there_is_nothing_to_do(self) -> None:
        found = planned([full(1, 1, is_permanent=True), full(0, 2)], by_hand='01')
        self.assertEqual(([backup.name[-2:] for backup in found.by_hand], found.base), (['01'], None))

    def test_the_base_stays_however_old_it_is(self) -> None:
        found = names(planned([full(50, 1), full(40, 2), full(0, 3)]))
        self.assertEqual((found['base'], found['delete'], found['refused']), ('02', ['01'], None))

    def test_nothing_is_deleted_when_fewer_than_the_minimum_would_be_left(self) -> None:
        backups = [full(40, 1), full(35, 2), full(1, 3)]
        self.assertEqual(planned(backups, 3).refused, '2 full backups would be left, at least 3 have to be')
        self.assertIsNone(planned(backups, 2).refused)

    def test_nothing_is_deleted_when_no_new_backups_are_made(self) -> None:
        self.assertRegex(
            self.refused_with_newest(1.01) or '',
            r'^the newest full backup is of .*: two times of the schedule were missed$',
        )
        self.assertIsNone(self.refused_with_newest(0.99))

    def test_new_backups_are_made_when_the_schedule_says(self) -> None:
        weekly = '0 12 * * 1'
        self.assertIsNone(self.refused_with_newest(6.99, weekly))
        self.assertRegex(self.refused_with_newest(7.01, weekly) or '', 'were missed')
        twice_a_day = '0 0,12 * * *'
        self.assertRegex(self.refused_with_newest(0.51, twice_a_day) or '', 'were missed')

    def test_nothing_is_deleted_by_a_clock_that_is_wrong(self) -> None:
        old = [full(40, 1), full(35, 2), full(8, 3)]
        late = full(0, 4, time=(NOW - timedelta(days=60)).isoformat())
        self.assertRegex(planned([*old, late]).refused or '', 'the clock that says what is old is wrong: base_')
        right = full(0, 4, time=NOW.isoformat())
        self.assertIsNone(planned([*old, right]).refused)

    def test_a_full_that_a_wrong_clock_dated_into_the_future_shows_not_that_new_ones_are_made(self) -> None:
        old = [full(40, 1), full(35, 2), full(8, 3)]
        self.assertRegex(planned([*old, full(-60, 4)]).refused or '', 'were missed')

    def test_a_full_that_a_wrong_clock_dated_into_the_past_is_not_the_base(self) -> None:
        backups = [full(9, 1), full(8, 2), full(3, 3), full(60, 4), full(0, 5)]
        self.assertEqual((names(planned(backups))['base'], names(planned(backups))['delete']), ('02', []))

    def refused_with_newest(self, days: float, schedule: str = '0 12 * * *') -> str | None:
        return planned([full(40, 1), full(35, 2), full(30, 3), full(days, 4)], schedule=schedule).refused
