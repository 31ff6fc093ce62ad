import fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { python, until, World } from './support.ts';

let world: World;
beforeEach(async () => {
  world = new World();
  await world.start();
});
afterEach(() => world.stop());

const declared = /^roles and databases are as declared$/;
const certificate = /^PostgreSQL was told to read its certificate$/;

describe('roles and databases', () => {
  test('are made by the leader at once, and not at every turn', async () => {
    const agent = world.agent();
    await agent.said(declared);
    const calls = world.calls('psql').length;
    await sleep(400);
    expect(world.calls('psql')).toHaveLength(calls);
    const { postgres_reconcile_failed: failed, postgres_reconcile_last_success_timestamp_seconds: success } =
      await agent.metrics();
    expect(failed).toBe(0);
    expect(Math.abs(success! - Date.now() / 1000)).toBeLessThan(10);
  });

  test('are made again when a password changes, and when the configuration does', async () => {
    const agent = world.agent();
    await agent.said(declared);
    world.write('password-shop_app', 'a new one');
    await agent.said(declared, 2);
    world.configure({ databases: [{ name: 'wiki', owner: 'wiki_owner', user: 'wiki_app', extensions: [] }] });
    await agent.said(/^another configuration is in force$/);
    await agent.said(declared, 3);
    expect(world.calls('psql').at(-1)).toContain('-d wiki');
  });

  test('are left alone by a replica, and made when it becomes the leader', async () => {
    world.patroni.own = { role: 'replica', state: 'running', timeline: 1 };
    const agent = world.agent();
    await until(
      () => world.calls('walg.sh').length > 0,
      () => 'the backups are listed',
    );
    await sleep(300);
    expect(world.calls('psql')).toEqual([]);
    expect(await agent.metrics()).not.toHaveProperty('postgres_reconcile_failed');
    world.patroni.own = { role: 'primary', state: 'running', timeline: 2 };
    await agent.said(declared);
    world.patroni.own = { role: 'replica', state: 'running', timeline: 3 };
    await until(
      async () => !('postgres_reconcile_failed' in (await agent.metrics())),
      () => 'a former leader shows no result',
    );
  });

  test('are not tried before PostgreSQL runs', async () => {
    world.patroni.own = { role: 'primary', state: 'starting' };
    const agent = world.agent();
    await sleep(500);
    expect(world.calls('psql')).toEqual([]);
    world.patroni.own = { role: 'primary', state: 'running' };
    await agent.said(declared);
  });

  test('that could not be made are tried again', async () => {
    world.write('broken', '');
    world.program('psql', 'cat >/dev/null; [ ! -e "$here/broken" ] || { echo "no server" >&2; exit 2; }');
    const agent = world.agent();
    expect((await agent.said(/^databases: psql -X ended with 2: no server$/)).level).toBe('error');
    expect(await agent.metrics()).toMatchObject({ postgres_reconcile_failed: 1 });
    fs.rmSync(world.path('broken'));
    await agent.said(declared);
    expect(await agent.metrics()).toMatchObject({ postgres_reconcile_failed: 0 });
  });
});

describe('the dynamic configuration', () => {
  test('is changed on the leader where it differs, with the password of the interface', async () => {
    world.patroni.configuration = {
      ttl: 30,
      loop_wait: 5,
      postgresql: { parameters: { work_mem: '4MB' }, use_slots: true },
    };
    const parameters = { work_mem: '8MB' };
    world.configure({ dynamicConfiguration: { ttl: 20, loop_wait: 5, postgresql: { parameters } } });
    const agent = world.agent();
    await agent.said(/^dynamic configuration changed$/);
    const patches = world.patroni.requests.filter(({ request }) => request === 'PATCH /config');
    expect(patches).toEqual([
      {
        request: 'PATCH /config',
        authorization: `Basic ${Buffer.from('patroni:secret of restapi').toString('base64')}`,
        body: { ttl: 20, postgresql: { parameters } },
      },
    ]);
  });

  test('is left alone by a replica', async () => {
    world.patroni.own = { role: 'replica', state: 'running' };
    world.configure({ dynamicConfiguration: { ttl: 20 } });
    const agent = world.agent();
    await agent.said(/^Patroni was told to read its file$/);
    await sleep(300);
    expect(world.patroni.configuration).toEqual({});
  });

  test('is changed by the leader of a cluster that followed another one and no longer does', async () => {
    world.patroni.own = { role: 'standby_leader', state: 'running', replication_state: 'streaming' };
    world.patroni.configuration = { ttl: 20, standby_cluster: { host: 'postgres', port: 5432 } };
    world.configure({ dynamicConfiguration: { standby_cluster: null, ttl: 20 } });
    const agent = world.agent();
    await agent.said(/^dynamic configuration changed$/);
    const patches = world.patroni.requests.filter(({ request }) => request === 'PATCH /config');
    expect(patches.map(({ body }) => body)).toEqual([{ standby_cluster: null }]);
    // Roles and databases are the other cluster's until it is a primary.
    expect(world.calls('psql')).toEqual([]);
  });

  test('never makes a primary follow another cluster, which would throw its rows away', async () => {
    world.patroni.own = { role: 'primary', state: 'running' };
    world.patroni.configuration = { ttl: 20 };
    world.configure({ dynamicConfiguration: { standby_cluster: { host: 'postgres', port: 5432 }, ttl: 20 } });
    const agent = world.agent();
    await agent.said(/^dynamic configuration: a cluster that takes writes is to follow another one/);
    expect(world.patroni.configuration).toEqual({ ttl: 20 });
  });

  describe('differs', () => {
    const cases = [
      ['a key that is missing', { ttl: 20 }, {}, { ttl: 20 }],
      ['nothing where it is the same', { a: { b: 1 } }, { a: { b: 1, c: 2 }, d: 3 }, {}],
      [
        'only what differs, however deep',
        { a: { b: { c: 1, d: 2 } } },
        { a: { b: { c: 1, d: 3 } } },
        { a: { b: { d: 2 } } },
      ],
      ['nothing where Patroni, which compares text, would change nothing', { a: 100 }, { a: '100' }, {}],
      ['null for a key that has to go', { a: null }, { a: 1 }, { a: null }],
      ['nothing for a key that is gone', { a: null }, {}, {}],
      ['a whole list', { hba: ['x', 'y'] }, { hba: ['x'] }, { hba: ['x', 'y'] }],
      ['an object in place of a text', { a: { b: 1 } }, { a: 'x' }, { a: { b: 1 } }],
    ] as const;
    const code = 'from patroni_api import differences\nprint(json.dumps([differences(*pair) for pair in given]))';
    const found = python(
      code,
      cases.map(([, wanted, actual]) => [wanted, actual]),
    ) as unknown[];

    test.each(cases.map(([what, , , expected], index) => [what, expected, index] as const))(
      'by %s',
      (_what, expected, index) => {
        expect(found[index]).toEqual(expected);
      },
    );
  });
});

describe('certificates', () => {
  test('are reloaded on every member when the content changes, and only then', async () => {
    world.patroni.own = { role: 'replica', state: 'running' };
    const files = [world.write('tls.crt', 'one'), world.write('tls.key', 'key')];
    world.configure({ tlsFiles: files });
    const agent = world.agent();
    await agent.said(certificate);
    world.write('tls.crt', 'one');
    await sleep(300);
    expect(agent.lines.filter(({ message }) => certificate.test(message))).toHaveLength(1);
    world.write('tls.crt', 'two');
    await agent.said(certificate, 2);
    expect(world.read('psql.input')).toBe('select pg_catalog.pg_reload_conf();\n'.repeat(2));
  });

  test('are reloaded as soon as PostgreSQL takes it, if it did not the first time', async () => {
    world.patroni.own = { role: 'replica', state: 'running' };
    world.write('broken', '');
    world.program('psql', 'cat >/dev/null; [ ! -e "$here/broken" ]');
    world.configure({ tlsFiles: [world.write('tls.crt', 'one')] });
    const agent = world.agent();
    await agent.said(/^certificates: psql/);
    fs.rmSync(world.path('broken'));
    expect((await agent.said(certificate)).level).toBe('info');
  });
});

describe("Patroni's own file", () => {
  test('is read again by Patroni when its content changes', async () => {
    const agent = world.agent();
    const reloads = () => world.patroni.requests.filter(({ request }) => request === 'POST /reload');
    await agent.said(declared);
    await sleep(500);
    expect(reloads()).toHaveLength(1);
    world.write('patroni.yml', 'scope: postgres-2');
    await agent.said(/^Patroni was told to read its file$/, 2);
    expect(reloads()[1]!.authorization).toMatch(/^Basic /);
  });
});

describe('the loop', () => {
  test('goes on while Patroni cannot be reached', async () => {
    const { patroni } = world.configuration;
    world.configure({ patroni: 'http://127.0.0.1:9' });
    const agent = world.agent();
    await agent.said(/^GET \/patroni of Patroni: .*refused/, 2);
    expect((await agent.get('/healthz')).status).toBe(200);
    world.configure({ patroni });
    await agent.said(declared);
  });

  test('goes on with the last configuration while the file cannot be read', async () => {
    const agent = world.agent();
    await agent.said(declared);
    world.write('agent.json', '{"cluster": ');
    expect((await agent.said(/the one before stays in force$/, 2)).message).toMatch(/agent\.json: Expecting value/);
    world.write('password-shop_app', 'a new one');
    await agent.said(declared, 2);
  });

  test('goes on after an error that nobody has thought of', async () => {
    const agent = world.agent();
    await agent.said(declared);
    world.patroni.own = { role: 'primary', state: 'running', replication: ['postgres-1'] };
    await agent.said(/^_member_turn: AttributeError/, 2);
    expect((await agent.get('/healthz')).status).toBe(200);
  });

  test('writes one line of JSON an event', async () => {
    const agent = world.agent();
    const line = await agent.said(declared);
    expect(line.time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(line.level).toBe('info');
  });

  test('ends within two seconds of SIGTERM, and lets a backup end by SIGTERM', async () => {
    world.list([]);
    world.program(
      'walg.sh',
      'case $* in *--json*) cat "$here/list.json" ;; backup-push*) trap "echo TERM >$here/ended; exit 1" TERM; while :; do sleep 0.05; done ;; esac',
    );
    const agent = world.agent();
    await until(
      () => world.calls('walg.sh').some((call) => call.startsWith('backup-push')),
      () => 'a backup runs',
    );
    await until(
      async () => (await agent.metrics()).walg_backup_running === 1,
      () => 'it is shown',
    );
    const { milliseconds, code } = await agent.end();
    expect(code).toBe(0);
    expect(milliseconds).toBeLessThan(2000);
    expect(world.read('ended')).toBe('TERM\n');
  });

  test('ends within two seconds although a child does not', async () => {
    world.program('psql', 'trap "" TERM; cat >/dev/null; for i in {1..100}; do sleep 0.1; done');
    const agent = world.agent();
    await until(
      () => world.calls('psql').length > 0,
      () => 'psql runs',
    );
    const { milliseconds, code } = await agent.end();
    expect(code).toBe(0);
    expect(milliseconds).toBeLessThan(2000);
  });
});

describe('what it serves', () => {
  test('are metrics in the text format, with the name of the cluster', async () => {
    const agent = world.agent();
    await agent.said(/^the WAL in the storage was verified$|cannot be verified$/);
    const { status, type, text } = await agent.get('/metrics.txt');
    expect(status).toBe(200);
    expect(type).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(text).toContain('# HELP walg_backups Full backups in the storage.\n# TYPE walg_backups gauge\n');
    expect(await agent.metrics()).toMatchObject({ walg_backups: 1, walg_storage_up: 1, walg_backup_running: 0 });
  });

  test('is nothing else', async () => {
    expect((await world.agent().get('/')).status).toBe(404);
  });

  test('is 503 from 60 seconds after the last turn of the loop', () => {
    const code = `
import metrics, time, urllib.error, urllib.request
server = metrics.MetricsServer(0, metrics.Figures(), 'x')
server.start()
def healthz():
    try:
        return urllib.request.urlopen(f'http://127.0.0.1:{server.port}/healthz').status
    except urllib.error.HTTPError as error:
        with error:
            return error.code
found = [healthz()]
real = time.monotonic
for later in (59, 61):
    time.monotonic = lambda: real() + later
    found.append(healthz())
server.beat()
print(json.dumps([*found, healthz()]))
`;
    expect(python(code)).toEqual([200, 200, 503, 200]);
  });

  test('escapes what a label may hold', () => {
    const code = 'from metrics import Figures, render\nprint(json.dumps(render(Figures(walg_backups=2), given)))';
    expect(python(code, 'a"b\\c\n')).toContain('walg_backups{cluster="a\\"b\\\\c\\n"} 2\n');
  });
});
