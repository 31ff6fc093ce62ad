"""
Unpacks a backup as the volume of a server, and sees that it is whole, and of the domain that is configured:

  unpack.py FILE FOLDER            prints in one line what it holds; else ends with 1 and one line why not
  unpack.py --new-numbers FOLDER   leaves out the numbers of accounts that may have been made after the backup: an
                                   account of later would have the SID of one that is lost
"""

import hashlib
import os
import shutil
import sys
import tarfile
from pathlib import Path

import ldb
import tdb
from samba.auth import system_session
from samba.param import LoadParm
from samba.samdb import SamDB

from directory import Directory
from domain import look, record
from domain_volume import Identity, Volume
from passwords import knows

# By which Samba knows a database that was never restored: it doesn't start on one.
MARKS = ('backupDate', 'backupType', 'sidForRestore')
# Made within the days between two backups, by any measure.
NUMBERS = 1000
PLACES = {'private': 'lib/private', 'state': 'lib', 'etc': 'etc'}


class Refused(Exception):
    """It is not what was backed up, or not of this domain."""


def settings_of(volume: Volume) -> LoadParm:
    settings = LoadParm()
    settings.load(str(Path(os.environ['SETTINGS']) / 'smb.conf'))
    settings.set('private dir', str(volume.library / 'private'))
    settings.set('state directory', str(volume.library))
    return settings


def unpack(file: Path, volume: Volume) -> None:
    """Each file where a server looks for it, held against the checksum that Samba wrote beside them."""
    raw = volume.root / 'raw'
    try:
        with tarfile.open(file) as archive:
            archive.extractall(raw, filter='data')
        sums = [line.split('  ', 1) for line in (raw / 'SHA256SUM').read_text().splitlines()]
    except (tarfile.TarError, OSError, EOFError) as error:
        raise Refused(f'it is no copy of a directory: {error}') from error
    for wanted, name in sums:
        if '..' in Path(name).parts:
            raise Refused(f'{name} in it would be somewhere else')
        path = raw / name
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != wanted:
            raise Refused(f'{name} in it is missing, or not as it was')
    for _, name in sums:
        top, _, rest = name.partition('/')
        if top not in PLACES:
            raise Refused(f'{name} in it is of no folder that a directory has')
        target = volume.root / PLACES[top] / rest
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        (raw / name).rename(target)
    # What a file server would hand out; a directory without one only has to have the folder.
    (volume.library / 'sysvol').mkdir(mode=0o755, exist_ok=True)
    shutil.rmtree(raw)


def unmark(volume: Volume) -> None:
    # Without modules: what is marked is the file, not the directory in it.
    database = ldb.Ldb(str(volume.database), flags=ldb.FLG_DONT_CREATE_DB, options=['modules:'])
    dn = ldb.Dn(database, '@SAMBA_DSDB')
    there = database.search(base=dn, scope=ldb.SCOPE_BASE)[0]
    change = ldb.Message(dn)
    for name in MARKS:
        if name in there:
            change[name] = ldb.MessageElement([], ldb.FLAG_MOD_DELETE, name)
    if len(change) == 0:
        raise Refused('it has no mark of a copy that Samba made')
    database.modify(change)


def own_password(volume: Volume, domain: str) -> str:
    """Of the server itself, which it gives out tickets with."""
    secrets = tdb.Tdb(str(volume.library / 'private/secrets.tdb'), 0, tdb.DEFAULT, os.O_RDONLY)
    try:
        return str(secrets[f'SECRETS/MACHINE_PASSWORD/{domain}'.encode()].rstrip(b'\0').decode())
    except KeyError as error:
        raise Refused('secrets.tdb in it has no password of the server') from error
    finally:
        secrets.close()


def whole(volume: Volume, settings: LoadParm) -> str:
    wanted = Identity(realm=os.environ['REALM'], domain=os.environ['DOMAIN'], server=os.environ['SERVER'])
    if missing := volume.missing():
        raise Refused(f'it has no {", ".join(missing)}')
    unmark(volume)
    found = look(volume.database, settings)
    if not isinstance(found, Identity):
        raise Refused(f'its database can not be read: {found}')
    if differences := wanted.differences(found):
        raise Refused(f'it is of another domain than the one that is configured: {differences}')
    directory = Directory(settings)
    if not knows(directory, f'{wanted.server}$', own_password(volume, wanted.domain)):
        raise Refused(f'the password of {wanted.server} in secrets.tdb is not the one of its account')
    record(volume, found)
    accounts = len(directory.find('(&(objectCategory=person)(objectClass=user))', ['cn']))
    return f'{accounts} accounts of {found.realm}, {found.sid}, of the server {found.server}'


def leave_numbers_out(settings: LoadParm) -> None:
    database = SamDB(
        url=settings.private_path('sam.ldb'),
        session_info=system_session(settings),
        lp=settings,
        flags=ldb.FLG_DONT_CREATE_DB,
    )
    database.transaction_start()
    try:
        for _ in range(NUMBERS):
            database.allocate_rid()
    except BaseException:
        database.transaction_cancel()
        raise
    database.transaction_commit()


def main(arguments: list[str]) -> int:
    if arguments[0] == '--new-numbers':
        leave_numbers_out(settings_of(Volume(Path(arguments[1]))))
        return 0
    volume = Volume(Path(arguments[1]))
    volume.root.mkdir(mode=0o700, parents=True)
    try:
        unpack(Path(arguments[0]), volume)
        print(whole(volume, settings_of(volume)))
    except (Refused, ldb.LdbError) as error:
        print(error)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
