"""WAL-G, through its wrapper. Uses only what 1.1.3 and 3.0 have in common."""

import json
import re
import tempfile
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import child
from wal import SEGMENT_BYTES, Archived, Lineage, segment_name, segment_number

# Seconds. A listing reads one small object for each backup; a full backup is bounded by the next night's one.
LIST_TIMEOUT = 120
CHANGE_TIMEOUT = 1800
PUSH_TIMEOUT = 20 * 3600
# A folder of the archive beside WAL-G's own: a file for each full that retention marked, and no person. WAL-G would
# take a name of 24 digits for that of a segment, and delete it with the old ones.
_NOTES = 'retention_marks'
_BACKUPS = 'basebackups_005'
_NOTE = re.compile(r'\b([0-9A-F]{8})-([0-9A-F]{8})-([0-9A-F]{8})\b')
# What belongs to a backup, and what is only written when it has ended.
_PART = re.compile(r'\b(base_([0-9A-F]{24})\w*)/(\S+)')
_ENDED = re.compile(r'\b(base_\w+)_backup_stop_sentinel\.json')
_TIME = re.compile(r'(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d+))?\s?(Z|[+-]\d\d(?::?\d\d)?)')


class StorageError(Exception):
    """The storage didn't answer, or answered something that cannot be understood."""


@dataclass(frozen=True)
class Backup:
    """A full backup; positions in the WAL are bytes, the timeline is that of its start."""

    name: str
    started: datetime
    finished: datetime
    permanent: bool
    timeline: int
    start_lsn: int
    finish_lsn: int
    # When the storage got it, by its own clock.
    stored: datetime | None

    def is_after(self, missing: list[str]) -> bool:
        """Whether a recovery that begins with it needs none of these segments."""
        return all(segment_number(name) < self.start_lsn // SEGMENT_BYTES for name in missing)

    def segments(self, lineage: Lineage) -> list[str]:
        """
        The WAL it cannot be restored without, from the segment of its start to that of its last byte. A primary that is
        lost within a segment never archives it: the next timeline has all of that, the backup's part too.
        """
        first, last = self.start_lsn // SEGMENT_BYTES, (self.finish_lsn - 1) // SEGMENT_BYTES
        if self.timeline not in [*lineage.before(), lineage.timeline]:
            return [segment_name(self.timeline, number) for number in range(first, last + 1)]
        return lineage.names(first, last)


class Walg:
    """
    The wrapper at `path`, for the database behind the socket in `socket_directory`, with the archive at `prefix`; else
    with that of this program's environment.
    """

    def __init__(self, path: str, socket_directory: str, prefix: str | None = None) -> None:
        self._path = path
        self._environment = {'PGHOST': socket_directory, 'PGUSER': 'postgres', 'PGDATABASE': 'postgres'}
        if prefix is not None:
            self._environment['WALG_S3_PREFIX'] = prefix

    def backups(self) -> list[Backup]:
        """
        The full backups in the order of their WAL, whatever the clocks of those that made them said; throws
        StorageError where there may be some that were not seen.
        """
        listed = self._json('backup-list', '--detail', '--json')
        if not listed:
            # 1.1.3 says so and ends with 0 also where it cannot reach the storage; without details it doesn't.
            if self.tell('backup-list').strip():
                raise StorageError('the list of backups was empty, and is not: the storage was away for a moment')
            return []
        try:
            fulls = [_backup(entry) for entry in listed if '_D_' not in entry['backup_name']]
        except (KeyError, TypeError, ValueError) as error:
            raise StorageError(f'the list of backups cannot be understood: {error!r}') from error
        return sorted(fulls, key=lambda backup: (backup.timeline, backup.finish_lsn))

    def push(self, data_directory: str) -> None:
        """One full backup of the running cluster with this data directory, spelled as PostgreSQL spells it."""
        self.tell('backup-push', data_directory, '--full', timeout=PUSH_TIMEOUT)

    def fetch(self, name: str, directory: str, timeout: float) -> None:
        self.tell('backup-fetch', directory, name, timeout=timeout)

    def mark_permanent(self, name: str) -> None:
        self.tell('backup-mark', name)

    def unmark_permanent(self, name: str) -> None:
        self.tell('backup-mark', '--impermanent', name)

    def marked_by_retention(self) -> frozenset[str]:
        """Names of fulls whose mark is retention's; some of them may be gone."""
        return frozenset(f'base_{"".join(parts)}' for parts in _NOTE.findall(self.tell('st', 'ls', _NOTES)))

    def note_mark(self, name: str) -> None:
        """Writes down, for every member and every later run, that a full's mark is retention's."""
        with tempfile.NamedTemporaryFile('w', encoding='utf-8') as file:
            file.write(f'{name}\n')
            file.flush()
            self.tell('st', 'put', '--force', '--no-compress', '--no-encrypt', file.name, _note(name))

    def forget_mark(self, name: str) -> None:
        self.tell('st', 'rm', _note(name))

    def delete_before(self, name: str) -> None:
        """Deletes what is older than the backup `name`: by name, because by time the base itself would go."""
        self.tell('delete', 'before', 'FIND_FULL', name, '--use-sentinel-time', '--confirm', timeout=CHANGE_TIMEOUT)

    def delete_unfinished_before(self, backup: Backup) -> list[str]:
        """
        Deletes what attempts that never ended have left, of those that began before this full: `delete before` takes
        only what has an end. Says which.
        """
        listed = self.tell('st', 'ls', '--recursive', _BACKUPS, timeout=CHANGE_TIMEOUT)
        ended = set(_ENDED.findall(listed))
        names = set()
        for name, start, part in _PART.findall(listed):
            if name not in ended and start < backup.name.removeprefix('base_'):
                self.tell('st', 'rm', f'{_BACKUPS}/{name}/{part}')
                names.add(name)
        return sorted(names)

    def missing(self, backups: list[Backup], since: Backup, timeline: int, history: str) -> dict[str, list[str]]:
        """
        Segments that are not in the archive, by what lacks them: each of `backups`, and `window` for what every moment
        since the full backup `since` is recovered with. wal-verify isn't asked: 1.1.3 looks for segments on the wrong
        timeline where two failovers happened within one, and knows nothing of the WAL of permanent backups.
        """
        return _missing(self.archived(), backups, since, Lineage(timeline, history))

    def missing_since(self, backup: Backup, directory: str) -> list[str]:
        """What a recovery from this full to the newest moment would lack; `directory` is for a scratch file."""
        return self._missing_now([], backup, directory).get('window', [])

    def missing_of(self, backup: Backup, directory: str) -> list[str]:
        """What a recovery of this full to its own end would lack; `directory` is for a scratch file."""
        return self._missing_now([backup], backup, directory).get(backup.name, [])

    def _missing_now(self, backups: list[Backup], since: Backup, directory: str) -> dict[str, list[str]]:
        archived = self.archived()
        timeline = max(archived.timelines, default=since.timeline)
        return _missing(archived, backups, since, Lineage(timeline, self.history(timeline, since, directory)))

    def archived(self, timeout: float = CHANGE_TIMEOUT) -> Archived:
        """The WAL in the archive; throws where it can't be listed."""
        listed = self._json('wal-show', '--detailed-json', '--without-backups', timeout=timeout)
        if listed is None:
            raise StorageError('wal-show says nothing, not even that there is none')
        return Archived(listed)

    def history(self, timeline: int, since: Backup, directory: str) -> str:
        """
        How a timeline came about, as PostgreSQL writes it; empty for the first. Throws where it or one between it and
        the backup has none: a recovery looks for the newest timeline one by one, and takes the last that has.
        """
        text = ''
        for number in range(min(since.timeline + 1, timeline), timeline + 1):
            if number > 1:
                target = Path(directory) / f'{number:08X}.history'
                # WAL-G writes over nothing, and this may be asked again.
                target.unlink(missing_ok=True)
                self.tell('wal-fetch', target.name, str(target))
                text = target.read_text(encoding='utf-8')
        return text

    def _json(self, *arguments: str, timeout: float = LIST_TIMEOUT) -> Any:
        printed = self.tell(*arguments, timeout=timeout).strip()
        try:
            return json.loads(printed) if printed else None
        except ValueError as error:
            raise StorageError(f'the answer of {arguments[0]} is no JSON: {printed[:200]}') from error

    def tell(self, *arguments: str, timeout: float = LIST_TIMEOUT) -> str:
        """What WAL-G prints when it is called so."""
        return child.run([self._path, *arguments], timeout, environment=self._environment)


def _note(name: str) -> str:
    digits = name.removeprefix('base_')
    return f'{_NOTES}/{digits[:8]}-{digits[8:16]}-{digits[16:24]}'


def _missing(archived: Archived, backups: list[Backup], since: Backup, lineage: Lineage) -> dict[str, list[str]]:
    end = archived.last(lineage.timeline)
    wanted = {backup.name: backup.segments(lineage) for backup in backups}
    # What comes after the newest segment is still on its way: of a standby's backup, that may be the last one.
    needed = since.segments(lineage) + window(since, lineage, end)
    wanted['window'] = [name for name in needed if end is None or name[:8] != end[:8] or name <= end]
    found = {owner: [name for name in names if not archived.has(name)] for owner, names in wanted.items()}
    return {owner: names for owner, names in found.items() if names}


def window(since: Backup, lineage: Lineage, end: str | None) -> list[str]:
    """
    The segments between the backup `since` and `end`, the newest one of the timeline in the archive (None where it has
    none yet).
    """
    last = segment_number(end) if end is not None else lineage.begin - 1
    return lineage.names((since.finish_lsn - 1) // SEGMENT_BYTES + 1, last)


def parse_time(text: str) -> datetime:
    """A time with its zone, as WAL-G or PostgreSQL writes it, in UTC; throws ValueError."""
    match = _TIME.fullmatch(text.strip())
    if match is None:
        raise ValueError(f'"{text}" is no time with a zone, such as 2026-11-22 10:00:00+00')
    date, time, fraction, zone = match.groups()
    digits = zone.replace('Z', '+0000').replace(':', '').ljust(5, '0')
    moment = f'{date}T{time}.{(fraction or "0")[:6].ljust(6, "0")}{digits[:3]}:{digits[3:]}'
    return datetime.fromisoformat(moment).astimezone(timezone.utc)


def _backup(entry: dict[str, Any]) -> Backup:
    name = entry['backup_name']
    return Backup(
        name=name,
        started=parse_time(entry['start_time']),
        finished=parse_time(entry['finish_time']),
        permanent=bool(entry['is_permanent']),
        timeline=int(name.removeprefix('base_')[:8], 16),
        start_lsn=int(entry['start_lsn']),
        finish_lsn=int(entry['finish_lsn']),
        stored=parse_time(entry['time']) if 'time' in entry else None,
    )
