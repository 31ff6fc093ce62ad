"""
The database of the domain on this server, as what brings it about and what looks through a backup see it.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import ldb
from samba.auth import system_session
from samba.param import LoadParm
from samba.samdb import SamDB

# How an object is known that the data made.
MADE = 'diptych: made from data'


class Refused(Exception):
    """What is asked for would do harm, or can't be done."""


class Directory:
    """The database of the domain on this server."""

    def __init__(self, settings: LoadParm, check: bool = False) -> None:
        self.check = check
        self.changes: list[str] = []
        self.database = SamDB(
            url=settings.private_path('sam.ldb'),
            session_info=system_session(settings),
            lp=settings,
            flags=ldb.FLG_DONT_CREATE_DB,
        )
        self.base = str(self.database.domain_dn())

    def find(self, expression: str, attributes: Iterable[str], base: str | None = None) -> list[ldb.Message]:
        found = self.database.search(
            base=base or self.base, scope=ldb.SCOPE_SUBTREE, expression=expression, attrs=list(attributes)
        )
        return list(found)

    def account(self, name: str, attributes: Iterable[str] = ('cn',)) -> ldb.Message | None:
        found = self.find(f'(sAMAccountName={ldb.binary_encode(name)})', attributes)
        return found[0] if found else None

    def group(self, name: str, attributes: Iterable[str] = ('cn',)) -> ldb.Message | None:
        """Raises Refused where that is the name of an account: it would be changed as if it were one."""
        found = self.account(name, [*attributes, 'objectClass'])
        if found is not None and 'group' not in [str(each) for each in found['objectClass']]:
            raise Refused(f'{name} is there, and no group: rename it, or the group in the data')
        return found

    def at(self, dn: str, attributes: Iterable[str]) -> ldb.Message | None:
        try:
            return self.database.search(base=dn, scope=ldb.SCOPE_BASE, attrs=list(attributes))[0]
        except ldb.LdbError as error:
            if error.args[0] == ldb.ERR_NO_SUCH_OBJECT:
                return None
            raise

    def change(self, what: str) -> bool:
        """Notes a change. Returns whether it is to be made."""
        self.changes.append(what)
        return not self.check

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """All changes of a block or none: what is made half would never be finished."""
        self.database.transaction_start()
        try:
            yield
        except BaseException:
            self.database.transaction_cancel()
            raise
        self.database.transaction_commit()

    def move(self, found: ldb.Message, unit: str, what: str) -> ldb.Dn:
        """Into the unit that the data says. Returns where it is then."""
        parent = ldb.Dn(self.database, unit_dn(self.base, unit))
        if found.dn.parent() == parent or not self.change(f'{what}: moved to {unit or "the folder of users"}'):
            return found.dn
        target = ldb.Dn(self.database, f'{found.dn.get_rdn_name()}={found.dn.get_rdn_value()},{parent}')
        self.database.rename(found.dn, target)
        return target

    def values(self, message: ldb.Message, wanted: dict[str, list[str]], what: str) -> None:
        """Sets attributes that differ."""
        change = ldb.Message(message.dn)
        for name, values in wanted.items():
            there = [str(value) for value in message.get(name, [])]
            if sorted(there) != sorted(values):
                change[name] = ldb.MessageElement(values, ldb.FLAG_MOD_REPLACE, name)
        if len(change) > 0 and self.change(f'{what}: {", ".join(name for name in change if name != "dn")}'):
            self.database.modify(change)


def unit_dn(base: str, unit: str) -> str:
    """Of a path such as Staff/Sales."""
    return ','.join([f'OU={part}' for part in reversed(unit.split('/'))] + [base]) if unit else f'CN=Users,{base}'


def is_made(found: ldb.Message) -> bool:
    """Whether that is an account or a group that was made from data."""
    return MADE in (str(found.get(name, [''])[0]) for name in ('adminDescription', 'info'))
