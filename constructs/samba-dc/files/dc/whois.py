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
from samba.dcerpc import drsblobs
from samba.samdb import SamDB

NEVER = {0, 2**63 - 1}
# What the server works out when it is asked: user-computed flags.
LOCKED, EXPIRED = 0x10, 0x800000
ATTRIBUTES = [
    *('accountExpires', 'badPwdCount', 'lockoutTime', 'msDS-User-Account-Control-Computed', 'pwdLastSet'),
    *('sAMAccountName', 'supplementalCredentials', 'userAccountControl', 'userPrincipalName'),
]


def moment(value: int) -> str:
    return f'{datetime.fromtimestamp(nttime2unix(value), timezone.utc):%Y-%m-%dT%H:%M:%SZ}'


def number(user: ldb.Message, name: str) -> int:
    return int(str(user.get(name, ['0'])[0]))


def has_aes(user: ldb.Message) -> bool:
    if 'supplementalCredentials' not in user:
        return False
    blob = ndr.ndr_unpack(drsblobs.supplementalCredentialsBlob, user['supplementalCredentials'][0])
    return any(package.name == 'Primary:Kerberos-Newer-Keys' for package in blob.sub.packages or [])


def reasons(user: ldb.Message, now: datetime) -> list[str]:
    found = []
    control = number(user, 'userAccountControl')
    computed = number(user, 'msDS-User-Account-Control-Computed')
    expires, changed = number(user, 'accountExpires'), number(user, 'pwdLastSet')
    if control & dsdb.UF_ACCOUNTDISABLE:
        found.append('it is disabled: samba-tool user enable')
    if computed & LOCKED:
        wrong = number(user, 'badPwdCount')
        found.append(f'it is locked since {moment(number(user, "lockoutTime"))}, after {wrong} wrong passwords')
    if expires not in NEVER and datetime.fromtimestamp(nttime2unix(expires), timezone.utc) < now:
        found.append(f'it ended at {moment(expires)}')
    if changed == 0 and not control & dsdb.UF_DONT_EXPIRE_PASSWD:
        found.append('its password has to be changed first: it was given by somebody else')
    elif computed & EXPIRED:
        found.append(f'its password of {moment(changed)} is too old')
    if not has_aes(user):
        found.append('it has no key for AES, and there is nothing but AES here: give it its password anew')
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
    all_reasons = reasons(user, now)
    if options.group:
        within = ldb.binary_encode(options.group)
        member = f'(&(sAMAccountName={within})(member:1.2.840.113556.1.4.1941:={ldb.binary_encode(str(user.dn))}))'
        if len(database.search(base=database.domain_dn(), expression=member, attrs=['cn'])) == 0:
            all_reasons.append(f'it does not belong to {options.group}')
    for reason in all_reasons:
        print(f'{options.user}: {reason}')
    if not all_reasons:
        print(f'{options.user}: nothing here keeps it from signing in with its password')
    print(f'the clock here says {now:%Y-%m-%dT%H:%M:%SZ}; Kerberos takes no ticket from one that is 5 minutes off')
    return 1 if all_reasons else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
