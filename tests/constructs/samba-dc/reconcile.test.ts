import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { usualPasswordPolicy } from '../../../constructs/samba-dc/index.ts';
import { inDirectories } from './fake-samba.ts';
import type { Objects, Said, Step } from './fake-samba.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'directory-data-'));
const file = path.join(folder, 'password');
fs.writeFileSync(file, 'of the secret\n');
fs.utimesSync(file, new Date('2026-11-30T08:00:00Z'), new Date('2026-11-30T08:00:00Z'));
afterAll(() => fs.rmSync(folder, { recursive: true }));

const none = { zone: 'ad.example.com', address: '10.43.0.53', policy: usualPasswordPolicy, units: [], groups: [] };
const group = { name: 'editors', unit: '', description: 'may change', members: [] };
const account = { name: 'backend', unit: '', purpose: 'searches', principals: [], groups: [], passwordFile: file };
const data = (units: readonly string[], groups: readonly object[], accounts: readonly object[]): object => ({
  ...none,
  units,
  groups: groups.map((each) => ({ ...group, ...each })),
  accounts: accounts.map((each) => ({ ...account, ...each })),
});
const ticket = 'HTTP/api.example.com';
const nobody = data([], [], []);
const node = (name: string, ...dnsRecord: readonly string[]): Objects => ({
  [`DC=${name},DC=ad.example.com,CN=MicrosoftDNS,DC=DomainDnsZones,BASE`]: {
    objectClass: ['dnsNode'],
    name: [name],
    dnsRecord,
  },
});

const full = data(['Roles'], [{ unit: 'Roles', members: ['backend'] }], [{ principals: [ticket] }]);
const cases = {
  twice: [{ data: full }, { data: full }],
  check: [{ data: full, arguments: ['--check'] }],
  halfMade: [{ data: full, broken: 'adminDescription' }, { data: full }],
  halfWay: [{ data: full, broken: 'servicePrincipalName' }],
  moved: [
    { data: data(['Roles'], [{}], [{}]) },
    { data: data(['Roles'], [{ unit: 'Roles' }], [{ unit: 'Roles' }]) },
    { data: data(['Roles'], [{}], [{}]) },
  ],
  principal: [
    { data: data([], [], [{ principals: [ticket] }]) },
    { data: data([], [], [{ name: 'api', principals: [ticket] }, {}]) },
    { data: data([], [], [{ name: 'web', principals: [ticket] }]) },
  ],
  removed: [
    { data: full },
    { data: nobody },
    { data: nobody, arguments: ['--remove', 'editors'] },
    { data: nobody, arguments: ['--remove', 'backend'] },
    { data: nobody, arguments: ['--remove', 'Roles'] },
  ],
  spaced: [{ data: data(['Big Company'], [], []) }, { data: nobody }],
  member: [
    { data: full },
    { data: data(['Roles'], [{ unit: 'Roles' }], [{ principals: [ticket] }]) },
    {
      data: data(['Roles'], [{ unit: 'Roles' }], [{ principals: [ticket] }]),
      arguments: ['--remove', 'backend@editors'],
    },
  ],
  people: [
    {
      data: data([], [{}], [{}]),
      there: {
        'CN=anna,CN=Users,BASE': { objectClass: ['user'], sAMAccountName: ['anna'] },
        'CN=editors,CN=Users,BASE': {
          objectClass: ['top', 'group'],
          sAMAccountName: ['editors'],
          member: ['CN=anna,CN=Users,BASE'],
        },
      },
    },
    { data: nobody },
    { data: nobody, arguments: ['--remove', 'anna'] },
    { data: data([], [], [{ name: 'anna' }]) },
  ],
  notAGroup: [
    {
      data: data([], [{ name: 'anna', description: 'may do all', members: ['backend'] }], [{}]),
      there: { 'CN=anna,CN=Users,BASE': { objectClass: ['user'], sAMAccountName: ['anna'] } },
    },
  ],
  noGroupAnyMore: [{ data: data([], [], [{}]) }, { data: data([], [{ name: 'backend' }], []) }],
  names: [
    {
      data: nobody,
      there: { ...node('dc1', '1 10.42.0.7', '28 fd00::7'), ...node('printer', '1 10.1.2.3') },
    },
  ],
  password: [
    {
      data: full,
      there: { 'CN=Administrator,CN=Users,BASE': { sAMAccountName: ['Administrator'], password: ['of somebody'] } },
    },
    ...['Administrator', 'backend', 'anna'].map((name) => ({ data: full, arguments: ['--password', name] })),
  ],
  renamed: [{ data: full, arguments: ['--password', 'Administrator'] }],
  primary: [
    {
      data: data([], [{ members: ['backend', 'staff'] }, { name: 'staff' }], [{}]),
      there: {
        'CN=editors,CN=Users,BASE': {
          objectClass: ['top', 'group'],
          sAMAccountName: ['editors'],
          objectSid: ['S-1-5-21-1-2-3-1104'],
        },
        'CN=backend,CN=Users,BASE': {
          sAMAccountName: ['backend'],
          adminDescription: ['diptych: made from data'],
          primaryGroupID: ['1104'],
          userAccountControl: ['512'],
          password: ['of the secret'],
        },
      },
    },
  ],
} satisfies Readonly<Record<string, readonly Step[]>>;

const answers = inDirectories(cases, folder, file);
const said = (name: keyof typeof cases): readonly Said[] => answers[name][0];
const objects = (name: keyof typeof cases): Objects => answers[name][1];

test('what the data says is there afterwards, and a second run changes nothing', () => {
  expect(said('twice').map(([code]) => code)).toEqual([0, 0]);
  expect(said('twice')[0]).toContain('backend becomes a member of editors');
  expect(said('twice')[1]).toEqual([0]);
  expect(objects('twice')).toMatchObject({
    'OU=Roles': {},
    'CN=editors,OU=Roles': { description: ['may change'], member: [expect.stringMatching('^CN=backend,CN=Users,')] },
    'CN=backend,CN=Users': { servicePrincipalName: [ticket], 'msDS-SupportedEncryptionTypes': ['24'] },
  });
});

test('--check says what would change, and changes nothing', () => {
  const [code, ...lines] = said('check')[0]!;
  expect(code).toBe(1);
  expect(lines).toEqual(
    expect.arrayContaining(['unit Roles is made', 'group editors is made', 'account backend is made']),
  );
  expect(objects('check')).not.toHaveProperty('OU=Roles');
});

test('an account that was not made whole is not there, and made at the next run', () => {
  expect(said('halfMade').map(([code]) => code)).toEqual([1, 0]);
  expect(objects('halfMade')['CN=backend,CN=Users']).toMatchObject({ servicePrincipalName: [ticket] });
});

test('where something fails it is said what was changed before', () => {
  expect(said('halfWay')[0]).toContain('account backend is made');
  expect(said('halfWay')[0]!.at(-1)).toMatch(/^the data could not be applied: .*the power is lost/);
});

test('what was made from data goes where the data says', () => {
  expect(said('moved')[1]).toEqual([0, 'group editors: moved to Roles', 'account backend: moved to Roles']);
  expect(said('moved')[2]).toEqual([
    0,
    'group editors: moved to the folder of users',
    'account backend: moved to the folder of users',
  ]);
  expect(Object.keys(objects('moved'))).toContain('CN=backend,CN=Users');
});

test('a principal goes from one account to another one, also from one that the data no longer has', () => {
  expect(said('principal').map(([code]) => code)).toEqual([0, 0, 0]);
  expect(objects('principal')['CN=web,CN=Users']).toMatchObject({ servicePrincipalName: [ticket] });
  expect(objects('principal')['CN=api,CN=Users']).not.toHaveProperty('servicePrincipalName');
});

test('what the data no longer has is told, and goes when a person says so', () => {
  const [, told, ...removals] = said('removed');
  expect(told).toEqual([
    0,
    expect.stringMatching(/^Roles .* is no longer in the data; reconcile.py --remove Roles removes it$/),
    expect.stringMatching(/^backend /),
    expect.stringMatching(/^editors /),
  ]);
  expect(removals.map((lines) => lines.length)).toEqual([3, 2, 1]);
  expect(Object.keys(objects('removed')).sort()).toEqual(['CN=Users', 'DC=ad,DC=example,DC=com']);
});

test('the command that removes a unit with a space in its name can be typed as it stands', () => {
  expect(said('spaced')[1]![1]).toMatch(/; reconcile\.py --remove 'Big Company' removes it$/);
});

test('an account that the data no longer has in a group is told, and goes when a person says so', () => {
  expect(said('member').slice(1)).toEqual([
    [0, expect.stringMatching(/^backend@editors .* reconcile.py --remove backend@editors removes it$/)],
    [0],
  ]);
  expect(objects('member')['CN=editors,OU=Roles']).toMatchObject({ member: [] });
});

test('people and what they made are left alone, and no account takes the place of a person', () => {
  const [, left, removal, taken] = said('people');
  expect(left).toEqual([0, expect.stringMatching(/^backend /)]);
  expect(removal).toEqual([1, expect.stringContaining('anna is nothing that was made from data')]);
  expect(taken).toEqual([1, expect.stringContaining('the account anna is there, and not made from data')]);
  expect(objects('people')).toHaveProperty(['CN=editors,CN=Users']);
});

test('an account is never taken for a group, whoever made it', () => {
  const [code, ...lines] = said('notAGroup')[0]!;
  expect([code, lines.at(-1)]).toEqual([
    1,
    'the data could not be applied: anna is there, and no group: rename it, or the group in the data',
  ]);
  expect(objects('notAGroup')['CN=anna,CN=Users']).not.toHaveProperty('description');
  expect(said('noGroupAnyMore')[1]).toEqual([
    1,
    'the data could not be applied: backend is there, and no group: rename it, or the group in the data',
  ]);
});

test('names of the domain lead to the Service alone, and names of others where they led', () => {
  expect(said('names')[0]).toEqual([0, expect.stringMatching(/^password policy/), 'dc1 leads to 10.43.0.53']);
  const records = Object.entries(objects('names')).flatMap(([dn, { dnsRecord }]) =>
    dnsRecord ? [[dn, dnsRecord]] : [],
  );
  expect(records).toEqual([
    [expect.stringMatching('^DC=dc1,'), ['1 10.43.0.53']],
    [expect.stringMatching('^DC=printer,'), ['1 10.1.2.3']],
  ]);
});

test('a password is given to who has a secret, with the moment from which that is, and to nobody else', () => {
  const brought = 'has the password that its secret brought at 2026-11-30T08:00:00Z';
  expect(said('password').slice(1)).toEqual([
    [0, `Administrator ${brought}`],
    [0, `backend ${brought}`],
    [1, 'the data could not be applied: anna has no secret: Administrator, backend'],
  ]);
  expect(objects('password')['CN=Administrator,CN=Users']).toMatchObject({ password: ['of the secret'] });
});

test('an account that is not there any more, such as an Administrator with another name, is given no password, and told', () => {
  expect(said('renamed')).toEqual([
    [1, 'the data could not be applied: there is no account Administrator, to give its password to: it was renamed'],
  ]);
});

test('who is in a group by the number of his primary group is no member to be added: Active Directory refuses that', () => {
  const [code, ...lines] = said('primary')[0]!;
  expect(code).toBe(0);
  expect(lines.filter((line) => line.includes('a member of'))).toEqual(['staff becomes a member of editors']);
});
