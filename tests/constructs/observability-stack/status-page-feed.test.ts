import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { root } from '../../support/committed.ts';
import { until } from '../../support/until.ts';

const files = path.join(root, 'constructs/observability-stack/files/status-page');

/** In place of rclone: the bucket is a folder, which may not be there, and Prometheus a file, which may not be there either. */
const rclone = `#!/bin/sh
for last; do :; done
case " $* " in
  *" copyurl "*) cat "$PROMETHEUS" ;;
  *) [ -d "$BUCKET" ] && echo "$*" >>"$BUCKET.said" && cat >"$BUCKET/\${last##*/}" ;;
esac
`;

let folder: string;
let child: ReturnType<typeof spawn>;
const at = (name: string): string => path.join(folder, name);

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'status-page-'));
  fs.mkdirSync(at('bin'));
  fs.writeFileSync(at('bin/rclone'), rclone, { mode: 0o755 });
  for (const name of ['id', 'secret']) fs.writeFileSync(at(name), `${name}-value`);
  fs.writeFileSync(
    at('lines.txt'),
    'Signing in\tsloth_id="a-b" sloth_id="a-c"\nshop.example.com\tinstance="https://shop/"\n',
  );
});
afterEach(async () => {
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill();
  await ended;
  fs.rmSync(folder, { recursive: true });
});

function start(): void {
  child = spawn('sh', [path.join(files, 'feed.sh')], {
    stdio: ['ignore', 'ignore', fs.openSync(at('said'), 'w')],
    env: {
      PATH: `${at('bin')}:${process.env.PATH}`,
      TMPDIR: folder,
      STORE_ENDPOINT: 'https://s3.example',
      STORE_REGION: 'test',
      STORE_BUCKET: 'page',
      ACCESS_KEY_ID_FILE: at('id'),
      SECRET_ACCESS_KEY_FILE: at('secret'),
      PLATFORM: 'example.com',
      NUMBERS: 'http://prometheus/federate',
      PAGE: files,
      LINES_FILE: at('lines.txt'),
      EVERY_SECONDS: '0.05',
      LOOKED: at('looked'),
      PROMETHEUS: at('numbers'),
      BUCKET: at('bucket'),
    },
  });
}
const read = (name: string): string => (fs.existsSync(at(name)) ? fs.readFileSync(at(name), 'utf8') : '');
/** Waits until it is told, line by line. */
function told(states: string): Promise<void> {
  const now = (): string =>
    [...read('bucket/status.json').matchAll(/"name":"(.*)","state":"(.*)"/g)]
      .map(([, name, state]) => `${name} ${state}`)
      .join(', ');
  return until(() => now() === states, now);
}
const measured = [
  'slo:sli_error:ratio_rate5m{sloth_id="a-b",cluster="x"} 0 1',
  'slo:sli_error:ratio_rate5m{sloth_id="a-c",cluster="x"} 0 1',
  'probe_success{instance="https://shop/",job="public-paths"} 1 1',
];
const numbers = (...lines: readonly string[]): void => {
  fs.writeFileSync(at('numbers.new'), `${lines.join('\n')}\n`);
  fs.renameSync(at('numbers.new'), at('numbers'));
};

test('brings the page and what is known, and goes on when the bucket comes later', async () => {
  numbers(...measured);
  start();
  await until(
    () => read('said').includes('could not be written to page'),
    () => read('said'),
  );
  fs.mkdirSync(at('bucket'));
  await told('Signing in works, shop.example.com works');
  await until(
    () => read('bucket/index.html') !== '',
    () => read('said'),
  );
  for (const name of ['index.html', 'status.js', 'style.css']) {
    expect(read(`bucket/${name}`)).toBe(fs.readFileSync(path.join(files, name), 'utf8'));
  }
  const said = read('bucket.said');
  expect(said).toMatch(
    /Cache-Control: max-age=15 --header-upload Content-Type: application\/json store:page\/status.json/,
  );
  expect(said).not.toContain('-value');
});

test('tells what is impaired, what is not known, and that it knows nothing without Prometheus', async () => {
  fs.mkdirSync(at('bucket'));
  numbers(...measured);
  start();
  await told('Signing in works, shop.example.com works');
  numbers(...measured, 'ALERTS{alertname="SignInBurns",alertstate="firing",sloth_id="a-c"} 1 1');
  await told('Signing in impaired, shop.example.com works');
  numbers(...measured, 'ALERTS{alertname="PublicPathDown",alertstate="firing",instance="https://shop/"} 1 1');
  await told('Signing in works, shop.example.com impaired');
  numbers(...measured.slice(1));
  await told('Signing in unknown, shop.example.com works');
  fs.rmSync(at('numbers'));
  await told('Signing in unknown, shop.example.com unknown');
  expect(fs.existsSync(at('looked'))).toBe(true);
});

test('leaves nothing of itself when it is ended', async () => {
  fs.mkdirSync(at('bucket'));
  numbers(...measured);
  start();
  await told('Signing in works, shop.example.com works');
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill();
  expect(await ended).toBe(143);
  expect(fs.readdirSync(folder).filter((name) => name.startsWith('tmp.'))).toEqual([]);
  start();
});
