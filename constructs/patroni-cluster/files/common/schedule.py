"""Times of a cron expression with five fields, in UTC: minute, hour, day of the month, month, day of the week."""

from datetime import datetime, timedelta, timezone

_MONTHS = ('jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec')
_WEEKDAYS = ('sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat')
_FIELDS = (
    ('minute', 0, 59, ()),
    ('hour', 0, 23, ()),
    ('day of the month', 1, 31, ()),
    ('month', 1, 12, _MONTHS),
    ('day of the week', 0, 7, _WEEKDAYS),
)
# The 29th of February is at most eight years from the next one.
_DAYS_SEARCHED = 8 * 366


class ScheduleError(ValueError):
    """An expression that isn't a cron schedule, or one that no day matches."""


class Schedule:
    """A schedule: `Schedule('0 2 * * *')` is 02:00 UTC every day."""

    def __init__(self, expression: str) -> None:
        fields = expression.split()
        if len(fields) != len(_FIELDS):
            raise ScheduleError(f'"{expression}" has {len(fields)} fields, a schedule has 5, such as "0 2 * * *"')
        values = [_values(field, *of) for field, of in zip(fields, _FIELDS, strict=True)]
        self._minutes, self._hours = sorted(values[0]), sorted(values[1])
        self._days, self._months = values[2], values[3]
        self._weekdays = {day % 7 for day in values[4]}
        # Where both say something, cron takes a day that either of them names.
        self._either = not fields[2].startswith('*') and not fields[4].startswith('*')
        if self._search(datetime(2000, 1, 1, tzinfo=timezone.utc), 1) is None:
            raise ScheduleError(f'"{expression}" names a day that no month has')

    def previous(self, now: datetime) -> datetime:
        """The newest time that has passed; `now` itself, to the minute, has."""
        return self._found(now, -1)

    def next(self, now: datetime) -> datetime:
        """The first time after `now`."""
        return self._found(now, 1)

    def _found(self, now: datetime, step: int) -> datetime:
        found = self._search(now.astimezone(timezone.utc), step)
        assert found is not None, 'the constructor has found one'
        return found

    def _search(self, now: datetime, step: int) -> datetime | None:
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        for distance in range(_DAYS_SEARCHED):
            day = midnight + timedelta(days=step * distance)
            if not self._on(day):
                continue
            times = [day.replace(hour=hour, minute=minute) for hour in self._hours for minute in self._minutes]
            fitting = [time for time in times if (time > now if step > 0 else time <= now)]
            if fitting:
                return fitting[0] if step > 0 else fitting[-1]
        return None

    def _on(self, day: datetime) -> bool:
        in_month = day.day in self._days
        in_week = day.isoweekday() % 7 in self._weekdays
        fits = in_month or in_week if self._either else in_month and in_week
        return day.month in self._months and fits


def _values(field: str, name: str, low: int, high: int, names: tuple[str, ...]) -> set[int]:
    values: set[int] = set()
    for part in field.lower().split(','):
        span, _, step = part.partition('/')
        first, _, last = span.partition('-')
        if span == '*':
            start, end = low, high
        else:
            start = _number(first, low, names)
            end = _number(last, low, names) if last else (high if step else start)
        every = _number(step, low, ()) if step else 1
        if not low <= start <= end <= high or every < 1 or part.endswith(('/', '-')):
            raise ScheduleError(f'"{field}" is no {name}: allowed are {low} to {high}, "*", "a-b", "a,b" and "*/n"')
        values.update(range(start, end + 1, every))
    return values


def _number(text: str, low: int, names: tuple[str, ...]) -> int:
    """-1, which no field allows, for what is neither a number nor a name."""
    if text in names:
        return names.index(text) + low
    return int(text) if text.isascii() and text.isdigit() else -1
