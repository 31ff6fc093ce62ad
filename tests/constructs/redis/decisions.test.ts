import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { root } from '../../support/committed.ts';

const files = path.join(root, 'constructs/redis-sentinel/files');

/** Everything that a member may know when it starts; see files/member/decide.sh. */
const known = {
  own: ['empty', 'whole'],
  was: ['primary', 'replica', '-'],
  boot: ['same', 'other'],
  peer: ['silent', 'primary', 'follows', 'old', 'nothing'],
  lived: ['yes', 'no'],
  named: ['self', 'peer', 'unconfigured', 'none'],
  some: ['self', 'peer', 'both', 'none'],
  down: ['yes', 'no'],
  waited: ['0', '60'],
  first: ['yes', 'no'],
} as const;

type State = { readonly [K in keyof typeof known]: (typeof known)[K][number] };

interface Row {
  readonly state: State;
  /** `primary`, `replica` or `wait`. */
  readonly verdict: string;
  readonly why: string;
}

const states = Object.entries(known)
  .reduce<readonly Partial<State>[]>(
    (list, [key, values]) => list.flatMap((state) => values.map((value) => ({ ...state, [key]: value }))),
    [{}],
  )
  .map((state) => state as State)
  // A server that has no data was nothing, and one that has was something.
  .filter(({ own, was }) => (own === 'empty') === (was === '-'));

/** Each state, decided by one shell. */
const rows: readonly Row[] = decided('decide', states);

function decided<S extends object>(name: string, list: readonly S[]): { state: S; verdict: string; why: string }[] {
  const script = `. ${files}/member/decide.sh; while read -r line; do eval "$line"; ${name}; done`;
  const input = list
    .map((state) =>
      Object.entries(state)
        .map((pair) => pair.join('='))
        .join(' '),
    )
    .join('\n');
  const { stdout } = spawnSync('bash', ['-c', script], { input: `${input}\n`, encoding: 'utf8', maxBuffer: 2 ** 26 });
  const lines = stdout.trim().split('\n');
  return list.map((state, index) => {
    const [, verdict = '', why = ''] = /^(\S+) ?(.*)$/.exec(lines[index] ?? '') ?? [];
    return { state, verdict, why };
  });
}

/** Those of that kind that are decided otherwise. */
function others(kind: Partial<State>, ...verdicts: string[]): readonly Row[] {
  const of = rows.filter(({ state }) =>
    Object.entries(kind).every(([key, value]) => state[key as keyof State] === value),
  );
  if (of.length === 0) throw new Error('there is no such state');
  return of.filter(({ verdict }) => !verdicts.includes(verdict));
}

describe('what a member that starts is to be', () => {
  test('every state has a decision, and whoever waits says why', () => {
    expect(rows).toHaveLength(states.length);
    expect(
      rows.filter(({ verdict, why }) =>
        verdict === 'wait' ? why.length < 20 : !['primary', 'replica'].includes(verdict),
      ),
    ).toEqual([]);
  });

  test('it follows whom the Sentinels name, whatever else is known', () => {
    expect(others({ named: 'peer' }, 'replica')).toEqual([]);
  });

  test('without data it never is the primary where the other one has any, or might have', () => {
    for (const peer of ['silent', 'primary', 'follows', 'old'] as const) {
      expect(others({ own: 'empty', peer }, 'replica', 'wait')).toEqual([]);
    }
  });

  test('without data, and called the primary, it is silent: Sentinels promote the other one', () => {
    for (const peer of ['silent', 'primary', 'follows', 'old'] as const) {
      expect(others({ own: 'empty', named: 'self', peer }, 'wait')).toEqual([]);
    }
  });

  test('it never becomes a replica while the Sentinels call it the primary: everybody would agree on one that is none', () => {
    expect(others({ named: 'self' }, 'primary', 'wait')).toEqual([]);
  });

  test('with data, and called the primary, it waits no longer than a failover takes', () => {
    expect(others({ own: 'whole', named: 'self', waited: '60' }, 'primary')).toEqual([]);
  });

  test('killed and back before anybody noticed, it goes on as the primary at once', () => {
    expect(others({ own: 'whole', named: 'self', boot: 'same', down: 'no', waited: '0' }, 'primary')).toEqual([]);
  });

  test('taken for down, it lets the other one be promoted', () => {
    expect(others({ own: 'whole', named: 'self', peer: 'follows', down: 'yes', waited: '0' }, 'wait')).toEqual([]);
  });

  test('taken for down, it leaves one that a person has promoted meanwhile what it took, for a minute', () => {
    expect(others({ own: 'whole', named: 'self', peer: 'primary', down: 'yes', waited: '0' }, 'wait')).toEqual([]);
    expect(others({ own: 'whole', named: 'self', peer: 'primary', down: 'yes', waited: '60' }, 'primary')).toEqual([]);
  });

  test('after a loss of power it lets the other one be promoted that went on, and has the last second', () => {
    const lost = { own: 'whole', named: 'self', peer: 'follows', boot: 'other', waited: '0', down: 'no' } as const;
    expect(others({ ...lost, lived: 'yes' }, 'wait')).toEqual([]);
    expect(others({ ...lost, lived: 'no' }, 'primary')).toEqual([]);
  });

  test('a replica is never a second primary after a loss of all power', () => {
    for (const peer of ['silent', 'primary', 'follows'] as const) {
      expect(others({ own: 'whole', was: 'replica', named: 'none', peer }, 'replica')).toEqual([]);
    }
  });

  test('a former primary that nobody answers waits, unless a Sentinel of its part says that it is still that', () => {
    const alone = { own: 'whole', was: 'primary', named: 'none', peer: 'silent' } as const;
    expect(others({ ...alone, some: 'self', boot: 'same' }, 'primary')).toEqual([]);
    expect(others({ ...alone, some: 'self', boot: 'other' }, 'wait')).toEqual([]);
    for (const some of ['peer', 'both', 'none'] as const) expect(others({ ...alone, some }, 'wait')).toEqual([]);
  });

  test('of two that begin, one follows and one becomes the primary when that one answers', () => {
    const nobody = { own: 'empty', was: '-', named: 'unconfigured' } as const;
    expect(others({ ...nobody, peer: 'silent', first: 'no' }, 'replica')).toEqual([]);
    expect(others({ ...nobody, peer: 'silent', first: 'yes', waited: '0' }, 'wait')).toEqual([]);
    expect(others({ ...nobody, peer: 'silent', first: 'yes', waited: '60' }, 'replica')).toEqual([]);
    expect(others({ ...nobody, peer: 'nothing' }, 'primary')).toEqual([]);
  });

  test('no two are decided to be the primary while both see the same', () => {
    // Each knows of the other what that one is, and both ask the same Sentinels.
    const twins = rows.flatMap((mine) => {
      const { state } = mine;
      if (mine.verdict !== 'primary' || state.peer !== 'silent') return [];
      const named = { self: 'peer', peer: 'self', unconfigured: 'unconfigured', none: 'none' }[state.named];
      const some = { self: 'peer', peer: 'self', both: 'both', none: 'none' }[state.some];
      return rows.filter(
        (theirs) =>
          theirs.verdict === 'primary' &&
          theirs.state.peer === 'silent' &&
          theirs.state.named === named &&
          theirs.state.some === some &&
          theirs.state.first !== state.first,
      );
    });
    expect(twins).toEqual([]);
  });
});

describe('what becomes of two members that wait for each other', () => {
  /** What the other one sees of a member that was decided so. */
  const seenAs = ({ verdict, state }: Pick<Row, 'verdict' | 'state'>): State['peer'] =>
    verdict === 'wait' ? 'silent' : verdict === 'primary' ? 'primary' : state.own === 'empty' ? 'nothing' : 'follows';
  const find = (wanted: State): Row => {
    const found = rows.find(({ state }) =>
      Object.entries(wanted).every(([key, value]) => state[key as keyof State] === value),
    );
    if (found === undefined) throw new Error('there is no such state');
    return found;
  };
  const own = [
    { own: 'empty', was: '-' },
    { own: 'whole', was: 'primary' },
    { own: 'whole', was: 'replica' },
  ] as const;
  const cases = own.flatMap((zero) =>
    own.flatMap((one) => (['zero', 'one', 'unconfigured'] as const).map((named) => ({ zero, one, named }))),
  );

  // Both are there and the Sentinels too: who has data serves, and who has none doesn't keep others from it.
  test.each(cases)(
    '0 is $zero.own ($zero.was), 1 is $one.own ($one.was), Sentinels name $named',
    ({ zero, one, named }) => {
      const peers: State['peer'][] = ['silent', 'silent'];
      const verdicts = ['', ''];
      const [first, second] = [0, 1];
      for (const waited of ['0', '60', '60', '60'] as const) {
        for (const [self, have, name] of [
          [first, zero, 'zero'],
          [second, one, 'one'],
        ] as const) {
          // One that runs stays what it is: it decides only when it starts.
          if (peers[1 - self] !== 'silent') continue;
          const said = named === 'unconfigured' ? 'none' : named === name ? 'self' : 'peer';
          const row = find({
            ...have,
            ...{ boot: 'other', lived: 'no', down: 'no', waited, peer: peers[self] ?? 'silent', some: said },
            ...{
              named: named === 'unconfigured' ? named : said === 'self' ? 'self' : 'peer',
              first: self === 0 ? 'yes' : 'no',
            },
          });
          verdicts[self] = row.verdict;
          peers[1 - self] = seenAs(row);
        }
      }
      const [primaries, waiting] = ['primary', 'wait'].map(
        (each) => verdicts.filter((verdict) => verdict === each).length,
      );
      const [silent, other] = verdicts[0] === 'wait' ? [zero, one] : [one, zero];
      const outcomes = {
        'one primary, and its replica': primaries === 1 && waiting === 0,
        // The Sentinels promote the other one, because it is silent.
        'the named one has no data, and is silent':
          primaries === 0 &&
          waiting === 1 &&
          silent.own === 'empty' &&
          other.own === 'whole' &&
          named === (silent === zero ? 'zero' : 'one'),
        // The one with data, or the number 0, promotes itself while no Sentinel names anybody; see below.
        'two replicas': named === 'unconfigured' && verdicts.every((each) => each === 'replica'),
        // Each was the primary once, no Sentinel knows who was the last, and the wrong one would empty the other.
        'a person has to say which': named === 'unconfigured' && waiting === 2 && zero.was === one.was,
      };
      expect([verdicts, ...Object.entries(outcomes).filter(([, holds]) => holds)]).toHaveLength(2);
    },
  );
});

describe('what a member that runs is to become', () => {
  const running = ['primary', 'replica'].flatMap((role) =>
    known.named.flatMap((named) =>
      known.peer.flatMap((peer) =>
        known.own.flatMap((have) => known.first.map((first) => ({ role, named, peer, own: have, first }))),
      ),
    ),
  );
  const corrections = decided('correct', running);
  const to = (verdict: string) =>
    corrections
      .filter((each) => each.verdict === verdict)
      .map(
        ({ state: { role, named, peer, own: have } }) => `${role}, Sentinels: ${named}, other: ${peer}, data: ${have}`,
      )
      .filter((text, index, all) => all.indexOf(text) === index);

  test('a primary follows the other one where the Sentinels and that one itself say that it is the primary', () => {
    expect(to('replica')).toEqual([
      'primary, Sentinels: peer, other: primary, data: empty',
      'primary, Sentinels: peer, other: primary, data: whole',
    ]);
  });

  test('a replica with data becomes what the Sentinels call it, where nobody else is', () => {
    expect(to('primary')).toEqual([
      'replica, Sentinels: self, other: silent, data: whole',
      'replica, Sentinels: self, other: follows, data: whole',
      'replica, Sentinels: self, other: old, data: whole',
      'replica, Sentinels: self, other: nothing, data: whole',
      // Of the number 0; with data, the other one too where this one has none.
      'replica, Sentinels: unconfigured, other: follows, data: whole',
      'replica, Sentinels: unconfigured, other: old, data: whole',
      'replica, Sentinels: unconfigured, other: nothing, data: empty',
      'replica, Sentinels: unconfigured, other: nothing, data: whole',
    ]);
  });
});

describe('whom a Sentinel without any watches', () => {
  const cases = [
    ['the one that says itself that it is the primary', '', String.raw`a master\nb slave`, 'a'],
    ['nobody while no member is the primary', '', String.raw`a slave\nb slave`, ''],
    ['nobody while two are', '', String.raw`a master\nb master`, ''],
    ['whom the others watch, who need it to replace one that is away', String.raw`a\na`, 'b slave', 'a'],
    ['nobody while the others disagree', String.raw`a\nb`, 'a master', ''],
  ] as const;
  const script =
    `. ${files}/sentinel/adopt.sh; while IFS=, read -r others said; do ` +
    `others=$(printf %b "$others") said=$(printf %b "$said"); echo "$(choose)"; done`;
  const input = cases.map(([, others, said]) => `${others},${said}`).join('\n');
  const chosen = spawnSync('bash', ['-c', script], { input: `${input}\n`, encoding: 'utf8' }).stdout.split('\n');

  test.each(cases.map(([name, , , expected], index) => [name, expected, chosen[index]]))('%s', (_, expected, got) => {
    expect(got).toBe(expected);
  });
});
