import fs from 'node:fs';
import path from 'node:path';
import { committedVariables, Image } from './image.ts';

const workloads = [
  ['backend', 'dist/main.js', 'backend/deployment-backend.yaml'],
  ['backend', 'dist/migrate.js', 'backend/job-backend-migrations.yaml'],
  ['frontend', 'server.js', 'frontend/deployment-frontend.yaml'],
] as const;

let image: Image;

afterEach(() => {
  image.close();
});

test.each(workloads)('%s: %s without variables names exactly those that %s sets, in one line', async (...workload) => {
  const [name, entry, file] = workload;
  image = new Image(name);
  const program = image.start(entry, {});
  expect(await program.ended()).toBe(1);
  expect(program.output.trimEnd().split('\n')).toHaveLength(1);
  const missing = [...program.output.matchAll(/([A-Z\d_]+) is missing/g)].map(([, variable]) => variable);
  expect(missing.sort()).toEqual(Object.keys(committedVariables(file)).sort());
});

describe('the backend', () => {
  const file = 'backend/deployment-backend.yaml';

  beforeEach(() => {
    image = new Image('backend');
  });

  test('does not start with a file that is missing and one that is empty, and names both', async () => {
    const variables = image.variables(file);
    image.writeSecret('REDIS_PASSWORD_FILE', '');
    fs.rmSync(path.join(image.secrets, 'SESSION_KEY_FILE'));
    const program = image.start('dist/main.js', variables);
    expect(await program.ended()).toBe(1);
    expect(program.output).toMatch(
      /^backend 0\.1\.0 can't start: REDIS_PASSWORD_FILE names an empty file \(.*\); SESSION_KEY_FILE names a file that can't be read \(ENOENT.*\)\n$/,
    );
  });

  test.each([
    ['SHUTDOWN_TIMEOUT_MS', '20s', 'SHUTDOWN_TIMEOUT_MS is not a whole number: 20s'],
    ['LDAP_URL', 'samba', 'LDAP_URL is not an address: samba'],
    ['METRICS_PATH', 'metrics', 'METRICS_PATH is not a path from /: metrics'],
    ['KERBEROS_REALM', '', 'KERBEROS_REALM is missing'],
  ])('does not start with %s=%s', async (variable, value, finding) => {
    const program = image.start('dist/main.js', image.variables(file, { [variable]: value }));
    expect(await program.ended()).toBe(1);
    expect(program.output).toBe(`backend 0.1.0 can't start: ${finding}\n`);
  });

  test('starts with a cache of its own instead of one behind sentinels', async () => {
    const sentinel = { REDIS_SENTINELS: '', REDIS_PRIMARY_NAME: '' };
    const own = { REDIS_HOST: 'redis.example.com', REDIS_PORT: '6379' };
    const program = image.start('dist/main.js', image.variables(file, { ...sentinel, ...own }));
    expect((await program.listening()).port).toBeGreaterThan(0);
  });
});
