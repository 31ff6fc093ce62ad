import { python, World } from './support.ts';

let world: World;
beforeEach(async () => {
  world = new World();
  await world.start();
  world.patroni.own = { role: 'primary', state: 'running' };
  replicatesFrom(new URL(world.patroni.address).port);
});
afterEach(() => world.stop());

/** Lets PostgreSQL say that it is told to replicate from that port of this machine. */
function replicatesFrom(port: string): void {
  const address = `user=replication host=127.0.0.1 port=${port}`;
  world.program('psql', `case $(cat) in *primary_conninfo*) echo "${address}" ;; esac`);
}

/** How often Patroni was told to copy this standby anew after the turns that Python lines make. */
async function copied(lines: string): Promise<number> {
  const turns = world.write(
    'turns.py',
    `import io, sys, time
import log, member, settings
from metrics import Figures
from patroni_api import View
log.log_to(io.StringIO())
figures = Figures()
keeper = member.Keeper(figures)
configuration = settings.load(sys.argv[1])
begin = time.monotonic()
def turn(seconds, streaming=False, running=True, position=('0/5', '0/5', 1)):
    member.time.monotonic = lambda: begin + seconds
    keeper.turn(configuration, View(primary=False, running=running, streaming=streaming, timeline=1, position=position, standbys=()))
${lines}
print(figures.postgres_standby_copied_anew_total)
`,
  );
  const { stdout, stderr } = await world.runBeside(turns, [world.path('agent.json')]);
  const requests = world.patroni.requests.filter(({ request }) => request === 'POST /reinitialize');
  expect(`${stdout}${stderr}`).toBe(`${requests.length === 0 ? 'None' : requests.length}\n`);
  for (const { body, authorization } of requests) {
    expect(body).toEqual({ force: true });
    expect(authorization).toMatch(/^Basic /);
  }
  return requests.length;
}

describe('a standby that neither streams nor moves', () => {
  test('for two minutes beside a primary that runs is copied anew', async () => {
    expect(await copied('turn(0); turn(60); turn(121)')).toBe(1);
  });

  test('is copied once, and again only after another two minutes', async () => {
    expect(await copied('turn(0); turn(121); turn(131); turn(250)')).toBe(1);
  });

  test.each([
    ['for less than two minutes', 'turn(0); turn(119)'],
    ['before it moved', 'turn(0); turn(100, position=("0/6", "0/6", 1)); turn(130)'],
    ['before it streamed', 'turn(0); turn(100, streaming=True); turn(130)'],
    ['before it was restarted', 'turn(0); turn(100, running=False); turn(130)'],
  ])('%s is left alone', async (_what, lines) => {
    expect(await copied(lines)).toBe(0);
  });

  test.each([
    ['is no primary any more', { role: 'replica', state: 'running' }],
    ['does not run', { role: 'primary', state: 'starting' }],
    ['stands still itself, as the leader of a cluster that follows', { role: 'standby_leader', state: 'running' }],
  ])('is left alone while the primary %s', async (_what, own) => {
    world.patroni.own = own;
    expect(await copied('turn(0); turn(121)')).toBe(0);
  });

  test('is copied anew from the leader of a cluster that follows another one, too', async () => {
    world.patroni.own = { role: 'standby_leader', state: 'running', replication_state: 'streaming' };
    expect(await copied('turn(0); turn(121)')).toBe(1);
  });

  test('is left alone while it can reach no port of the primary but that of Patroni', async () => {
    // Nobody listens there.
    replicatesFrom('1');
    expect(await copied('turn(0); turn(121); turn(242)')).toBe(0);
  });
});

test('the primary is found where the standby is told to replicate from', () => {
  const code = `
import databases, settings
print(json.dumps(databases.Server(settings.load(given)).primary_address()))
`;
  replicatesFrom('5433');
  expect(python(code, world.path('agent.json'))).toEqual(['127.0.0.1', 5433]);
  world.program('psql', 'echo');
  expect(python(code, world.path('agent.json'))).toBeNull();
});
