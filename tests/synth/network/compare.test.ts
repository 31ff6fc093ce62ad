import { compareReachability } from '../../../synth/network/compare.ts';
import type { DeclaredEdge } from '../../../synth/network/compare.ts';

/** `'a/b -> c/d TCP 80-90'` as an edge. */
function edge(text: string) {
  const [, from = '', to = '', protocol = '', port = 'any', endPort] =
    /^(.*) -> (.*?) (any|TCP|UDP)(?: (any|\d+)(?:-(\d+))?)?$/.exec(text) ?? [];
  const range = endPort === undefined ? {} : { endPort: Number(endPort) };
  return {
    from,
    to,
    protocol,
    port: port === 'any' ? ('any' as const) : Number(port),
    ...range,
  } satisfies DeclaredEdge;
}

/** Texts of the edges that the model lacks (`+`) and that the policies lack (`-`). */
function differences(declared: readonly string[], computed: readonly string[]): string[] {
  const allowed = computed.map((text) => ({ ...edge(text), reasons: ['egress: a/p'] }));
  return compareReachability(declared.map(edge), allowed).map(
    ({ where, what }) => `${what.startsWith('is allowed') ? '+' : '-'} ${where}`,
  );
}

test('equal edges give no finding', () => {
  const edges = ['a/b -> c/d TCP 80', 'a/b -> 0.0.0.0/0 except 10.0.0.0/8 TCP 443', 'a/b -> c/e any'];
  expect(differences(edges, edges)).toEqual([]);
});

test.each([
  ['another port', 'a/b -> c/d TCP 81'],
  ['another protocol', 'a/b -> c/d UDP 80'],
  ['another source', 'a/x -> c/d TCP 80'],
  ['another destination', 'a/b -> c/x TCP 80'],
  ['the other direction', 'c/d -> a/b TCP 80'],
])('%s is a hole and an edge without a reason', (_, computed) => {
  expect(differences(['a/b -> c/d TCP 80'], [computed])).toEqual(['- a/b -> c/d TCP 80', `+ ${computed}`]);
});

test.each(['a/b -> c/d any', 'a/b -> c/d TCP any', 'a/b -> c/d TCP 80-90', 'a/b -> c/d TCP 79-80'])(
  'a declared port is allowed by %s, which is too wide',
  (computed) => {
    expect(differences(['a/b -> c/d TCP 80'], [computed])).toEqual([`+ ${computed}`]);
    expect(differences([computed], ['a/b -> c/d TCP 80'])).toEqual([`- ${computed}`]);
  },
);

test('a range is allowed by the same range', () => {
  expect(differences(['a/b -> c/d TCP 80-90'], ['a/b -> c/d TCP 80-90'])).toEqual([]);
});

test('anywhere contains the ipBlocks', () => {
  expect(differences(['a/b -> 192.0.2.1/32 TCP 80'], ['a/b -> anywhere TCP 80'])).toEqual(['+ a/b -> anywhere TCP 80']);
  expect(differences(['anywhere -> a/b TCP 80'], ['fd00::/8 -> a/b TCP 80'])).toEqual(['- anywhere -> a/b TCP 80']);
});

test('anywhere does not excuse edges between pods', () => {
  expect(differences(['anywhere -> a/b TCP 80'], ['anywhere -> a/b TCP 80', 'c/d -> a/b TCP 80'])).toEqual([
    '+ c/d -> a/b TCP 80',
  ]);
});

test('an edge without a reason is shown with the policies that allow it', () => {
  const [finding] = compareReachability(
    [],
    [{ ...edge('a/b -> c/d TCP 80'), reasons: ['egress: a/p', 'ingress: c/q'] }],
  );
  expect(finding?.what).toBe('is allowed (egress: a/p; ingress: c/q), but nothing declares it');
});
