import { spawn, spawnSync } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { root } from '../../support/committed.ts';
import { until } from '../../support/until.ts';

// What is Samba's own is a stub: a drill runs the real one.
const files = path.join(root, 'constructs/samba-dc/files');
const stubs: Readonly<Record<string, string>> = {
  // A volume that is empty would be begun on; any other one is served.
  'domain.py': `
import os, sys
from pathlib import Path
volume = Path(os.environ['VOLUME'])
empty = not any((volume / name).exists() for name in ('lib', 'etc', 'domain'))
if sys.argv[1:] == ['--empty']:
    sys.exit(0 if empty else 1)
(volume / 'lib').mkdir(exist_ok=True)
print('directory: begins' if empty else 'directory: holds ' + ' '.join(sorted(each.name for each in volume.iterdir())))
`,
  'unpack.py': `
import sys
from pathlib import Path
if sys.argv[1] == '--new-numbers':
    (Path(sys.argv[2]) / 'lib/numbered').touch()
    sys.exit(0)
text = Path(sys.argv[1]).read_text()
if text == 'other':
    print('it is of another domain than the one that is configured: server DC2 in place of DC1')
    sys.exit(1)
for name in ('lib', 'etc', 'domain'):
    (Path(sys.argv[2]) / name).mkdir(parents=True)
    (Path(sys.argv[2]) / name / 'from').write_text(text)
print('5 accounts')
`,
  'samba-tool': `#!/bin/bash
target=\${!#}
target=\${target#--targetdir=}
if [ -e "$STORES/broken" ]; then echo 'ERROR: No database found' >&2; exit 1; fi
printf whole >"$target/samba-backup-now.tar.bz2"
`,
  samba: '#!/bin/bash\necho serves\nexec sleep 600\n',
  'keep.sh': '#!/bin/bash\nexec sleep 600\n',
};

let folder: string;
const at = (name: string): string => path.join(folder, name);
const place = (life: number): string => at(`stores/own/samba/ad-${life}`);
const sum = (text: string): string => crypto.createHash('sha256').update(text).digest('hex');
const put = (life: number, text: string, moment = '20251122T100000Z', named = text): string => {
  const name = `${moment}-${sum(named)}.tar.bz2`;
  fs.mkdirSync(place(life), { recursive: true });
  fs.writeFileSync(path.join(place(life), name), text);
  return name;
};
const held = (life: number): string[] => (fs.existsSync(place(life)) ? fs.readdirSync(place(life)).sort() : []);
const second = { FOLDER: 'samba/ad-2', RESTORE_FOLDER: 'samba/ad-1', RESTORE_AT: 'latest' };
const from = (name: string): string => fs.readFileSync(at(`volume/${name}/from`), 'utf8');

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'directory-backup-'));
  for (const name of ['stores/own', 'bin', 'volume/domain', 'run', 'work', 'certificate']) {
    fs.mkdirSync(at(name), { recursive: true });
  }
  fs.rmdirSync(at('volume/domain'));
  for (const each of ['dc', 'backup']) fs.cpSync(path.join(files, each), at('scripts'), { recursive: true });
  fs.cpSync(path.join(root, 'constructs/stateful/files/archive'), at('scripts'), { recursive: true });
  for (const [name, text] of Object.entries(stubs)) {
    fs.writeFileSync(at(name.includes('.') ? `scripts/${name}` : `bin/${name}`), text, { mode: 0o755 });
  }
  fs.copyFileSync(path.join(root, 'tests/constructs/redis/rclone-stub.sh'), at('bin/rclone'));
  for (const file of ['tls.key', 'tls.crt', 'ca.crt']) fs.writeFileSync(at(`certificate/${file}`), file);
  fs.writeFileSync(at('secret'), 'x');
});
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

const environment = (variables: Record<string, string> = {}): NodeJS.ProcessEnv => ({
  PATH: `${at('bin')}:${process.env.PATH ?? ''}`,
  ...{
    VOLUME: at('volume'),
    RUN: at('run'),
    TOLD: at('told'),
    WORK: at('work'),
    CERTIFICATE: at('certificate'),
    TOOLS: at('bin'),
  },
  ...{ STORES: at('stores'), STORE_BUCKET: 'own', STORE_ENDPOINT: 'https://s3.example', STORE_REGION: 'here' },
  ...{ FOLDER: 'samba/ad-1', KEEP_DAYS: '30', RETRY_SECONDS: '0.2' },
  ...Object.fromEntries(
    ['ACCESS_KEY_ID', 'SECRET_ACCESS_KEY', 'ENCRYPTION_KEY'].map((name) => [`${name}_FILE`, at('secret')]),
  ),
  ...variables,
});

/** A script of the pod, and what it says. */
function begin(name: string, variables: Record<string, string> = {}) {
  const child = spawn('bash', [at(`scripts/${name}`)], { env: environment(variables), detached: true });
  const said: Buffer[] = [];
  child.stdout.on('data', (data: Buffer) => said.push(data));
  child.stderr.on('data', (data: Buffer) => said.push(data));
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  const log = (): string => Buffer.concat(said).toString();
  const stop = (): Promise<number | null> => {
    try {
      process.kill(-child.pid!, 'SIGKILL');
    } catch {
      // It is gone already.
    }
    return ended;
  };
  const says = (words: string): Promise<void> =>
    until(
      () => log().includes(words),
      () => `"${words}" in:\n${log()}`,
    );
  return { child, ended, log, says, stop };
}

/** The server's pod, until it has said that. @returns its log */
async function server(words: string, variables: Record<string, string> = {}): Promise<string> {
  const pod = begin('start.sh', variables);
  await pod.says(words).catch(async (error: unknown) => {
    await pod.stop();
    throw error;
  });
  await pod.stop();
  return pod.log();
}

describe('a backup', () => {
  beforeEach(() => {
    fs.mkdirSync(at('volume/domain'));
    fs.writeFileSync(at('volume/domain/domain.json'), '{}');
  });
  const backUp = async (variables: Record<string, string> = {}) => {
    const job = begin('backup.sh', variables);
    return { code: await job.ended, last: job.log().trim().split('\n').at(-1) };
  };

  test('is called after its moment and its checksum, and counts when it was read back', async () => {
    const { code, last } = await backUp();
    expect([code, last]).toEqual([0, expect.stringContaining('holds 1 backups')]);
    expect(held(1)).toEqual([expect.stringMatching(new RegExp(`^\\d{8}T\\d{6}Z-${sum('whole')}\\.tar\\.bz2$`))]);
  });

  test('that arrives in part goes again, and nothing older goes for it', async () => {
    const old = put(1, 'old', '20200101T000000Z');
    fs.writeFileSync(at('stores/cut'), '');
    const { code, last } = await backUp();
    expect([code, last]).toEqual([1, expect.stringContaining('is not what was sent, and is removed again')]);
    expect(held(1)).toEqual([old]);
  });

  test('drops what is too old, of which the newest three stay', async () => {
    for (const year of [2019, 2020, 2021, 2022]) put(1, String(year), `${year}0101T000000Z`);
    await backUp();
    expect(held(1).map((name) => name.slice(0, 4))).toEqual(['2021', '2022', String(new Date().getUTCFullYear())]);
  });

  test.each([
    ['a bucket that is not there', { STORE_BUCKET: 'other' }, 'there is no bucket other'],
    ['a volume without a domain', { VOLUME: '/nowhere' }, 'holds no domain that was begun'],
  ])('is none of %s', async (_, variables, expected) => {
    const { code, last } = await backUp(variables);
    expect([code, last]).toEqual([1, expect.stringContaining(expected)]);
    expect(held(1)).toEqual([]);
  });

  test('that Samba could not make says why', async () => {
    fs.writeFileSync(at('stores/broken'), '');
    expect(await backUp()).toEqual({ code: 1, last: 'directory: Samba made no copy: ERROR: No database found' });
  });
});

describe('an empty volume', () => {
  test('is begun on where there are no backups', async () => {
    expect(await server('serves')).toContain('directory: begins');
  });

  test('is begun on by nobody where there are backups of it: a person decides', async () => {
    put(1, 'whole');
    const log = await server('waits: ');
    expect(log).toMatch(
      /^directory: waits: the volume is empty, and s3:\/\/own\/samba\/ad-1 .* has 1 backups .*directory-recovery\.md$/m,
    );
    expect(fs.readdirSync(at('volume'))).toEqual(['restore']);
  });

  test('waits while nobody can say whether there are', async () => {
    fs.writeFileSync(at('stores/closed'), '');
    const pod = begin('start.sh');
    await pod.says("can't be listed: error listing: connection refused");
    fs.rmSync(at('stores/closed'));
    await pod.says('serves');
    await pod.stop();
    expect(pod.log().match(/waits:/g)).toHaveLength(1);
  });

  test('of another life begins with the backup, whole, and with numbers that nobody had', async () => {
    put(1, 'whole');
    expect(await server('serves', second)).toContain('is restored: 5 accounts');
    expect([from('lib'), from('etc'), from('domain')]).toEqual(['whole', 'whole', 'whole']);
    expect(fs.existsSync(at('volume/lib/numbered'))).toBe(true);
    expect(fs.readdirSync(at('volume')).sort()).toEqual(['domain', 'etc', 'lib']);
  });

  test('takes the newest that was complete by the moment', async () => {
    put(1, 'older', '20251121T100000Z');
    put(1, 'newer', '20251123T100000Z');
    await server('serves', { ...second, RESTORE_AT: '2025-11-22 10:00:00+00' });
    expect(from('lib')).toBe('older');
  });

  test('takes nothing that was cut short, and goes on when it is whole again', async () => {
    const name = put(1, 'who', undefined, 'whole');
    const pod = begin('start.sh', second);
    await pod.says('is not what was backed up');
    fs.writeFileSync(path.join(place(1), name), 'whole');
    await pod.says('serves');
    await pod.stop();
    expect(from('lib')).toBe('whole');
  });

  test.each([
    ['another domain', { ...second }, 'other', 'it is of another domain than the one that is configured'],
    [
      'a moment before all',
      { ...second, RESTORE_AT: '2020-01-01 00:00:00+00' },
      'whole',
      'holds no backup of 2020-01-01',
    ],
    ['a bucket that is not there', { ...second, STORE_BUCKET: 'nix' }, 'whole', 'there is no bucket nix'],
  ])('takes nothing of %s', async (_, variables, text, expected) => {
    put(1, text);
    expect(await server('waits: ', variables)).toContain(expected);
    expect(fs.readdirSync(at('volume'))).toEqual(['restore']);
  });

  test('of a life that has backups of its own begins with those alone, by another recovery', async () => {
    put(1, 'whole');
    put(2, 'whole');
    expect(await server('waits: ', second)).toContain('s3://own/samba/ad-2');
  });
});

test('what was restored is put in its place after the power was lost between two folders', async () => {
  put(1, 'whole');
  for (const name of ['restored/lib', 'restored/domain', 'etc']) {
    fs.mkdirSync(at(`volume/${name}`), { recursive: true });
    fs.writeFileSync(at(`volume/${name}/from`), 'whole');
  }
  await server('serves', second);
  expect([from('lib'), from('etc'), from('domain')]).toEqual(['whole', 'whole', 'whole']);
});

test('nothing is restored onto a domain', async () => {
  put(1, 'whole');
  fs.mkdirSync(at('volume/lib'));
  fs.writeFileSync(at('volume/lib/from'), 'running');
  expect(await server('serves', second)).toContain('directory: holds lib');
  expect(from('lib')).toBe('running');
});

test('a pod that waits is alive and not ready, and one that serves is asked again', async () => {
  put(1, 'whole');
  const probe = (what: string): number | null =>
    spawnSync('bash', [at('scripts/probe.sh'), what], { env: environment() }).status;
  expect(probe('live')).not.toBe(0);
  const waiting = begin('start.sh');
  await waiting.says('waits: ');
  expect(probe('live')).toBe(0);
  expect(probe('ready')).not.toBe(0);
  waiting.child.kill('SIGTERM');
  await waiting.ended;
  fs.rmSync(at('run/waiting'));
  const serving = begin('start.sh', second);
  await serving.says('serves');
  fs.rmSync(at('run/waiting'));
  await new Promise((resolve) => setTimeout(resolve, 1500));
  expect(probe('live')).not.toBe(0);
  await serving.stop();
});

test('a pod that waits ends when it is told to', async () => {
  put(1, 'whole');
  const pod = begin('start.sh');
  await pod.says('waits: ');
  pod.child.kill('SIGTERM');
  expect(await pod.ended).toBe(143);
});
