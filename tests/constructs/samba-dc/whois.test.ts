import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { root } from '../../support/committed.ts';

const scripts = path.join(root, 'constructs/samba-dc/files/dc');
const seconds = (time: string): number => Date.parse(time) / 1000;
const changed = seconds('2026-10-01T00:00:00Z');

type Attributes = Readonly<Record<string, string | number>>;
type Case = readonly [what: string, attributes: Attributes, said: string];

const usable: Attributes = { userAccountControl: 0x200, pwdLastSet: changed, supplementalCredentials: 'aes' };
const nothing = 'anna: nothing here keeps it from signing in with its password';

const cases: readonly Case[] = [
  ['a usable account', usable, nothing],
  ['one that ends later', { ...usable, accountExpires: seconds('2026-12-24T00:00:00Z') }, nothing],
  ['one without an end', { ...usable, accountExpires: '9223372036854775807' }, nothing],
  ['one that is disabled', { ...usable, userAccountControl: 0x202 }, 'anna: it is disabled: samba-tool user enable'],
  [
    'one that is locked',
    {
      ...usable,
      'msDS-User-Account-Control-Computed': 0x10,
      badPwdCount: 10,
      lockoutTime: seconds('2026-11-30T08:00:00Z'),
    },
    'anna: it is locked since 2026-11-30T08:00:00Z, after 10 wrong passwords',
  ],
  ['one that ended', { ...usable, accountExpires: changed }, 'anna: it ended at 2026-10-01T00:00:00Z'],
  [
    'one with a password that somebody else gave',
    { ...usable, pwdLastSet: 0 },
    'anna: its password has to be changed first: it was given by somebody else',
  ],
  [
    'one whose password never ends, given by somebody else',
    { ...usable, userAccountControl: 0x10200, pwdLastSet: 0 },
    nothing,
  ],
  [
    'one with an old password',
    { ...usable, 'msDS-User-Account-Control-Computed': 0x800000 },
    'anna: its password of 2026-10-01T00:00:00Z is too old',
  ],
  [
    'one with keys for RC4 alone',
    { ...usable, supplementalCredentials: 'rc4' },
    'anna: it has no key for AES, and there is nothing but AES here: give it its password anew',
  ],
];

/** Samba is where its server runs: here are only the names that are asked for, and times are seconds. */
const program = `
import io, json, sys, types
from contextlib import redirect_stdout

found = []

def module(name, **members):
    made = types.ModuleType(name)
    made.__dict__.update(members)
    sys.modules[name] = made
    return made

class Message(dict):
    dn = 'CN=anna'

class SamDB:
    def __init__(self, **_):
        pass
    def domain_dn(self):
        return 'DC=x'
    def search(self, expression, **_):
        if 'member:' in expression:
            return ['shop-editors'] if 'shop-editors' in expression else []
        return [found[0]] if '=anna)' in expression else []

class LoadParm:
    def load(self, _):
        pass
    def private_path(self, name):
        return name

def unpack(_, value):
    name = 'Primary:Kerberos-Newer-Keys' if value == 'aes' else 'Primary:CLEARTEXT'
    return types.SimpleNamespace(sub=types.SimpleNamespace(packages=[types.SimpleNamespace(name=name)]))

module('ldb', Message=Message, binary_encode=str)
dsdb = module('samba.dsdb', UF_ACCOUNTDISABLE=2, UF_DONT_EXPIRE_PASSWD=0x10000)
ndr = module('samba.ndr', ndr_unpack=unpack)
param = module('samba.param', LoadParm=LoadParm)
module('samba', dsdb=dsdb, ndr=ndr, param=param, nttime2unix=lambda value: value)
module('samba.auth', system_session=lambda settings: None)
module('samba.dcerpc', drsblobs=types.SimpleNamespace(supplementalCredentialsBlob=None))
module('samba.samdb', SamDB=SamDB)
sys.path.insert(0, sys.argv[1])
import whois

for attributes, arguments in json.load(sys.stdin):
    found[:] = [Message({name: [value] for name, value in attributes.items()})]
    printed = io.StringIO()
    with redirect_stdout(printed):
        code = whois.main(arguments)
    print(json.dumps([code, printed.getvalue().splitlines()]))
`;

type Answer = readonly [code: number, lines: readonly string[]];

function answers(asked: readonly (readonly [Attributes, readonly string[]])[]): readonly Answer[] {
  const { stdout, stderr } = spawnSync('python3', ['-B', '-c', program, scripts], {
    input: JSON.stringify(asked),
    encoding: 'utf8',
    env: { ...process.env, SMB_CONF_PATH: 'smb.conf' },
  });
  if (stderr !== '') throw new Error(stderr);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Answer);
}

describe('why somebody can not sign in', () => {
  const others: readonly (readonly [Attributes, readonly string[]])[] = [
    [usable, ['anna', 'shop-editors']],
    [usable, ['anna', 'admins']],
    [usable, ['bert']],
    [{ ...usable, userAccountControl: 0x202, accountExpires: changed }, ['anna']],
  ];
  const all = answers([...cases.map(([, attributes]) => [attributes, ['anna']] as const), ...others]);
  const [member, stranger, nobody, twice] = all.slice(cases.length);

  test.each(cases.map(([what, , said], index) => [what, said, index] as const))('%s: %s', (_, said, index) => {
    expect(all[index]).toEqual([said === nothing ? 0 : 1, [said, expect.stringMatching(/^the clock here says /)]]);
  });

  test('a member of the group is told apart from a stranger', () => {
    expect(member).toEqual([0, [nothing, expect.anything()]]);
    expect(stranger).toEqual([1, ['anna: it does not belong to admins', expect.anything()]]);
  });

  test('an unknown user is told', () => {
    expect(nobody).toEqual([1, ['bert: there is no such user']]);
  });

  test('all reasons are told at once', () => {
    expect(twice?.[1]).toHaveLength(3);
  });
});
