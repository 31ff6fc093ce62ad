"""Segments of WAL, the timelines they are of, and what an archive has of them. Nothing here asks anybody."""

import re
from typing import Any

SEGMENT_BYTES = 16 * 1024 * 1024
_SEGMENTS_IN_LOG_FILE = 256
_SEGMENT = re.compile(r'[0-9A-F]{24}')


def is_segment(name: str) -> bool:
    """Whether it is a whole one: no history of a timeline, no `.partial`."""
    return _SEGMENT.fullmatch(name) is not None


def segment_name(timeline: int, number: int) -> str:
    """The file name of the segment with that number, counted from the beginning of the WAL."""
    return f'{timeline:08X}{number // _SEGMENTS_IN_LOG_FILE:08X}{number % _SEGMENTS_IN_LOG_FILE:08X}'


def segment_number(name: str) -> int:
    return int(name[8:16], 16) * _SEGMENTS_IN_LOG_FILE + int(name[16:24], 16)


def timeline_of(name: str) -> int:
    """Of a segment, or of a history."""
    return int(name[:8], 16)


class Lineage:
    """A timeline and those that it came from; `history` is what PostgreSQL writes of it, empty for the first."""

    def __init__(self, timeline: int, history: str) -> None:
        switches = [(int(line.split()[0]), _position(line.split()[1])) for line in history.splitlines() if line.strip()]
        self.timeline = timeline
        self._ends = dict(switches)
        timelines = [number for number, _ in switches] + [timeline]
        first_segments = [0] + [position // SEGMENT_BYTES for _, position in switches]
        self._begins = list(zip(timelines, first_segments, strict=True))

    @property
    def begin(self) -> int:
        """The segment in which the timeline itself began."""
        return self._begins[-1][1]

    def owner(self, number: int) -> int:
        """Where a timeline ended within a segment, the next one's copy of it has both parts."""
        return max((begin, timeline) for timeline, begin in self._begins if begin <= number)[1]

    def names(self, first: int, last: int) -> list[str]:
        """The segments from one number to another."""
        return [segment_name(self.owner(number), number) for number in range(first, last + 1)]

    def ended_after(self, name: str) -> bool:
        """Whether it is a segment that a timeline before this one wrote to its end."""
        number = segment_number(name)
        return number < self.begin and self.owner(number) == timeline_of(name)

    def has(self, timeline: int, position: int) -> bool:
        """Whether what a timeline wrote before that position, in bytes, is part of it."""
        return timeline == self.timeline or position <= self._ends.get(timeline, -1)

    def before(self) -> list[int]:
        """The timelines that it came from."""
        return [timeline for timeline, _ in self._begins[:-1]]


class Archived:
    """What an archive has, as `wal-show --detailed-json` tells it: of each timeline its ends, and what is missing."""

    def __init__(self, timelines: list[dict[str, Any]]) -> None:
        self._ends: dict[int, tuple[str, str]] = {
            entry['id']: (entry['start_segment'], entry['end_segment']) for entry in timelines
        }
        self._missing = {name for entry in timelines for name in entry['missing_segments'] or ()}

    @property
    def timelines(self) -> list[int]:
        return sorted(self._ends)

    def has(self, name: str) -> bool:
        first, last = self._ends.get(timeline_of(name), ('', ''))
        return first <= name <= last and name not in self._missing

    def first(self, timeline: int) -> str | None:
        ends = self._ends.get(timeline)
        return None if ends is None else ends[0]

    def last(self, timeline: int) -> str | None:
        ends = self._ends.get(timeline)
        return None if ends is None else ends[1]

    def newer(self, name: str) -> str | None:
        """The newest segment after that one, of its timeline or a later one."""
        later = [last for timeline, (_, last) in self._ends.items() if timeline >= timeline_of(name)]
        beyond = [last for last in later if segment_number(last) > segment_number(name)]
        return max(beyond, key=lambda last: (segment_number(last), last), default=None)


def gap(absent: str, archived: Archived, lineage: Lineage) -> list[str]:
    """
    The segments that are missing from `absent` on, if the WAL of the archive goes on after it; none where it ends. It
    goes on where there is a newer segment, and where a later timeline is known to have begun after it.
    """
    number = segment_number(absent)
    newer = archived.newer(absent)
    end = max(segment_number(newer) if newer else number, lineage.begin if lineage.ended_after(absent) else number)
    if end == number:
        return []
    missing = [absent]
    for name in lineage.names(number + 1, end - 1):
        if archived.has(name):
            break
        missing.append(name)
    return missing


def _position(text: str) -> int:
    """Bytes from the beginning of the WAL, of `16/B374D848`."""
    high, low = text.split('/')
    return int(high, 16) * 2**32 + int(low, 16)
