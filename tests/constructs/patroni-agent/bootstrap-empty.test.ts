import { World } from './support.ts';

let world: World;
beforeEach(async () => {
  world = new World();
  await world.start();
});
afterEach(() => world.stop());

/** Runs the bootstrap of an empty cluster, with this in place of WAL-G and a program that says how it was called. */
function bootstrap(
  walg: string,
  environment: Record<string, string> = { WALG_S3_PREFIX: 's3://bucket/postgres/17-1' },
) {
  world.program('initdb', 'echo "$*"');
  const args = ['--scope=postgres', '--datadir=/data', `--programs=${world.path('.')}`, '--provider=builtin'];
  return world.run('bootstrap-empty.sh', args, { WALG: world.program('wal-g', walg), ...environment });
}

const listed = 'echo "name modified"; echo "base_000000010000000000000004 2026-11-23"';

test('a cluster begins empty beside an empty archive', () => {
  const { status, stdout } = bootstrap('echo "No backups found" >&2');
  expect(status).toBe(0);
  expect(stdout).toContain('--pgdata=/data --username=postgres --data-checksums --encoding=UTF8');
  expect(stdout).toContain('--locale-provider=builtin --locale=C.UTF-8');
});

test('a cluster without an archive begins empty and asks nobody', () => {
  expect(bootstrap('exit 1', {}).status).toBe(0);
});

test('a cluster never begins empty beside backups, and says how to get the data back', () => {
  const { status, stdout, stderr } = bootstrap(listed);
  expect([status, stdout]).toEqual([1, '']);
  expect(stderr).toContain('s3://bucket/postgres/17-1 has backups');
  expect(stderr).toContain('npm run recover -- pg --to latest');
});

test('a cluster waits while nobody knows whether its archive is empty', () => {
  const { status, stderr } = bootstrap('echo "connection refused" >&2; exit 1');
  expect(status).toBe(1);
  expect(stderr).toContain("can't be known; trying again. connection refused");
});

test('the folders of data and programs are needed', () => {
  expect(world.run('bootstrap-empty.sh', ['--datadir=/data'], {})).toMatchObject({ status: 2 });
});
