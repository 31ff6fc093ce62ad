import unittest
from datetime import datetime

from schedule import Schedule
from support import each

MONDAY = '2026-11-23T15:30:20+00:00'


class Times(unittest.TestCase):
    """the times of a schedule"""

    @each(
        ('every day', '0 2 * * *', MONDAY, '2026-11-23 02:00', '2026-11-24 02:00'),
        ('in this minute', '30 15 * * *', MONDAY, '2026-11-23 15:30', '2026-11-24 15:30'),
        ('in this second', '30 15 * * *', '2026-11-23T15:30:00+00:00', '2026-11-23 15:30', '2026-11-24 15:30'),
        ('in the next minute', '31 15 * * *', MONDAY, '2026-11-22 15:31', '2026-11-23 15:31'),
        ('every 20 minutes', '*/20 * * * *', MONDAY, '2026-11-23 15:20', '2026-11-23 15:40'),
        ('from a minute on, in a span', '5/20 14-16/2 * * *', MONDAY, '2026-11-23 14:45', '2026-11-23 16:05'),
        ('on two days of a month', '0 0 1,15 * *', MONDAY, '2026-11-15 00:00', '2026-12-01 00:00'),
        ('on a weekday by its name', '0 0 * * sun', MONDAY, '2026-11-22 00:00', '2026-11-29 00:00'),
        ('on Sunday as 7', '0 0 * * 7', MONDAY, '2026-11-22 00:00', '2026-11-29 00:00'),
        ('on a span of weekdays, in capitals', '0 0 * * MON-FRI', MONDAY, '2026-11-23 00:00', '2026-11-24 00:00'),
        ('on the 13th or a Friday', '0 0 13 * fri', MONDAY, '2026-11-20 00:00', '2026-11-27 00:00'),
        ('on a Tuesday of an odd day', '0 0 */2 * tue', MONDAY, '2026-11-17 00:00', '2026-12-01 00:00'),
        ('in leap years', '0 0 29 feb *', MONDAY, '2024-02-29 00:00', '2028-02-29 00:00'),
        (
            'in UTC wherever one is',
            '0 2 * * *',
            '2026-11-23T02:30:00+02:00',
            '2026-11-22 02:00',
            '2026-11-23 02:00',
        ),
    )
    def test_are_found(self, _: str, expression: str, now: str, previous: str, following: str) -> None:
        schedule, moment = Schedule(expression), datetime.fromisoformat(now)
        found = [f'{time:%Y-%m-%d %H:%M}' for time in (schedule.previous(moment), schedule.next(moment))]
        self.assertEqual(found, [previous, following])


class Refusals(unittest.TestCase):
    """an expression that is no schedule says what is allowed"""

    @each(
        ('0 2 * *', r'has 4 fields, a schedule has 5'),
        ('60 2 * * *', r'"60" is no minute: allowed are 0 to 59'),
        ('0 24 * * *', r'"24" is no hour'),
        ('0 2 0 * *', r'"0" is no day of the month'),
        ('0 2 * 13 *', r'"13" is no month'),
        ('0 2 * * 8', r'"8" is no day of the week'),
        ('0 2 * * funday', r'"funday" is no day of the week'),
        ('5-1 2 * * *', r'"5-1" is no minute'),
        ('*/0 2 * * *', r'"\*/0" is no minute'),
        ('*/ 2 * * *', r'"\*/" is no minute'),
        ('1- 2 * * *', r'"1-" is no minute'),
        ('-1 2 * * *', r'"-1" is no minute'),
        ('1,,2 2 * * *', r'"1,,2" is no minute'),
        ('0 0 30 2 *', r'names a day that no month has'),
    )
    def test_is_refused(self, expression: str, message: str) -> None:
        with self.assertRaisesRegex(ValueError, message):
            Schedule(expression)
