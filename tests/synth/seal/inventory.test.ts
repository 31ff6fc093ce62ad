import { copiesIn, entry, makePair, Repository, temporaryFolder } from './fixture.ts';

const folder = temporaryFolder();
const cert = ['--cert', makePair(folder, 'controller').cert];

describe('an inventory', () => {
  test.each([
    ['two secrets of one name', [entry('a'), entry('a', { copies: copiesIn('data') })], 'a means two things'],
    ['two copies in one namespace', [entry('a', { copies: copiesIn('shop', 'shop') })], 'two copies in one namespace'],
    ['a secret nobody uses', [entry('a', { copies: [] })], 'no namespace uses it'],
    ['a name that leaves its folder', [entry('../a')], 'is not a name of a Secret'],
    ['a namespace that leaves its folder', [entry('a', { copies: copiesIn('..') })], '.. is not a name of a namespace'],
    ['a key that is none', [entry('a', { keys: { 'a b': { kind: 'ed25519' } } })], 'key a b is not a key of a Secret'],
    ['a key that NAME.KEY does not tell from a name', [entry('a'), entry('a.password')], 'a.password means two things'],
    [
      'a public half in the place of another key',
      [entry('a', { keys: { pem: { kind: 'ed25519', publicKey: 'pub' }, pub: { kind: 'ed25519' } } })],
      'a.pub means two things',
    ],
  ])('is refused with %s', async (_what, inventory, expected) => {
    const { code, err } = await new Repository(...inventory).run(cert);
    expect([code, err]).toEqual([1, expect.stringContaining(expected)]);
  });
});
