import type { GenerationsInput } from '../../config/schema.ts';
import { InputError } from '../../constructs/core/error.ts';
import type { RecoverContext } from '../../scripts/recover/plan.ts';
import type { SynthResult } from '../../synth/synthesise.ts';
import { dry, file, generations, Recovery, second, text, unreadable } from './recovery.ts';

const to = '2025-11-22T10:00:00Z';
let recovery: Recovery;

beforeEach(() => {
  recovery = new Recovery();
});

afterEach(() => {
  recovery.repository.remove();
});

/** What the command refuses with. */
async function refusal(args: string, changes: Partial<RecoverContext> = {}): Promise<string> {
  const { repository } = recovery;
  const before = repository.files();
  const code = await recovery.run(args, changes);
  expect([code, recovery.stdout, repository.files()]).toEqual([1, '', before]);
  return recovery.stderr;
}

describe('bad input', () => {
  test.each([
    ['', 'npm run recover: it is not said what to recover\n  allowed: pg,'],
    [`mysql --to ${to}`, "npm run recover: it can't recover mysql\n  allowed: pg,"],
    [`redis --to ${to}`, '--to: it is no option of redis\n  allowed: a moment by which a backup was complete'],
    [`pg --at ${to}`, '--at: it is no option of pg\n  allowed: any second'],
    ['redis', '--at: it is not said to when\n  allowed: --at TIME'],
    ['redis --at noon', '--at: "noon" is no time\n'],
    [`redis --at ${to} --beside`, '--beside: it is no option of redis\n'],
    [`redis --at ${to} --cluster postgres`, '--cluster: there is no cluster postgres\n  allowed: redis\n'],
    [`pg redis --to ${to}`, "npm run recover: it can't recover pg redis\n"],
    ['pg', '--to: it is not said to when\n  allowed: --to TIME'],
    ['pg --to 2025-11-22T10:00:00', '--to: "2025-11-22T10:00:00" has no time zone\n'],
    ['pg --to 2025-11-24T10:00:00Z', '--to: "2025-11-24T10:00:00Z" has not come yet'],
    ['pg --to noon', '--to: "noon" is no time\n'],
    [`pg --to ${to} --from 0`, '--from: "0" is no generation\n'],
    [`pg --to ${to} --from first`, '--from: "first" is no generation\n'],
    [`pg --to ${to} --from 2`, '--from: there was no generation 2\n  allowed: 1\n'],
    [`pg --to ${to} --cluster mysql`, '--cluster: there is no cluster mysql\n  allowed: postgres\n'],
    [`pg --to ${to} --environment nowhere`, 'the environment: there is none called "nowhere"\n'],
  ])('"%s" is refused in words', async (args, words) => {
    expect(await refusal(args)).toContain(words);
  });

  test('is refused all at once', async () => {
    expect(await refusal('mysql --to noon --from no')).toContain('3 to mend; nothing was written.');
  });

  test('an option that does not exist is answered with the help', async () => {
    expect(await recovery.run(`pg --until ${to}`)).toBe(2);
    expect(recovery.stderr).toContain('npm run recover -- pg --to TIME [OPTION...]');
  });

  test('a moment before the archive that is read began is refused', async () => {
    recovery.commit(text(generations(second)));
    expect(await refusal('pg --to 2025-11-20T08:00:00Z')).toContain(
      '--to: generation 2 was itself recovered to 2025-11-20 08:00:00+00: its archive begins later than 2025-11-20 08:00:00+00\n' +
        '  allowed: a moment after its recovery, or the generation that was in use at 2025-11-20 08:00:00+00\n' +
        '  remedy:  add --from 1',
    );
    expect(await recovery.run('pg --to 2025-11-20T08:00:00Z --from 1 --dry-run')).toBe(0);
    expect(await recovery.run('pg --to 2025-11-20T08:00:00.000001Z --dry-run')).toBe(0);
  });

  test('the same holds for a generation that only the history knows', async () => {
    recovery.commit(text(generations(second)));
    recovery.commit(text(generations({ number: 3, recovery: { from: 1 } })));
    expect(await refusal('pg --to 2025-11-20T08:00:00Z --from 2')).toContain(
      '--from: generation 2 was itself recovered',
    );
  });

  test('a file with an earlier run that nobody committed is refused', async () => {
    await recovery.run(`pg --to ${to}`);
    expect(await refusal(`pg --to ${to}`)).toContain(
      `${file}: generations or copies of postgres are changed and not committed\n`,
    );
    expect(recovery.stderr).toContain(`remedy:  git checkout HEAD -- ${file} && npm run synth`);
  });

  test('a shallow clone is refused', async () => {
    recovery.repository.put('note', '');
    recovery.repository.commit('Note');
    recovery.repository.git('clone', '--quiet', '--depth', '1', `file://${recovery.repository.clone}`, 'shallow');
    expect(await refusal(`pg --to ${to}`, { root: `${recovery.repository.clone}/shallow` })).toContain(
      'this clone: it is shallow',
    );
  });

  test('a repository without the file is refused', async () => {
    recovery.repository.git('mv', file, 'generations.json');
    recovery.repository.commit('Move');
    recovery.repository.read = () => text();
    expect(await refusal(`pg --to ${to}`)).toContain(`${file}: it can't be read: ENOENT\n`);
  });

  test('a file with the marks of a merge is refused, and nothing in it is lost', async () => {
    recovery.commit(unreadable);
    expect(await refusal(`pg --to ${to}`)).toContain(
      [
        `${file}: it holds the marks of a merge`,
        '  allowed: JSON, each key once in its object',
        '  remedy:  mend it by hand: numbers that either side gave are used, and never given again',
      ].join('\n'),
    );
  });

  test('a file with something that no generation has is refused', async () => {
    recovery.commit('{ "production": { "generations": { "postgres": { "number": 1, "by": "me" } } } }\n');
    expect(await refusal(`pg --to ${to}`)).toContain('unknown key "by"');
  });

  test('a file that says something else than what is in force is refused', async () => {
    const inForce = generations({ number: 3, recovery: { from: 1 } });
    const other = (name: string, all: GenerationsInput | undefined): SynthResult => dry(all?.[name] ?? inForce);
    expect(await refusal(`pg --to ${to}`, { synthesise: other })).toContain(
      'what is in force for postgres is not what stands there',
    );
  });

  test('an environment that the synthesis refuses is not written', async () => {
    const finding = { where: 'node1', what: 'it is full', allowed: 'less', remedy: 'lower something' };
    const full = (name: string, all: GenerationsInput | undefined): SynthResult => {
      if (all?.[name]?.copies) throw new InputError(finding);
      return dry(all?.[name] ?? recovery.tables());
    };
    expect(await refusal(`pg --to ${to} --beside`, { synthesise: full })).toContain('node1: it is full\n');
  });

  test('a synthesis that fails while it writes leaves the file as it was', async () => {
    const finding = { where: 'dist', what: 'another run writes', allowed: 'one', remedy: 'wait' };
    const busy = (name: string, all: GenerationsInput | undefined, dryRun: boolean): SynthResult => {
      if (!dryRun) throw new InputError(finding);
      return dry(all?.[name] ?? recovery.tables());
    };
    expect(await refusal(`pg --to ${to}`, { synthesise: busy })).toContain('dist: another run writes\n');
  });

  describe('what another run wrote meanwhile stays', () => {
    const others = text(generations(second, 'orders'));

    /** Another run writes while this one synthesises: to see what would be, or to write. */
    async function overtaken(duringDryRun: boolean): Promise<string> {
      const busy = (name: string, all: GenerationsInput | undefined, dryRun: boolean): SynthResult => {
        if (all !== undefined && dryRun === duringDryRun) recovery.repository.put(file, others);
        if (!dryRun)
          throw new InputError({ where: 'dist', what: 'another run writes', allowed: 'one', remedy: 'wait' });
        return dry(all?.[name] ?? {});
      };
      expect(await recovery.run(`pg --to ${to}`, { synthesise: busy })).toBe(1);
      expect(recovery.repository.read(file)).toBe(others);
      return recovery.stderr;
    }

    test('and this one is refused', async () => {
      expect(await overtaken(true)).toContain(`${file}: another run changed it meanwhile\n`);
    });

    test('when this one fails', async () => {
      expect(await overtaken(false)).toContain('dist: another run writes\n');
    });
  });
});
