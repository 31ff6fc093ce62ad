"""
Brings the directory to what the data says: units, groups, accounts of programs, the password policy, and the addresses
of its own names. Run again it changes nothing. Nothing is ever removed by it:

  reconcile.py                  does it, and says what changed
  reconcile.py --check          only says what would change, and ends with 1 if something would
  reconcile.py --remove NAME    removes a unit, a group or an account that it once made and that the data no longer has;
                                MEMBER@GROUP takes such an account or group out of a group
  reconcile.py --password NAME  gives Administrator, or an account of the data, the password of its secret
"""

import argparse
import json
import os
import shlex
import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import ldb
from samba import dsdb, ndr
from samba.dcerpc import dnsp, security
from samba.param import LoadParm

from directory import MADE, Directory, Refused, is_made, unit_dn
from passwords import knows, set_password

AES_ONLY = 24
# Of pwdProperties: three of four kinds of characters.
COMPLEX = 1
# A password has hundreds of nanoseconds in Active Directory.
DAY, MINUTE = 864_000_000_000, 600_000_000
NEVER = -(2**63)

Data = dict[str, Any]


def add_units(directory: Directory, data: Data) -> None:
    for unit in data['units']:
        dn = unit_dn(directory.base, unit)
        found = directory.at(dn, ['description'])
        if found is None and directory.change(f'unit {unit} is made'):
            directory.database.create_ou(dn, description=MADE)


def add_groups(directory: Directory, data: Data) -> None:
    for group in data['groups']:
        name = group['name']
        if directory.group(name) is not None or not directory.change(f'group {name} is made'):
            continue
        directory.database.newgroup(name, groupou=relative(directory, group['unit']), notes=MADE)
    for group in data['groups']:
        found = directory.group(group['name'], ['description', 'info'])
        if found is not None:
            if is_made(found):
                found.dn = directory.move(found, group['unit'], f'group {group["name"]}')
            wanted = {'description': [group['description']]} if group['description'] else {}
            directory.values(found, wanted, f'group {group["name"]}')


def relative(directory: Directory, unit: str) -> str:
    return unit_dn(directory.base, unit).removesuffix(f',{directory.base}')


def take_principals_away(directory: Directory, data: Data) -> None:
    """From who has what the data gives to another one, before that one has it: the directory takes none twice."""
    own = {account['name']: account['principals'] for account in data['accounts']}
    taken = {principal for principals in own.values() for principal in principals}
    mark = ldb.binary_encode(MADE)
    for found in directory.find(f'(adminDescription={mark})', ['sAMAccountName', 'servicePrincipalName']):
        name = str(found['sAMAccountName'][0])
        there = [str(principal) for principal in found.get('servicePrincipalName', [])]
        kept = [principal for principal in there if principal in own.get(name, []) or principal not in taken]
        directory.values(found, {'servicePrincipalName': kept}, f'account {name}')


def add_accounts(directory: Directory, data: Data) -> None:
    for account in data['accounts']:
        name = account['name']
        password = Path(account['passwordFile']).read_text().strip()
        if not password:
            raise Refused(f'the secret of the account {name} is empty')
        if directory.account(name) is None and directory.change(f'account {name} is made'):
            with directory.at_once():
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
        if not is_made(found):
            raise Refused(f'the account {name} is there, and not made from data: rename it, or the one in the data')
        found.dn = directory.move(found, account['unit'], f'account {name}')
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


def add_members(directory: Directory, data: Data) -> None:
    """Members that others have added stay: people come and go without a commit."""
    for group, member in memberships(data):
        found, joined = directory.group(group, ['member', 'objectSid']), directory.account(member, ['primaryGroupID'])
        if found is None or joined is None:
            if not directory.check:
                raise Refused(f'{member} can not be made a member of {group}: one of them is not there')
            directory.change(f'{member} becomes a member of {group}')
            continue
        there = [str(ldb.Dn(directory.database, str(each))) for each in found.get('member', [])]
        # Of the primary group: written down in the account, and refused as a member.
        if 'primaryGroupID' in joined and own_number(found) == str(joined['primaryGroupID'][0]):
            continue
        if str(joined.dn) not in there and directory.change(f'{member} becomes a member of {group}'):
            directory.database.add_remove_group_members(group, [member], add_members_operation=True)


def own_number(group: ldb.Message) -> str:
    return str(ndr.ndr_unpack(security.dom_sid, group['objectSid'][0])).rpartition('-')[2]


def memberships(data: Data) -> list[tuple[str, str]]:
    wanted = [(group['name'], member) for group in data['groups'] for member in group['members']]
    return wanted + [(group, account['name']) for account in data['accounts'] for group in account['groups']]


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
    """
    Every address of the domain's own names is that of its Service: one of a pod would be left behind with it. Names of
    others are theirs.
    """
    zone = data['zone']
    own = {'@', os.environ['SERVER'].lower(), 'domaindnszones', 'forestdnszones', 'gc'}
    zones = (f'{zone},CN=MicrosoftDNS,DC=DomainDnsZones', f'_msdcs.{zone},CN=MicrosoftDNS,DC=ForestDnsZones')
    for base in zones:
        for node in directory.find('(objectClass=dnsNode)', ['dnsRecord', 'name'], base=f'DC={base},{directory.base}'):
            if str(node['name']).lower() not in own:
                continue
            records = [ndr.ndr_unpack(dnsp.DnssrvRpcRecord, value) for value in node.get('dnsRecord', [])]
            kept = [each for each in records if each.wType not in (dnsp.DNS_TYPE_A, dnsp.DNS_TYPE_AAAA)]
            addresses = [each for each in records if each not in kept]
            if not addresses or [str(each.data) for each in addresses] == [data['address']]:
                continue
            if not directory.change(f'{node["name"]} leads to {data["address"]}'):
                continue
            first = addresses[0]
            first.wType, first.data = dnsp.DNS_TYPE_A, data['address']
            message = ldb.Message(node.dn)
            values = [ndr.ndr_pack(each) for each in [*kept, first]]
            message['dnsRecord'] = ldb.MessageElement(values, ldb.FLAG_MOD_REPLACE, 'dnsRecord')
            directory.database.modify(message)


def left_over(directory: Directory, data: Data) -> dict[str, str]:
    """What was made from data that no longer has it: the DN by name. Of who is in a group the name is MEMBER@GROUP."""
    mark = ldb.binary_encode(MADE)
    made = directory.find(f'(|(adminDescription={mark})(info={mark}))', ['sAMAccountName'])
    known = {each['name'].lower() for each in data['groups'] + data['accounts']}
    names = {str(each.dn): str(each['sAMAccountName'][0]) for each in made}
    found = {name: dn for dn, name in names.items() if name.lower() not in known}
    for unit in directory.find(f'(&(objectClass=organizationalUnit)(description={mark}))', ['ou']):
        parts = str(unit.dn).removesuffix(f',{directory.base}').split(',')
        path = '/'.join(part.partition('=')[2] for part in reversed(parts))
        if path.lower() not in {each.lower() for each in data['units']}:
            found[path] = str(unit.dn)
    wanted = {(group.lower(), member.lower()) for group, member in memberships(data)}
    for group in data['groups']:
        there = directory.account(group['name'], ['member'])
        for dn in there.get('member', []) if there else []:
            member = names.get(str(dn))
            if member and (group['name'].lower(), member.lower()) not in wanted:
                found[f'{member}@{group["name"]}'] = str(dn)
    return found


def reconcile(directory: Directory, data: Data) -> None:
    for step in (set_policy, add_units, add_groups, take_principals_away, add_accounts, add_members, set_addresses):
        step(directory, data)


def remove(directory: Directory, data: Data, name: str) -> None:
    found = left_over(directory, data)
    if name not in found:
        known = ', '.join(sorted(found)) or 'none'
        raise Refused(f'{name} is nothing that was made from data and is no longer in it: {known}')
    member, _, group = name.partition('@')
    if group:
        directory.database.add_remove_group_members(group, [member], add_members_operation=False)
    else:
        directory.database.delete(found[name])


def give_password(directory: Directory, data: Data, name: str) -> None:
    files = {account['name']: account['passwordFile'] for account in data['accounts']}
    files['Administrator'] = os.environ['ADMINISTRATOR_PASSWORD_FILE']
    if name not in files:
        raise Refused(f'{name} has no secret: {", ".join(sorted(files))}')
    if directory.account(name) is None:
        raise Refused(f'there is no account {name}, to give its password to: it was renamed')
    file = Path(files[name])
    # Who has just renewed it would not see that the pod still has the old one.
    brought = datetime.fromtimestamp(file.stat().st_mtime, timezone.utc)
    set_password(directory, name, file.read_text().strip())
    directory.changes.append(f'{name} has the password that its secret brought at {brought:%Y-%m-%dT%H:%M:%SZ}')


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
    failed = ''
    try:
        if options.remove:
            remove(directory, data, options.remove)
        elif options.password:
            give_password(directory, data, options.password)
        else:
            reconcile(directory, data)
    except (Refused, OSError, ldb.LdbError, RuntimeError) as error:
        failed = str(error)
    # Also what was changed before something failed.
    for change in directory.changes:
        print(f'directory: {change}', flush=True)
    if failed:
        print(f'directory: the data could not be applied: {failed}', flush=True)
        return 1
    for name, dn in sorted(left_over(directory, data).items()):
        command = f'reconcile.py --remove {shlex.quote(name)}'
        print(f'directory: {name} ({dn}) is no longer in the data; {command} removes it', flush=True)
    return 1 if options.check and directory.changes else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
