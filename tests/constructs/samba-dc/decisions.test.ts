import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { root } from '../../support/committed.ts';

const scripts = path.join(root, 'constructs/samba-dc/files/dc');
const needed = /^NEEDED = \(\n(.*?)\n\)/ms
  .exec(fs.readFileSync(path.join(scripts, 'domain_volume.py'), 'utf8'))![1]!
  .split('\n')
  .map((line) => line.trim().slice(1, -2));

const own = { realm: 'AD.EXAMPLE.COM', domain: 'AD', server: 'DC1', sid: 'S-1-5-21-1-2-3' };
const library = Object.fromEntries(needed.map((name) => [`lib/${name}`, 'x']));
const configuration = { 'etc/smb.conf': 'x' };
const marker = { 'domain/domain.json': JSON.stringify(own) };
const begun = { 'domain/begun': '2026-11-30T00:00:00Z\n' };
const without = (name: string): Record<string, string> =>
  Object.fromEntries(Object.entries(library).filter(([file]) => file !== `lib/${name}`));

type Files = Readonly<Record<string, string>>;
/** Files of the volume, and what the database says: null where there is none, a text where it can't be read. */
type Case = readonly [what: string, files: Files, found: typeof own | string | null, action: string, reason: RegExp];

const whole = { ...library, ...configuration, ...marker };

const cases: readonly Case[] = [
  ['an empty volume', {}, null, 'begin', /^$/],
  ['a volume with what a file system makes', { 'lost+found/x': 'x' }, null, 'begin', /^$/],
  ['a whole domain', whole, own, 'serve', /^$/],
  ['its marker removed', { ...library, ...configuration }, own, 'serve', /marker is gone/],
  ['the folder of its configuration lost', { ...library, ...marker }, own, 'serve', /^$/],
  ['the folder of its database lost', { ...configuration, ...marker }, null, 'refuse', /S-1-5-21-1-2-3 .*recovered/],
  ['its database and its marker lost', configuration, null, 'refuse', /no database, .*etc\/smb.conf/],
  ['its database alone lost', without('private/sam.ldb'), null, 'refuse', /no database, .* more$/],
  ['a domain that was never finished', { ...library, ...configuration, ...begun }, own, 'refuse', /never finished/],
  ['one of which nothing was written', begun, null, 'refuse', /2026-11-30T00:00:00Z, and never finished/],
  ['one that was finished in its last moment', { ...whole, ...begun }, own, 'serve', /^$/],
  ['a database that is damaged', whole, 'it is torn', 'refuse', /can not be read: it is torn/],
  ['a marker that is damaged', { ...whole, 'domain/domain.json': '{' }, own, 'refuse', /domain.json is damaged/],
  ['a marker without a SID', { ...whole, 'domain/domain.json': '{}' }, own, 'refuse', /domain.json is damaged/],
  ['another SID', whole, { ...own, sid: 'S-1-5-21-9' }, 'refuse', /not the one that was begun here: sid S-1-5-21-9/],
  ['another realm', whole, { ...own, realm: 'X.Y' }, 'refuse', /configured: realm X.Y in place of AD.EXAMPLE.COM/],
  ['another short name', whole, { ...own, domain: 'X' }, 'refuse', /domain X in place of AD/],
  ['another server', whole, { ...own, server: 'DC2' }, 'refuse', /server DC2 in place of DC1/],
  ...needed
    .filter((name) => name !== 'private/sam.ldb')
    .map((name): Case => [
      `${name} lost`,
      { ...configuration, ...marker, ...without(name) },
      own,
      'refuse',
      new RegExp(`and not ${name}$`),
    ]),
  // As a disk that was full leaves them. Without the key of its secrets Samba would serve, let nobody in, and write new ones in the clear.
  ...needed
    .filter((name) => name !== 'private/sam.ldb')
    .map((name): Case => [
      `${name} empty`,
      { ...whole, [`lib/${name}`]: '' },
      own,
      'refuse',
      new RegExp(`and not ${name}$`),
    ]),
];

/** Asks of all of them in one process. */
const program = `
import json, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from domain_volume import Identity, Volume, decide
wanted = Identity('AD.EXAMPLE.COM', 'AD', 'DC1')
for folder, found in json.load(sys.stdin):
    known = Identity(**found) if isinstance(found, dict) else found
    decision = decide(Volume(Path(folder)), wanted, known)
    print(json.dumps([decision.action, decision.reason]))
`;

function decisions(): readonly (readonly [string, string])[] {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'directory-'));
  const asked = cases.map(([, files, found], index) => {
    const volume = path.join(folder, String(index));
    fs.mkdirSync(path.join(volume, 'lib', 'private'), { recursive: true });
    for (const [file, content] of Object.entries(files)) {
      fs.mkdirSync(path.dirname(path.join(volume, file)), { recursive: true });
      fs.writeFileSync(path.join(volume, file), content);
    }
    return [volume, found];
  });
  const { stdout, stderr } = spawnSync('python3', ['-B', '-c', program, scripts], {
    input: JSON.stringify(asked),
    encoding: 'utf8',
  });
  fs.rmSync(folder, { recursive: true });
  if (stderr !== '') throw new Error(stderr);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as [string, string]);
}

describe('a volume that holds', () => {
  const decided = decisions();

  test.each(cases.map(([what, , , action, reason], index) => [what, action, reason, index] as const))(
    '%s: %s',
    (_, action, reason, index) => {
      expect(decided[index]?.[0]).toBe(action);
      expect(decided[index]?.[1]).toMatch(reason);
    },
  );

  test('anything at all is never begun on', () => {
    const begins = cases.filter((_, index) => decided[index]?.[0] === 'begin').map(([, files]) => Object.keys(files));
    expect(begins).toEqual([[], ['lost+found/x']]);
  });
});
