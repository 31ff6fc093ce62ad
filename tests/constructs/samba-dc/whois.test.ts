import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { inDirectories } from './fake-samba.ts';
import type { Answer, Objects, Said, Step } from './fake-samba.ts';

const seconds = (time: string): number => Date.parse(time) / 1000;
const changed = seconds('2026-10-01T00:00:00Z');

type Attributes = Readonly<Record<string, string | number>>;
type Case = readonly [what: string, attributes: Attributes, said: string];

const usable: Attributes = {
  ...{ userAccountControl: 0x200, pwdLastSet: changed, supplementalCredentials: 'Primary:Kerberos-Newer-Keys' },
  ...{ objectSid: 'S-1-5-21-1-2-3-1104', primaryGroupID: 513 },
};
const nothing = 'anna: nothing here keeps it from signing in with its password';

/** A bit for each hour of the week, from Sunday in UTC, as hexadecimal; all but those that are so many hours from now. */
function hours(...without: readonly number[]): string {
  const bytes = Buffer.alloc(21, 0xff);
  const now = new Date();
  for (const each of without) {
    const hour = (now.getUTCDay() * 24 + now.getUTCHours() + each) % 168;
    bytes[Math.floor(hour / 8)]! &= ~(1 << (hour % 8));
  }
  return bytes.toString('hex');
}

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
    'anna: it is locked since 2026-11-30T08:00:00Z, after 10 wrong passwords: that ends by itself, or by samba-tool user unlock',
  ],
  [
    'one that ended',
    { ...usable, accountExpires: changed },
    'anna: it ended at 2026-10-01T00:00:00Z: samba-tool user setexpiry',
  ],
  [
    'one with a password that somebody else gave',
    { ...usable, pwdLastSet: 0 },
    'anna: its password was given to be changed first, and nobody can do that here: samba-tool user setpassword',
  ],
  [
    'one whose password never ends, given by somebody else',
    { ...usable, userAccountControl: 0x10200, pwdLastSet: 0 },
    nothing,
  ],
  [
    'one with an old password',
    { ...usable, 'msDS-User-Account-Control-Computed': 0x800000 },
    'anna: its password of 2026-10-01T00:00:00Z is too old: samba-tool user setpassword',
  ],
  ['one that may sign in at all hours', { ...usable, logonHours: hours() }, nothing],
  [
    'one that may not at this one',
    // The test may be as long as the rest of an hour.
    { ...usable, logonHours: hours(0, 1) },
    'anna: its logonHours leave this hour out: samba-tool user edit',
  ],
  [
    'one that may not at others',
    { ...usable, logonHours: hours(84) },
    'anna: nothing here keeps it from signing in with its password at this hour; its logonHours leave out others',
  ],
  [
    'one that may use named computers alone',
    { ...usable, userWorkstations: 'PC1,PC2' },
    'anna: its userWorkstations let it sign in at PC1,PC2 alone, and no application is one: samba-tool user edit',
  ],
  [
    'one that has to use a smart card',
    { ...usable, userAccountControl: 0x40200 },
    'anna: it has to use a smart card, and there is none here: samba-tool user setpassword --clear-smartcard-required',
  ],
  [
    'one with keys for RC4 alone',
    { ...usable, supplementalCredentials: 'Primary:CLEARTEXT' },
    'anna: it has no key for AES, and there is nothing but AES here: samba-tool user setpassword',
  ],
];

/** A group of anna's, one of another one's, and one that her primary group is in. */
const groups: Objects = {
  'CN=shop-editors,BASE': {
    objectClass: ['group'],
    sAMAccountName: ['shop-editors'],
    member: ['CN=anna,CN=Users,BASE'],
  },
  'CN=admins,BASE': { objectClass: ['group'], sAMAccountName: ['admins'], member: ['CN=bert,CN=Users,BASE'] },
  'CN=Domain Users,BASE': {
    objectClass: ['group'],
    sAMAccountName: ['Domain Users'],
    objectSid: ['S-1-5-21-1-2-3-513'],
  },
  'CN=staff,BASE': { objectClass: ['group'], sAMAccountName: ['staff'], member: ['CN=Domain Users,BASE'] },
};
const protectedUsers = (member: string): Objects => ({
  'CN=Protected Users,BASE': {
    objectClass: ['group'],
    sAMAccountName: ['Protected Users'],
    objectSid: ['S-1-5-21-1-2-3-525'],
    member: [member],
  },
});

/** A directory with anna, in which one is asked for. */
const asked = (attributes: Attributes, ...question: readonly string[]): readonly Step[] =>
  askedWith({}, attributes, ...question);
const askedWith = (more: Objects, attributes: Attributes, ...question: readonly string[]): readonly Step[] => {
  const texts = Object.entries(attributes).map(([name, value]) => [name, [String(value)]] as const);
  const anna = { objectClass: ['user'], sAMAccountName: ['anna'], ...Object.fromEntries(texts) };
  const there = { ...groups, ...more, 'CN=anna,CN=Users,BASE': anna };
  return [{ program: 'whois', there, arguments: question }] as const;
};

describe('why somebody can not sign in', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'directory-whois-'));
  const all: Readonly<Record<string, Answer>> = inDirectories<string>(
    {
      ...Object.fromEntries(cases.map(([what, attributes]) => [what, asked(attributes, 'anna')])),
      member: asked(usable, 'anna', 'shop-editors'),
      stranger: asked(usable, 'anna', 'admins'),
      primary: asked(usable, 'anna', 'Domain Users'),
      within: asked(usable, 'anna', 'staff'),
      noGroup: asked(usable, 'anna', 'shop-editor'),
      noGroupButUser: asked(usable, 'anna', 'anna'),
      protected: askedWith(protectedUsers('CN=anna,CN=Users,BASE'), usable, 'anna'),
      protectedWithin: askedWith(protectedUsers('CN=shop-editors,BASE'), usable, 'anna'),
      nobody: asked(usable, 'bert'),
      twice: asked({ ...usable, userAccountControl: 0x202, accountExpires: changed }, 'anna'),
    },
    folder,
    'x',
  );
  fs.rmSync(folder, { recursive: true });
  const said = (what: string): Said | undefined => all[what]?.[0][0];
  const clock = expect.stringMatching(/^the clock here says /) as unknown;

  test.each(cases)('%s', (what, _, line) => {
    expect(said(what)).toEqual([line.startsWith(nothing) ? 0 : 1, line, clock]);
  });

  test('a member of the group is told apart from a stranger', () => {
    expect(said('member')).toEqual([0, nothing, clock]);
    expect(said('stranger')).toEqual([1, 'anna: it does not belong to admins: samba-tool group addmembers', clock]);
  });

  test('the primary group is one, and what that is in: no member of it is written down', () => {
    expect(said('primary')).toEqual([0, nothing, clock]);
    expect(said('within')).toEqual([0, nothing, clock]);
  });

  test.each(['protected', 'protectedWithin'])('who signs in by tickets alone is told: %s', (name) => {
    const line = 'anna: it is in Protected Users, who sign in by tickets alone: samba-tool group removemembers';
    expect(said(name)).toEqual([1, line, clock]);
  });

  test('a group that is not there is told apart from one that somebody is not in', () => {
    expect(said('noGroup')).toEqual([1, 'anna: there is no such group: shop-editor', clock]);
    expect(said('noGroupButUser')).toEqual([1, 'anna: there is no such group: anna', clock]);
  });

  test('an unknown user is told', () => {
    expect(said('nobody')).toEqual([1, 'bert: there is no such user']);
  });

  test('all reasons are told at once', () => {
    expect(said('twice')).toHaveLength(4);
  });
});
