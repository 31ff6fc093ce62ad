"""
As much of Samba as reconcile.py and whois.py ask of it, in memory: fake_samba.py FOLDER runs what standard input
says, a list of steps for each case, and prints for each what was said, how it ended, and what is in the directory
afterwards. What Samba packs is text here: a SID, the kinds of keys that an account has, a record as its type and its
data. Times are seconds. Bytes are hexadecimal.
"""

import copy
import importlib
import io
import json
import os
import re
import sys
import types
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

Attributes = dict[str, list[str]]
BASE = 'DC=ad,DC=example,DC=com'
IN_CHAIN = '1.2.840.113556.1.4.1941'
BINARY = {'logonHours'}


class LdbError(Exception):
    pass


class Dn:
    def __init__(self, _: object, text: str) -> None:
        self.text = text

    def __str__(self) -> str:
        return self.text

    def __eq__(self, other: object) -> bool:
        return str(other).lower() == self.text.lower()

    def __hash__(self) -> int:
        return hash(self.text.lower())

    def parent(self) -> 'Dn':
        return Dn(None, self.text.partition(',')[2])

    def get_rdn_name(self) -> str:
        return self.text.partition('=')[0]

    def get_rdn_value(self) -> str:
        return self.text.partition(',')[0].partition('=')[2]


class Element(list[str]):
    def __str__(self) -> str:
        return self[0]


class Message(dict[str, Any]):
    def __init__(self, dn: Dn, attributes: Attributes | None = None) -> None:
        super().__init__(attributes or {})
        self.dn = dn


def element(values: list[str], _flags: int, _name: str) -> list[str]:
    return list(values)


def values_of(name: str, own: Attributes) -> list[Any]:
    return [bytes.fromhex(value) for value in own[name]] if name in BINARY else Element(own[name])


def matches(expression: str, own: Attributes) -> bool:
    """A filter of LDAP, of what is used here."""
    inner = expression[1:-1]
    if inner[0] in '&|':
        parts, depth, begin = [], 0, 1
        for place, sign in enumerate(inner):
            depth += {'(': 1, ')': -1}.get(sign, 0)
            if sign == ')' and depth == 0:
                parts.append(inner[begin : place + 1])
                begin = place + 1
        return (all if inner[0] == '&' else any)(matches(part, own) for part in parts)
    name, _, value = inner.partition('=')
    there = members_of(own) if name == f'member:{IN_CHAIN}:' else own.get(name, [])
    return value.lower() in (each.lower() for each in there)


def members_of(own: Attributes) -> list[str]:
    """Also those of the groups in it."""
    return [each for dn in own.get('member', []) for each in (dn, *members_of(SamDB.objects.get(dn, {})))]


class SamDB:
    objects: dict[str, Attributes]
    broken = ''

    def __init__(self, **_: object) -> None:
        self.before: dict[str, Attributes] = {}

    def domain_dn(self) -> str:
        return BASE

    def search(self, base: str, attrs: list[str], scope: int = 2, expression: str = '') -> list[Message]:
        if scope == 0 and base not in self.objects:
            raise LdbError(32, f'No such object: {base}')
        return [
            Message(Dn(self, dn), {name: values_of(name, own) for name in attrs if name in own})
            for dn, own in self.objects.items()
            if (dn == base if scope == 0 else dn.endswith(base) and matches(expression, own))
        ]

    def put(self, dn: str, **attributes: list[str]) -> None:
        self.objects[dn] = attributes

    def create_ou(self, dn: str, description: str) -> None:
        name = dn.partition(',')[0].removeprefix('OU=')
        self.put(dn, objectClass=['organizationalUnit'], ou=[name], description=[description])

    def newgroup(self, name: str, groupou: str, notes: str) -> None:
        self.put(f'CN={name},{groupou},{BASE}', objectClass=['group'], sAMAccountName=[name], info=[notes])

    def newuser(self, name: str, password: str, userou: str, description: str) -> None:
        self.put(
            f'CN={name},{userou},{BASE}',
            objectClass=['user'],
            sAMAccountName=[name],
            description=[description],
            userAccountControl=['512'],
            password=[password],
        )

    def modify(self, message: Message) -> None:
        if self.broken in message:
            raise LdbError(80, 'the power is lost')
        own = self.objects[str(message.dn)]
        for principal in message.get('servicePrincipalName', []):
            for dn, other in self.objects.items():
                if dn != str(message.dn) and principal in other.get('servicePrincipalName', []):
                    raise LdbError(19, f'spn[{principal}] would cause a conflict')
        for name, values in message.items():
            own[name] = values
            if not values:
                del own[name]

    def rename(self, old: Dn, new: Dn) -> None:
        self.objects[str(new)] = self.objects.pop(str(old))
        for own in self.objects.values():
            if 'member' in own:
                own['member'] = [str(new) if dn == str(old) else dn for dn in own['member']]

    def delete(self, dn: str) -> None:
        del self.objects[dn]

    def named(self, name: str) -> str:
        return next(dn for dn, own in self.objects.items() if own.get('sAMAccountName') == [name])

    def add_remove_group_members(self, group: str, members: list[str], add_members_operation: bool) -> None:
        own = self.objects[self.named(group)]
        changed = [self.named(member) for member in members]
        number = own.get('objectSid', ['none'])[0].rpartition('-')[2]
        if any(self.objects[dn].get('primaryGroupID') == [number] for dn in changed):
            raise LdbError(68, 'already set via primaryGroupID')
        rest = [dn for dn in own.get('member', []) if dn not in changed]
        own['member'] = rest + (changed if add_members_operation else [])

    def transaction_start(self) -> None:
        self.before = copy.deepcopy(self.objects)

    def transaction_cancel(self) -> None:
        SamDB.objects = self.before

    def transaction_commit(self) -> None:
        pass


class LoadParm:
    def load(self, _: str) -> None:
        pass

    def private_path(self, name: str) -> str:
        return name


def module(name: str, **members: object) -> types.ModuleType:
    made = types.ModuleType(name)
    made.__dict__.update(members)
    sys.modules[name] = made
    return made


def knows(directory: Any, name: str, password: str) -> bool:
    found = directory.account(name, ['password'])
    return found is not None and found['password'] == [password]


def set_password(directory: Any, name: str, password: str) -> None:
    directory.database.objects[directory.database.named(name)]['password'] = [password]


def unpacked(kind: str, value: str) -> object:
    if kind == 'record':
        number, _, data = value.partition(' ')
        return types.SimpleNamespace(wType=int(number), data=data)
    if kind == 'keys':
        packages = [types.SimpleNamespace(name=name) for name in value.split()]
        return types.SimpleNamespace(sub=types.SimpleNamespace(packages=packages))
    return value


def run(steps: list[dict[str, Any]], folder: Path) -> list[object]:
    """What each step says and ends with, and what there is afterwards."""
    SamDB.objects = {
        BASE: {'pwdProperties': ['1']},
        f'CN=Users,{BASE}': {},
        **json.loads(json.dumps(steps[0].get('there', {})).replace('BASE', BASE)),
    }
    said: list[object] = []
    for step in steps:
        # Only here: what they import is made by main.
        program = importlib.import_module(step.get('program', 'reconcile'))
        (folder / 'directory.json').write_text(json.dumps(step.get('data', {})))
        SamDB.broken = step.get('broken', '-')
        printed = io.StringIO()
        with redirect_stdout(printed):
            code = program.main(step.get('arguments', []))
        lines = [re.sub(f',{BASE}', '', line.removeprefix('directory: ')) for line in printed.getvalue().splitlines()]
        said.append([code, *lines])
    return [said, {dn.removesuffix(f',{BASE}'): own for dn, own in SamDB.objects.items()}]


def main(scripts: str) -> None:
    ldb = {'Dn': Dn, 'Message': Message, 'MessageElement': element, 'LdbError': LdbError, 'binary_encode': str}
    numbers = {'FLAG_MOD_REPLACE': 2, 'SCOPE_BASE': 0, 'SCOPE_SUBTREE': 2, 'ERR_NO_SUCH_OBJECT': 32}
    module('ldb', **ldb, **numbers, FLG_DONT_CREATE_DB=0)
    dsdb = module('samba.dsdb', UF_ACCOUNTDISABLE=2, UF_DONT_EXPIRE_PASSWD=0x10000, UF_SMARTCARD_REQUIRED=0x40000)
    ndr = module('samba.ndr', ndr_unpack=unpacked, ndr_pack=lambda each: f'{each.wType} {each.data}')
    param = module('samba.param', LoadParm=LoadParm)
    module('samba', dsdb=dsdb, ndr=ndr, param=param, nttime2unix=lambda value: value)
    module('samba.auth', system_session=lambda _: None)
    dnsp = types.SimpleNamespace(DnssrvRpcRecord='record', DNS_TYPE_A=1, DNS_TYPE_AAAA=28)
    drsblobs = types.SimpleNamespace(supplementalCredentialsBlob='keys')
    module('samba.dcerpc', dnsp=dnsp, drsblobs=drsblobs, security=types.SimpleNamespace(dom_sid='sid'))
    module('samba.samdb', SamDB=SamDB)
    module('passwords', knows=knows, set_password=set_password)
    sys.path.insert(0, scripts)
    folder = Path(os.environ['DATA'])
    for steps in json.load(sys.stdin):
        print(json.dumps(run(steps, folder)))


if __name__ == '__main__':
    main(sys.argv[1])
