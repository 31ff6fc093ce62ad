import { script } from '../../../constructs/samba-dc/index.ts';
import type { DirectoryServer } from '../../components/directory/server.ts';
import { withCleanUp } from '../../machine/clean-up.ts';
import { ProvingError } from '../../machine/error.ts';
import type { DrillCheck } from '../../results/index.ts';
import { codeOf } from './sign-in.ts';
import type { BackendClient, Person } from './sign-in.ts';

/** As much of what reconcile.py brings about as changes here. */
interface Data {
  readonly policy: Readonly<Record<string, number | boolean>>;
  readonly units: readonly string[];
  readonly groups: readonly object[];
  readonly accounts: readonly object[];
}

const [group, account, unit, renamed] = ['drill-group', 'drill-account', 'Drill', 'Drilled'] as const;
const policy = { minimumLength: 20, lockoutThreshold: 3 } as const;

/** With a group and an account more, in units of their own. */
function more(data: Data, name: string, home: string): Data {
  const [first] = data.accounts;
  if (first === undefined) throw new ProvingError('the directory has no service account');
  return {
    ...data,
    policy: { ...data.policy, ...policy },
    units: [...data.units, name, `${name}/Inner`],
    groups: [...data.groups, { name: group, unit: name, description: 'of a drill', members: [account] }],
    accounts: [...data.accounts, { ...first, name: account, unit: home, purpose: 'of a drill', principals: [] }],
  };
}

/**
 * Other data than the committed one, and that again: a policy that is stricter, a group and an account that go to another unit, a
 * unit under another name. What is gone stays until somebody names it, and a unit with a person in it even then.
 */
export async function changes(
  server: DirectoryServer,
  client: BackendClient,
  person: Person,
): Promise<readonly DrillCheck[]> {
  const committed = JSON.parse(await server.script('cat "$DATA/directory.json"')) as Data;
  const apply = async (data: object, ...args: readonly string[]): Promise<string> => {
    const program = `mkdir -p /tmp/drill && cat >/tmp/drill/directory.json && DATA=/tmp/drill python3 -B ${script('reconcile.py')} ${args.join(' ')} 2>&1 || true`;
    return (await server.script(program, JSON.stringify(data))).replaceAll(/^directory: /gm, '').trim();
  };
  /** Applied, and what of it is no longer in the data. */
  const gone = async (data: object): Promise<string> =>
    [...(await apply(data)).matchAll(/^(\S+) \(.* is no longer in the data/gm)].map(([, name]) => name).join(', ');
  const zone = server.directory.names.zone;
  const signsIn = async (name: string, password: string): Promise<string> =>
    codeOf(await client.signIn(`${name}@${zone}`, password));
  const shown = async (): Promise<string> => {
    const text = await server.run(['samba-tool', 'user', 'show', account, '--attributes=objectSid,memberOf']);
    return [...text.matchAll(/^(?:objectSid|memberOf): (.*)$/gm)]
      .map(([, value = '']) => value.split(',')[0])
      .join(', ');
  };
  const [one, two] = [more(committed, unit, `${unit}/Inner`), more(committed, renamed, '')];
  const inside = `${person.name}-inside`;
  const takeBack = [
    () => apply(committed),
    () => server.tryRun(['samba-tool', 'user', 'delete', inside]),
    ...[group, account, `${unit}/Inner`, unit, `${renamed}/Inner`, renamed].map(
      (name) => () => apply(committed, '--remove', name),
    ),
  ];
  return withCleanUp(takeBack, async () => {
    await apply(one);
    const before = await shown();
    const short = await server.script(
      `read -r password; samba-tool user setpassword ${person.name} --newpassword="$password" 2>&1 || true`,
      'Aa1-fourteen.x',
    );
    for (let number = 0; number < policy.lockoutThreshold; number += 1) await signsIn(person.name, `wrong${number}`);
    const locked = await signsIn(person.name, person.password);
    await server.run(['samba-tool', 'user', 'unlock', person.name]);
    // Somebody's account, in a unit that the data will no longer have.
    await server.script(
      `read -r password; samba-tool user create ${inside} "$password" --userou=OU=Inner,OU=${unit}`,
      person.password,
    );
    const left = await gone(two);
    const again = await apply(two, '--check');
    const refused = await apply(two, '--remove', `${unit}/Inner`);
    const there = (await server.users()).includes(inside);
    await server.run(['samba-tool', 'user', 'delete', inside]);
    for (const name of [`${unit}/Inner`, unit]) await apply(two, '--remove', name);
    const moved = [await shown(), await signsIn(account, await client.ownPassword())].join(', ');
    const leftAtLast = await gone(committed);
    for (const name of [account, group, `${renamed}/Inner`, renamed]) await apply(committed, '--remove', name);
    return [
      {
        what: 'a password that is shorter than the policy has it now',
        expected: 'equal to or longer than 20 characters',
        got: /equal to or longer than \d+ characters/.exec(short)?.[0] ?? short.trim(),
      },
      { what: 'a person after as many wrong ones as it has now', expected: '49', got: locked },
      { what: 'what is left of a unit under another name', expected: `${unit}, ${unit}/Inner`, got: left },
      { what: 'what the same data would change then', expected: 'nothing', got: wouldChange(again) },
      {
        what: 'a unit with a person in it, named to be removed',
        expected: 'Unable to delete a non-leaf node, and the person is there',
        got: `${/Unable to delete a non-leaf node/.exec(refused)?.[0] ?? refused}, and the person is ${there ? 'there' : 'gone'}`,
      },
      {
        what: 'the account that went to another unit, its group, and a sign-in with its password',
        expected: `${before}, 0`,
        got: moved,
      },
      {
        what: 'what the committed data does not have',
        expected: [renamed, `${renamed}/Inner`, account, group].join(', '),
        got: leftAtLast,
      },
      { what: 'what it still leaves when each was named', expected: '', got: await gone(committed) },
    ];
  });
}

/** Of what `--check` said: lines of what is no longer in the data are no changes. */
function wouldChange(said: string): string {
  return (
    said
      .split('\n')
      .filter((line) => line !== '' && !line.includes('is no longer in the data'))
      .join('; ') || 'nothing'
  );
}
