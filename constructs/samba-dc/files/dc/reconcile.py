"""
Brings the directory to what the data says: units, groups, accounts of programs, the password policy, and the addresses
of its own names. Run again it changes nothing. Nothing is ever removed by it:

  reconcile.py                  does it, and says what changed
  reconcile.py --check          only says what would change, and ends with 1 if something would
  reconcile.py --remove NAME    removes a unit, a group or an account that it once made and that the data no longer has
  reconcile.py --password NAME  gives Administrator, or an account of the data, the password of its secret
"""

import argparse
import hashlib
import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import ldb
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from samba import dsdb, ndr
from samba.auth import system_session
from samba.dcerpc import dnsp, drsblobs
from samba.param import LoadParm
from samba.samdb import SamDB

AES_ONLY = 24
AES256 = 18
# Of pwdProperties: three of four kinds of characters.
COMPLEX = 1
# How an object is known that the data made.
MADE = 'diptych: made from data'
# A password has hundreds of nanoseconds in Active Directory.
DAY, MINUTE = 864_000_000_000, 600_000_000
NEVER = -(2**63)

Data = dict[str, Any]


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


def add_units(directory: Directory, data: Data) -> None:
    for unit in data['units']:
        dn = unit_dn(directory.base, unit)
        found = directory.at(dn, ['description'])
        if found is None and directory.change(f'unit {unit} is made'):
            directory.database.create_ou(dn, description=MADE)


def add_groups(directory: Directory, data: Data) -> None:
    for group in data['groups']:
        name = group['name']
        if directory.account(name) is not None or not directory.change(f'group {name} is made'):
            continue
        directory.database.newgroup(name, groupou=relative(directory, group['unit']), notes=MADE)
    for group in data['groups']:
        found = directory.account(group['name'], ['description'])
        if found is not None:
            wanted = {'description': [group['description']]} if group['description'] else {}
            directory.values(found, wanted, f'group {group["name"]}')


def relative(directory: Directory, unit: str) -> str:
    return unit_dn(directory.base, unit).removesuffix(f',{directory.base}')


def add_accounts(directory: Directory, data: Data) -> None:
    for account in data['accounts']:
        name = account['name']
        password = Path(account['passwordFile']).read_text().strip()
        if not password:
            raise Refused(f'the secret of the account {name} is empty')
        if directory.account(name) is None and directory.change(f'account {name} is made'):
            directory.database.newuser(
                name,
                password,
                userou=relative(directory, account['unit']),
                description=account['purpose'],
            )
            made = directory.account(name)
            assert made is not None
            directory.values(made, {'adminDescription': [MADE]}, f'account {name}')
        attributes = ['description', 'msDS-SupportedEncryptionTypes', 'servicePrincipalName', 'userAccountControl']
        found = directory.account(name, [*attributes, 'adminDescription'])
        if found is None:
            continue
        if str(found.get('adminDescription', [''])[0]) != MADE:
            raise Refused(f'the account {name} is there, and not made from data: rename it, or the one in the data')
        # Its password ends with its secret, not by itself on a day that nobody knows.
        control = (int(found['userAccountControl'][0]) | dsdb.UF_DONT_EXPIRE_PASSWD) & ~dsdb.UF_ACCOUNTDISABLE
        wanted = {
            'description': [account['purpose']],
            'msDS-SupportedEncryptionTypes': [str(AES_ONLY)],
            'servicePrincipalName': account['principals'],
            'userAccountControl': [str(control)],
        }
        directory.values(found, wanted, f'account {name}')
        if not knows(directory, name, password) and directory.change(f'account {name}: the password of its secret'):
            set_password(directory, name, password)


def set_password(directory: Directory, name: str, password: str) -> None:
    directory.database.setpassword(f'(sAMAccountName={ldb.binary_encode(name)})', password)


def aes256_key(password: str, salt: str) -> bytes:
    """What Kerberos makes of a password: RFC 3962, section 4."""
    key = hashlib.pbkdf2_hmac('sha1', password.encode(), salt.encode(), 4096, 32)
    # Of the word kerberos, stretched to 128 bits: RFC 3961, section 5.1.
    block, derived = bytes.fromhex('6b65726265726f737b9b5b2b93132b93'), b''
    while len(derived) < 32:
        encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
        block = encryptor.update(block)
        derived += block
    return derived


def knows(directory: Directory, name: str, password: str) -> bool:
    """Whether that is the account's password: by its key, because a sign-in that fails counts."""
    found = directory.account(name, ['supplementalCredentials'])
    if found is None or 'supplementalCredentials' not in found:
        return False
    blob = ndr.ndr_unpack(drsblobs.supplementalCredentialsBlob, found['supplementalCredentials'][0])
    for package in blob.sub.packages:
        if package.name != 'Primary:Kerberos-Newer-Keys':
            continue
        keys = ndr.ndr_unpack(drsblobs.package_PrimaryKerberosBlob, bytes.fromhex(package.data)).ctr
        own = aes256_key(password, str(keys.salt.string))
        return any(bytes(key.value) == own for key in keys.keys if key.keytype == AES256)
    return False


def add_members(directory: Directory, data: Data) -> None:
    """Members that others have added stay: people come and go without a commit."""
    wanted = [(group['name'], member) for group in data['groups'] for member in group['members']]
    wanted += [(group, account['name']) for account in data['accounts'] for group in account['groups']]
    for group, member in wanted:
        found, joined = directory.account(group, ['member']), directory.account(member)
        if found is None or joined is None:
            if not directory.check:
                raise Refused(f'{member} can not be made a member of {group}: one of them is not there')
            directory.change(f'{member} becomes a member of {group}')
            continue
        there = [str(ldb.Dn(directory.database, str(each))) for each in found.get('member', [])]
        if str(joined.dn) not in there and directory.change(f'{member} becomes a member of {group}'):
            directory.database.add_remove_group_members(group, [member], add_members_operation=True)


def set_policy(directory: Directory, data: Data) -> None:
    policy = data['policy']
    found = directory.at(directory.base, ['pwdProperties'])
    assert found is not None
    complexity = int(found['pwdProperties'][0]) & ~COMPLEX
    attributes = {
        'minPwdLength': policy['minimumLength'],
        'pwdHistoryLength': policy['history'],
        'maxPwdAge': -policy['maximumAgeDays'] * DAY or NEVER,
        'minPwdAge': -policy['minimumAgeDays'] * DAY,
        'lockoutThreshold': policy['lockoutThreshold'],
        'lockoutDuration': -policy['lockoutMinutes'] * MINUTE,
        'lockOutObservationWindow': -policy['lockoutMinutes'] * MINUTE,
        'pwdProperties': complexity | (COMPLEX if policy['complexity'] else 0),
    }
    there = directory.at(directory.base, attributes)
    assert there is not None
    directory.values(there, {name: [str(value)] for name, value in attributes.items()}, 'password policy')


def set_addresses(directory: Directory, data: Data) -> None:
    """Every address of the domain's own names is that of its Service: one of a pod would be left behind with it."""
    zones = [f'DC={zone},CN=MicrosoftDNS,DC=DomainDnsZones,{directory.base}' for zone in [data['zone']]]
    zones.append(f'DC=_msdcs.{data["zone"]},CN=MicrosoftDNS,DC=ForestDnsZones,{directory.base}')
    for zone in zones:
        for node in directory.find('(objectClass=dnsNode)', ['dnsRecord', 'name'], base=zone):
            records = [ndr.ndr_unpack(dnsp.DnssrvRpcRecord, value) for value in node.get('dnsRecord', [])]
            kept = [each for each in records if each.wType not in (dnsp.DNS_TYPE_A, dnsp.DNS_TYPE_AAAA)]
            addresses = [each for each in records if each not in kept]
            if not addresses or [str(each.data) for each in addresses] == [data['address']]:
                continue
            if not directory.change(f'{node["name"]} leads to {data["address"]}'):
                continue
            own = addresses[0]
            own.wType, own.data = dnsp.DNS_TYPE_A, data['address']
            message = ldb.Message(node.dn)
            values = [ndr.ndr_pack(each) for each in [*kept, own]]
            message['dnsRecord'] = ldb.MessageElement(values, ldb.FLAG_MOD_REPLACE, 'dnsRecord')
            directory.database.modify(message)


def left_over(directory: Directory, data: Data) -> dict[str, str]:
    """What was made from data that no longer has it: the DN by name."""
    mark = ldb.binary_encode(MADE)
    expression = f'(|(adminDescription={mark})(info={mark})(&(objectClass=organizationalUnit)(description={mark})))'
    names = {each['name'].lower() for each in data['groups'] + data['accounts']}
    units = {unit_dn(directory.base, unit).lower() for unit in data['units']}
    return {
        str(each.get('sAMAccountName', each.get('ou', ['']))[0]): str(each.dn)
        for each in directory.find(expression, ['sAMAccountName', 'ou'])
        if (str(each['sAMAccountName'][0]).lower() not in names if 'sAMAccountName' in each else True)
        and str(each.dn).lower() not in units
    }


def reconcile(directory: Directory, data: Data) -> None:
    for step in (set_policy, add_units, add_groups, add_accounts, add_members, set_addresses):
        step(directory, data)


def remove(directory: Directory, data: Data, name: str) -> None:
    found = left_over(directory, data)
    if name not in found:
        known = ', '.join(sorted(found)) or 'none'
        raise Refused(f'{name} is nothing that was made from data and is no longer in it: {known}')
    directory.database.delete(found[name])


def give_password(directory: Directory, data: Data, name: str) -> None:
    files = {account['name']: account['passwordFile'] for account in data['accounts']}
    files['Administrator'] = os.environ['ADMINISTRATOR_PASSWORD_FILE']
    if name not in files:
        raise Refused(f'{name} has no secret: {", ".join(sorted(files))}')
    set_password(directory, name, Path(files[name]).read_text().strip())


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    which = parser.add_mutually_exclusive_group()
    which.add_argument('--check', action='store_true')
    which.add_argument('--remove', metavar='NAME')
    which.add_argument('--password', metavar='NAME')
    options = parser.parse_args(arguments)
    settings = LoadParm()
    settings.load(os.environ['SMB_CONF_PATH'])
    data = json.loads((Path(os.environ['DATA']) / 'directory.json').read_text())
    directory = Directory(settings, options.check)
    try:
        if options.remove:
            remove(directory, data, options.remove)
        elif options.password:
            give_password(directory, data, options.password)
        else:
            reconcile(directory, data)
    except (Refused, OSError, ldb.LdbError, RuntimeError) as error:
        print(f'directory: the data could not be applied: {error}', flush=True)
        return 1
    for change in directory.changes:
        print(f'directory: {change}', flush=True)
    for name, dn in sorted(left_over(directory, data).items()):
        print(f'directory: {name} ({dn}) is no longer in the data; reconcile.py --remove {name} removes it', flush=True)
    return 1 if options.check and directory.changes else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
