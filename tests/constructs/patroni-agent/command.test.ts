import { listed, python, World } from './support.ts';

let world: World;
beforeEach(async () => {
  world = new World();
  await world.start();
});
afterEach(() => world.stop());

const config = () => ['--config', world.path('agent.json')];

test('--help says what the modes do', () => {
  const { status, stdout } = world.run('agent.py', ['--help']);
  expect(status).toBe(0);
  expect(stdout).toMatch(/\{run,reconcile,backup,status\}.*one full backup now/s);
});

test('only reconcile, to which Patroni appends one, takes further arguments', () => {
  const { status, stderr } = world.run('agent.py', [...config(), 'status', 'now']);
  expect(status).toBe(2);
  expect(stderr).toMatch(/status takes no further arguments/);
});

test('the name of the member is needed to run', () => {
  const { status, stderr } = world.run('agent.py', config(), { POD_NAME: undefined });
  expect(status).toBe(2);
  expect(stderr).toMatch(/POD_NAME is missing/);
});

describe('a configuration that cannot be used', () => {
  const cases = [
    [{ cluster: undefined }, /cluster is missing; it is a text/],
    [{ walg: 3 }, /walg is 3; it is a text/],
    [{ metricsPort: 70000 }, /metricsPort is 70000; it is a whole number from 0 to 65535/],
    [{ metricsPort: true }, /metricsPort is true/],
    [{ intervalSeconds: 0 }, /intervalSeconds is 0; it is a number of seconds above 0/],
    [{ tlsFiles: 'x' }, /tlsFiles is "x"; it is a list of texts/],
    [{ databases: {} }, /databases is {}; it is a list of objects/],
    [{ databases: [{ name: 'a', owner: 'b', extensions: [] }] }, /databases\[0\]\.user is missing/],
    [{ backups: [] }, /backups is \[\]; it is an object or null/],
    [
      { backups: { schedule: '0 25 * * *', keepFullDays: 30, keepWalDays: 7, minimumFulls: 2 } },
      /"25" is no hour: allowed are 0 to 23/,
    ],
    [
      { backups: { schedule: '0 2 * * *', keepFullDays: 5, keepWalDays: 7, minimumFulls: 2 } },
      /backups\.keepWalDays is 7; it is a whole number from 1 to 5/,
    ],
  ] as const;
  const code = `
import settings
def message(changes):
    with open(given['file'], 'w') as file:
        json.dump({**given['valid'], **changes}, file)
    try:
        settings.load(given['file'])
    except settings.SettingsError as error:
        return str(error)
print(json.dumps([message(changes) for changes in given['cases']]))
`;

  test('is told with what is allowed', () => {
    const file = world.path('changed.json');
    // A key that is missing is one that isn't in the configuration that the cases change.
    const valid = Object.fromEntries(Object.entries(world.configuration).filter(([key]) => key !== 'cluster'));
    const [[, missing], ...others] = cases;
    const given = { file, valid: { cluster: 'x', ...valid }, cases: others.map(([changes]) => changes) };
    const found = python(code, given) as (string | null)[];
    expect(found).toHaveLength(others.length);
    for (const [index, [, message]] of others.entries()) expect(found[index]).toMatch(message);
    expect((python(code, { file, valid, cases: [{}] }) as string[])[0]).toMatch(missing);
  });

  test('is no object, or not there', () => {
    world.write('agent.json', '[]');
    const { status, stderr } = world.run('agent.py', [...config(), 'reconcile']);
    expect(status).toBe(2);
    expect(stderr).toMatch(/^agent\.py: configuration .*agent\.json: the file holds no object; correct what it is/);
    expect(world.run('agent.py', ['--config', '/nowhere', 'reconcile']).stderr).toMatch(
      /configuration \/nowhere: No such file or directory; --config names the file/,
    );
  });
});

describe('backup', () => {
  const backup = () => world.run('agent.py', [...config(), 'backup']);

  test('makes one at once, then deletes by retention', () => {
    world.list([listed(40, 1), listed(20, 2), listed(8, 3), listed(0, 4)]);
    expect(backup().status).toBe(0);
    expect(world.calls('walg.sh')).toEqual([
      'backup-push /data --full',
      'backup-list --detail --json',
      'backup-mark base_000000010000000000000002',
      'delete before FIND_FULL base_000000010000000000000003 --use-sentinel-time --confirm',
      'backup-list --detail --json',
    ]);
  });

  test('deletes nothing, and fails, when it could not be made', () => {
    world.program('walg.sh', 'exit 1');
    expect(backup().status).toBe(1);
    expect(world.calls('walg.sh')).toEqual(['backup-push /data --full']);
  });

  test('deletes nothing, and fails, when what stays could not be marked', () => {
    world.list([listed(40, 1), listed(20, 2), listed(8, 3), listed(0, 4)]);
    world.program('walg.sh', 'case $1 in backup-mark) exit 1 ;; backup-list) cat "$here/list.json" ;; esac');
    const { status, stdout } = backup();
    expect(status).toBe(1);
    expect(stdout).toMatch(/"retention failed"/);
    expect(world.calls('walg.sh').filter((call) => call.startsWith('delete'))).toEqual([]);
  });

  test('fails, and says why, when the guard refuses to delete', () => {
    world.list([listed(40, 1), listed(8, 2), listed(3, 3)]);
    const { status, stdout } = backup();
    expect(status).toBe(1);
    expect(stdout).toMatch(/"retention: nothing was deleted", "reason": "the newest full backup is of/);
    expect(world.calls('walg.sh').filter((call) => call.startsWith('delete'))).toEqual([]);
  });

  test('needs a storage', () => {
    world.configure({ backups: null });
    const { status, stderr } = backup();
    expect(status).toBe(2);
    expect(stderr).toMatch(/"backups" is null/);
  });
});

describe('status', () => {
  const status = () => world.runBeside('agent.py', [...config(), 'status']);

  test('says what Patroni and the storage say, and what follows', async () => {
    world.list([listed(40, 1), listed(8, 2), listed(1.5, 3)]);
    const { status: code, stdout } = await status();
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      member: 'postgres-0',
      primary: true,
      makesBackups: true,
      errors: [],
      due: true,
      retention: { delete: ['base_000000010000000000000001'], refused: null },
    });
  });

  test('says what it can when the others do not answer', async () => {
    world.configure({ patroni: 'http://127.0.0.1:9' });
    world.program('walg.sh', 'echo "no storage" >&2; exit 1');
    const { status: code, stdout } = await status();
    expect(code).toBe(1);
    const { errors } = JSON.parse(stdout) as { errors: string[] };
    expect(errors).toEqual([expect.stringMatching(/Patroni/), expect.stringMatching(/no storage/)]);
  });
});
