"""
Why somebody can't sign in, as the directory knows it: whois.py USER [GROUP]. It changes nothing, asks for no password,
and ends with 1 where it found a reason. With a group, whether the user belongs to it, also through others.
"""

import argparse
import os
import sys
from datetime import datetime, timezone

import ldb
from samba import dsdb, ndr, nttime2unix, param
from samba.auth import system_session
from samba.dcerpc import drsblobs, security
from samba.samdb import SamDB

NEVER = {0, 2**63 - 1}
# What the server works out when it is asked: user-computed flags.
LOCKED, EXPIRED = 0x10, 0x800000
ATTRIBUTES = [
    *('accountExpires', 'badPwdCount', 'lockoutTime', 'logonHours', 'msDS-User-Account-Control-Computed', 'objectSid'),
    *('primaryGroupID', 'pwdLastSet', 'sAMAccountName', 'supplementalCredentials', 'userAccountControl'),
    *('userPrincipalName', 'userWorkstations'),
]
# Of a domain: the number of its group Protected Users.
PROTECTED = 525


def moment(value: int) -> str:
    return f'{datetime.fromtimestamp(nttime2unix(value), timezone.utc):%Y-%m-%dT%H:%M:%SZ}'


def number(user: ldb.Message, name: str) -> int:
    return int(str(user.get(name, ['0'])[0]))


def has_aes(user: ldb.Message) -> bool:
    if 'supplementalCredentials' not in user:
        return False
    blob = ndr.ndr_unpack(drsblobs.supplementalCredentialsBlob, user['supplementalCredentials'][0])
    return any(package.name == 'Primary:Kerberos-Newer-Keys' for package in blob.sub.packages or [])


def hours(user: ldb.Message) -> list[bool] | None:
    """Whether it may sign in, for each hour of a week that begins on Sunday, in UTC; None where nobody said."""
    if 'logonHours' not in user:
        return None
    return [bool(byte >> bit & 1) for byte in bytes(user['logonHours'][0]) for bit in range(8)] or None


def hour_of(now: datetime) -> int:
    return now.isoweekday() % 7 * 24 + now.hour


def reasons(user: ldb.Message, now: datetime) -> list[str]:
    found = []
    control = number(user, 'userAccountControl')
    computed = number(user, 'msDS-User-Account-Control-Computed')
    expires, changed = number(user, 'accountExpires'), number(user, 'pwdLastSet')
    if control & dsdb.UF_ACCOUNTDISABLE:
        found.append('it is disabled: samba-tool user enable')
    if computed & LOCKED:
        wrong = number(user, 'badPwdCount')
        since = moment(number(user, 'lockoutTime'))
        found.append(
            f'it is locked since {since}, after {wrong} wrong passwords: '
            'that ends by itself, or by samba-tool user unlock'
        )
    if expires not in NEVER and datetime.fromtimestamp(nttime2unix(expires), timezone.utc) < now:
        found.append(f'it ended at {moment(expires)}: samba-tool user setexpiry')
    if changed == 0 and not control & dsdb.UF_DONT_EXPIRE_PASSWD:
        found.append(
            'its password was given to be changed first, and nobody can do that here: samba-tool user setpassword'
        )
    elif computed & EXPIRED:
        found.append(f'its password of {moment(changed)} is too old: samba-tool user setpassword')
    allowed = hours(user)
    if allowed is not None and not allowed[hour_of(now) % len(allowed)]:
        found.append('its logonHours leave this hour out: samba-tool user edit')
    if 'userWorkstations' in user:
        found.append(
            f'its userWorkstations let it sign in at {user["userWorkstations"]} alone, and no application is one: '
            'samba-tool user edit'
        )
    if control & dsdb.UF_SMARTCARD_REQUIRED:
        found.append(
            'it has to use a smart card, and there is none here: samba-tool user setpassword --clear-smartcard-required'
        )
    if not has_aes(user):
        found.append('it has no key for AES, and there is nothing but AES here: samba-tool user setpassword')
    return found


def by_number(user: ldb.Message, number_of_group: int) -> str:
    """The filter for a group of the user's domain."""
    domain = str(ndr.ndr_unpack(security.dom_sid, user['objectSid'][0])).rpartition('-')[0]
    return f'(objectSid={domain}-{number_of_group})'


def by_name(group: str) -> str:
    return f'(&(objectClass=group)(sAMAccountName={ldb.binary_encode(group)}))'


def belongs(database: SamDB, user: ldb.Message, group: str) -> bool:
    """
    To the group of that filter, also through others, and by its primary group: that one's number stands in the account,
    and no member in it.
    """
    primary = by_number(user, number(user, 'primaryGroupID'))
    base = database.domain_dn()
    members = [user.dn, *(each.dn for each in database.search(base=base, expression=primary, attrs=['cn']))]
    ways = [f'(member:1.2.840.113556.1.4.1941:={ldb.binary_encode(str(dn))})' for dn in members]
    expression = f'(&{group}(|{primary}{"".join(ways)}))'
    return len(database.search(base=base, expression=expression, attrs=['cn'])) > 0


def groups_of(database: SamDB, user: ldb.Message, asked: str | None) -> list[str]:
    """What keeps it out by the groups that it is in, or is not."""
    found = []
    if belongs(database, user, by_number(user, PROTECTED)):
        found.append('it is in Protected Users, who sign in by tickets alone: samba-tool group removemembers')
    if asked is None:
        return found
    if len(database.search(base=database.domain_dn(), expression=by_name(asked), attrs=['cn'])) == 0:
        found.append(f'there is no such group: {asked}')
    elif not belongs(database, user, by_name(asked)):
        found.append(f'it does not belong to {asked}: samba-tool group addmembers')
    return found


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('user')
    parser.add_argument('group', nargs='?')
    options = parser.parse_args(arguments)
    settings = param.LoadParm()
    settings.load(os.environ['SMB_CONF_PATH'])
    database = SamDB(url=settings.private_path('sam.ldb'), session_info=system_session(settings), lp=settings)
    name = ldb.binary_encode(options.user)
    found = database.search(
        base=database.domain_dn(),
        expression=f'(&(objectClass=user)(|(sAMAccountName={name})(userPrincipalName={name})))',
        attrs=ATTRIBUTES,
    )
    if len(found) == 0:
        print(f'{options.user}: there is no such user')
        return 1
    user = found[0]
    now = datetime.now(timezone.utc)
    all_reasons = reasons(user, now) + groups_of(database, user, options.group)
    for reason in all_reasons:
        print(f'{options.user}: {reason}')
    if not all_reasons:
        limits = '' if all(hours(user) or [True]) else ' at this hour; its logonHours leave out others'
        print(f'{options.user}: nothing here keeps it from signing in with its password{limits}')
    print(f'the clock here says {now:%Y-%m-%dT%H:%M:%SZ}; Kerberos takes no ticket from one that is 5 minutes off')
    return 1 if all_reasons else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
