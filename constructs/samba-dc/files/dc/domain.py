"""
Begins the domain where the volume is empty, and else sees that it is the one that is configured: domain.py. Ends with
0 when the server may start, and with 1 and one line why not. domain.py --empty only says whether a domain would be
begun: ends with 0 if so.
"""

import contextlib
import io
import json
import logging
import os
import sys
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path

import ldb
import samba
from samba import provision
from samba.auth import system_session
from samba.param import LoadParm
from samba.samdb import SamDB

from domain_volume import Identity, Volume, decide

# AES128 and AES256.
AES_ONLY = '24'


def say(text: str) -> None:
    print(f'directory: {text}', flush=True)


def write(path: Path, text: str) -> None:
    """As a whole or not at all, also where the power is lost."""
    draft = path.with_suffix('.new')
    with draft.open('w') as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def open_database(path: Path, settings: LoadParm) -> SamDB:
    return SamDB(url=str(path), session_info=system_session(), lp=settings, flags=ldb.FLG_DONT_CREATE_DB)


def look(path: Path, settings: LoadParm) -> Identity | str | None:
    """What the database says it is, or why it can't be asked."""
    if not path.exists():
        return None
    try:
        database = open_database(path, settings)
        partitions = database.search(
            base=f'CN=Partitions,CN=Configuration,{database.get_root_basedn()}',
            scope=ldb.SCOPE_ONELEVEL,
            expression=f'(nCName={database.domain_dn()})',
            attrs=['nETBIOSName'],
        )
        return Identity(
            realm=database.domain_dns_name().upper(),
            domain=str(partitions[0]['nETBIOSName'][0]),
            server=database.get_dsServiceName().split(',')[1].removeprefix('CN='),
            sid=str(database.get_domain_sid()),
        )
    except (ldb.LdbError, IndexError, KeyError, RuntimeError) as error:
        return str(error.args[-1] if error.args else error)


def begin(settings: LoadParm, wanted: Identity, volume: Volume) -> None:
    # Thousands of changes, each of which would wait for the disk; until the marker is written, none of them counts.
    settings.set('ldb:nosync', 'true')
    logger = logging.getLogger('provision')
    logger.addHandler(logging.StreamHandler(sys.stdout))
    logger.setLevel(logging.ERROR)
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            provision.provision(
                logger,
                system_session(),
                smbconf=str(volume.smb_conf),
                samdb_fill=provision.FILL_FULL,
                realm=wanted.realm,
                domain=wanted.domain,
                hostname=wanted.server,
                hostip=os.environ['ADDRESS'],
                # Never an argument: those are in the list of processes.
                adminpass=Path(os.environ['ADMINISTRATOR_PASSWORD_FILE']).read_text().strip(),
                serverrole='active directory domain controller',
                dns_backend='SAMBA_INTERNAL',
                # Of what only a file server hands out, and there is none: only a privileged container could write them.
                skip_sysvolacl=True,
                lp=settings,
            )
    except BaseException:
        say(f'what was done so far: {printed.getvalue()}')
        raise
    os.sync()


def aes_only(database: SamDB, wanted: Identity) -> None:
    """Of the accounts that are there from the beginning; those that come later have no other keys."""
    for name in (f'{wanted.server}$', 'krbtgt', 'Administrator'):
        found = database.search(
            base=database.domain_dn(), expression=f'(sAMAccountName={ldb.binary_encode(name)})', attrs=['cn']
        )
        message = ldb.Message(found[0].dn)
        types = 'msDS-SupportedEncryptionTypes'
        message[types] = ldb.MessageElement(AES_ONLY, ldb.FLAG_MOD_REPLACE, types)
        database.modify(message)


def record(volume: Volume, found: Identity) -> None:
    """Notes which domain a volume holds."""
    volume.record.mkdir(mode=0o700, exist_ok=True)
    now = f'{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%SZ}'
    write(volume.marker_file, json.dumps({**asdict(found), 'noted': now, 'samba': samba.version}) + '\n')


def main(arguments: list[str]) -> int:
    wanted = Identity(realm=os.environ['REALM'], domain=os.environ['DOMAIN'], server=os.environ['SERVER'])
    volume = Volume(Path(os.environ['VOLUME']))
    given = (Path(os.environ['SETTINGS']) / 'smb.conf').read_text()
    settings = LoadParm()
    settings.load(str(Path(os.environ['SETTINGS']) / 'smb.conf'))
    decision = decide(volume, wanted, look(volume.database, settings))
    if arguments == ['--empty']:
        return 0 if decision.action == 'begin' else 1
    if decision.action == 'refuse':
        say(f'refuses to start: {decision.reason}: docs/runbooks/directory-refuses.md')
        return 1
    if decision.reason:
        say(decision.reason)
    for folder in (volume.library, volume.configuration, volume.record):
        folder.mkdir(mode=0o700, exist_ok=True)
    if decision.action == 'begin':
        say(f'begins the domain {wanted.realm} with Samba {samba.version}')
        # Before anything else is there: what is half done has to be seen as that.
        write(volume.begun_file, f'{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%SZ}\n')
        write(volume.smb_conf, given)
        begin(settings, wanted, volume)
        aes_only(open_database(volume.database, settings), wanted)
    found = look(volume.database, settings)
    if not isinstance(found, Identity) or wanted.differences(found):
        say(f'refuses to start: what was begun is not what is configured: {found}: docs/runbooks/directory-refuses.md')
        return 1
    write(volume.smb_conf, given)
    if not volume.marker_file.exists():
        record(volume, found)
    volume.begun_file.unlink(missing_ok=True)
    say(f'holds the domain {found.realm}, {found.domain}, {found.sid}, of the server {found.server}')
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
