"""
What the volume of a directory holds, and what follows from it. Nothing here changes anything, or needs Samba.

A second provision over an existing domain would give it another identity: every account, every keytab and every
computer that knows it would be lost. So its folders are looked at together, whichever of them may have been lost.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

# Files without which a database that can still be opened is not the whole domain.
NEEDED = (
    'private/sam.ldb',
    'private/sam.ldb.d',
    'private/secrets.ldb',
    'private/secrets.tdb',
    'private/secrets.keytab',
    'private/encrypted_secrets.key',
    'private/idmap.ldb',
    'private/privilege.ldb',
)
# Made by the file system, and by restore.sh until what it fetches is whole.
NOTHING = {'lost+found', 'restore'}


class Damaged(Exception):
    """What is there can't be read."""


@dataclass(frozen=True)
class Identity:
    """By which clients know a domain, and its server."""

    realm: str
    domain: str
    server: str
    sid: str | None = None

    def differences(self, other: 'Identity') -> str:
        pairs = [
            (name, mine, getattr(other, name))
            for name, mine in asdict(self).items()
            if mine is not None and getattr(other, name) is not None
        ]
        return ', '.join(f'{name} {there} in place of {mine}' for name, mine, there in pairs if mine != there)


@dataclass(frozen=True)
class Decision:
    """What to do: `serve`, `begin`, or `refuse` with the reason."""

    action: str
    reason: str = ''


def refuse(reason: str) -> Decision:
    return Decision('refuse', reason)


class Volume:
    """The folders of the volume: the database, the configuration, and what is known of the domain beside both."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.library, self.configuration, self.record = root / 'lib', root / 'etc', root / 'domain'

    @property
    def database(self) -> Path:
        return self.library / 'private/sam.ldb'

    @property
    def smb_conf(self) -> Path:
        return self.configuration / 'smb.conf'

    @property
    def marker_file(self) -> Path:
        return self.record / 'domain.json'

    @property
    def begun_file(self) -> Path:
        """There from before the first byte of a new domain until its marker is written."""
        return self.record / 'begun'

    def marker(self) -> Identity | None:
        """What was noted when the domain was begun. Raises Damaged where that can't be read."""
        try:
            text = self.marker_file.read_text()
        except FileNotFoundError:
            return None
        try:
            fields = json.loads(text)
            return Identity(*(str(fields[name]) for name in ('realm', 'domain', 'server', 'sid')))
        except (KeyError, TypeError, ValueError) as error:
            raise Damaged(f'{self.marker_file} is damaged: {error!r}') from error

    def begun(self) -> str | None:
        try:
            return self.begun_file.read_text().strip() or 'an unknown time'
        except FileNotFoundError:
            return None

    def remnants(self) -> list[str]:
        """What a domain leaves where its database is gone; an empty folder is nothing."""
        return [
            str(path)
            for path in sorted(self.root.rglob('*'))
            if not path.is_dir() and path.relative_to(self.root).parts[0] not in NOTHING
        ]

    def missing(self) -> list[str]:
        return [name for name in NEEDED if not _holds_something(self.library / name)]


def _holds_something(path: Path) -> bool:
    """
    A disk that was full leaves files of no bytes. Without the key of its secrets Samba serves all the same: nobody is
    let in, and what is new is written in the clear.
    """
    if path.is_dir():
        return any(path.iterdir())
    return path.exists() and path.stat().st_size > 0


def decide(volume: Volume, wanted: Identity, found: Identity | str | None) -> Decision:
    """
    `found` is what the database says it is: None where there is none, a text where it can't be read, which is why.
    """
    try:
        marker = volume.marker()
    except Damaged as error:
        return refuse(str(error))
    if found is None:
        return _without_database(volume, marker)
    begun = volume.begun()
    if begun is not None and marker is None:
        return _half_finished(begun)
    if isinstance(found, str):
        return refuse(f'the database of the domain can not be read: {found}')
    missing = volume.missing()
    if missing:
        return refuse(f'the volume has the database of the domain {found.sid}, and not {", ".join(missing)}')
    if differences := wanted.differences(found):
        return refuse(f'the volume holds another domain than the one that is configured: {differences}')
    if marker is not None and (differences := marker.differences(found)):
        return refuse(f'the database is not the one that was begun here: {differences}')
    return Decision('serve', '' if marker is not None else 'its marker is gone, and written anew from the database')


def _half_finished(begun: str) -> Decision:
    return refuse(
        f'a domain was begun here at {begun}, and never finished: nobody can have used it, and it is not completed'
    )


def _without_database(volume: Volume, marker: Identity | None) -> Decision:
    if marker is not None:
        return refuse(
            f'the domain {marker.sid} was begun here, and its database is gone: it has to be recovered, not begun again'
        )
    begun = volume.begun()
    if begun is not None:
        return _half_finished(begun)
    remnants = volume.remnants()
    if remnants:
        shown = ', '.join(remnants[:3]) + (f' and {len(remnants) - 3} more' if len(remnants) > 3 else '')
        return refuse(f'there is no database, and something of a domain: {shown}')
    return Decision('begin')
