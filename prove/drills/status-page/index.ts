import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { PassThrough } from 'node:stream';
import { makeBucket } from '../../../scripts/buckets/make.ts';
import { statusCommand } from '../../../scripts/status/command.ts';
import { withCleanUp } from '../../machine/clean-up.ts';
import { ProvingError } from '../../machine/error.ts';
import { freePorts, Processes } from '../../machine/processes.ts';
import { waitFor } from '../../machine/wait-for.ts';
import { habitsStandIn } from '../../stand-ins/object-storage/habits.ts';
import { LocalStorage } from '../../stand-ins/object-storage/local.ts';
import { binary } from '../../tools/cache.ts';
import type { Area, Outcome } from '../area.ts';
import type { Ground } from '../ground.ts';
import { Checks } from '../hardware/checks.ts';
import { Later, picture, see } from './browser.ts';
import type { Seen } from './browser.ts';
import { Numbers } from './numbers.ts';
import { Synthesised } from './platform.ts';

const environment = 'production';
const page = 'index.html';

export const area: Area<'machine'> = {
  purpose: 'feeds the status page from a real Prometheus, and looks at it in a browser while things break',
  promises: {
    'status-page':
      "the committed rules in a real Prometheus, the page's own feeder, a bucket made by npm run buckets, and Chromium: the page " +
      'while all works, while a route answers errors, while Prometheus is gone, with words of npm run status, and ten minutes ' +
      'after feeder and Prometheus have ended',
  },
  needs: 'machine',
  minutes: 5,
  programs: ['prometheus', 'rclone', 'versitygw'],
  asks: 'observability',
  about: [
    ...['constructs/observability-stack', 'scripts/status', 'scripts/buckets', 'scripts/object-storage'],
    'prove/stand-ins/object-storage',
  ],
  run: statusPage,
};

async function statusPage({ root, folder, report }: Ground): Promise<Outcome> {
  const checks = new Checks();
  const made = new Synthesised(root, environment);
  const storage = await LocalStorage.start(path.join(folder, 'store'), made.place.region);
  const numbers = await Numbers.start(made.platform);
  const processes = new Processes(path.join(folder, 'logs'));
  const laterBy = 10;
  const later = await Later.start(storage.endpoint, laterBy);
  const { bucket } = made.place;
  const address = `${storage.endpoint}/${bucket}`;
  const seconds: Record<string, number> = {};
  const browser = path.join(folder, 'seen');
  fs.mkdirSync(browser, { recursive: true });
  const look = (): Promise<Seen> => see(`${address}/${page}`, browser);

  await withCleanUp(
    [() => processes.stop(), () => numbers.stop(), () => later.stop(), () => storage.stop()],
    async () => {
      const [port = 0] = await freePorts(1);
      const questions = startPrometheus({ processes, folder, made, numbers, port });
      await processes.waitFor('Prometheus', 60, () => isReady(port));
      feed({ processes, folder, made, storage, questions });

      report('a bucket that is made after the feeder began');
      const client = storage.client(bucket);
      const wanted = { name: 'status', ...client.place, oldVersionsDays: 1, lockDays: false, isPublic: true } as const;
      const options = { check: false, shorten: false, lock: false, patienceMilliseconds: 10_000 };
      const steps = await makeBucket(client, wanted, options);
      checks.same(
        'npm run buckets: public',
        steps
          .filter(({ name }) => name === 'public')
          .map(({ state }) => state)
          .join(),
        'done,tried',
      );
      const again = await makeBucket(client, wanted, options);
      checks.same(
        'npm run buckets again',
        again.map(({ state }) => state).join(),
        'as it was,as it was,as it was,as it was,tried',
      );
      await waitFor(
        'a page',
        { atMost: 60, every: 500, see: folder },
        async () => (await fetch(`${address}/${page}`)).ok,
      );
      checks.same('listing it without keys', String((await fetch(`${address}?list-type=2`)).status), '403');
      const put = await fetch(`${address}/status.json`, { method: 'PUT', body: '{}' });
      checks.same('writing it without keys', String(put.status), '403');

      report('all works');
      await waitFor('all to be measured', { atMost: 180, every: 2000, see: folder }, async () =>
        (await states(address)).every((state) => state === 'works'),
      );
      const works = await look();
      checks.same('the page while all works', works.summary, '✓ Everything works');
      checks.same('its lines', works.lines.join(), lines(made, '✓ works').join());
      await picture(`${address}/${page}`, browser, 'works');
      await picture(`${address}/${page}`, browser, 'works-dark', { dark: true });
      const answer = await fetch(`${address}/status.json`);
      checks.same('how long browsers keep it', answer.headers.get('cache-control') ?? 'not said', 'max-age=15');
      const told = await answer.text();
      const inside = /sloth|alert|prometheus|10\.\d|svc\.cluster|drill-secret/i.exec(told)?.[0] ?? 'nothing';
      checks.same('what it tells of the inside', inside, 'nothing');

      report('a route answers errors');
      const [first = ''] = made.platform.objectives.flatMap(({ props }) =>
        props.alert.startsWith('Route') ? props.service : [],
      );
      let start = performance.now();
      numbers.errors.set(first, 300);
      await waitFor('the page to tell', { atMost: 60, every: 250, see: folder }, async () =>
        (await states(address)).includes('impaired'),
      );
      seconds['page tells of errors'] = elapsed(start);
      const impaired = await look();
      checks.same('the page while a route answers errors', impaired.summary, `✕ Impaired: ${first}`);
      checks.same(
        'its other lines',
        String(impaired.lines.filter((line) => line.endsWith('✓ works')).length),
        String(works.lines.length - 1),
      );

      report('words of people');
      const say = (...args: readonly string[]): Promise<string> => statusCommandOf(made, storage, args);
      await say('We know of it, and mend it.\nNext word at 04:00 UTC.');
      const said = await look();
      checks.same('words of people', said.announcement, 'We know of it, and mend it. Next word at 04:00 UTC.');
      await picture(`${address}/${page}`, browser, 'impaired');
      await picture(`${address}/${page}`, browser, 'impaired-narrow', { width: 360 });
      checks.says('npm run status', await say(), 'We know of it');

      report('Prometheus is gone');
      await processes.stopOne('prometheus');
      await waitFor('the page to tell', { atMost: 60, every: 250, see: folder }, async () =>
        (await states(address)).every((state) => state === 'unknown'),
      );
      checks.same('the page without Prometheus', (await look()).summary, '? Not everything is known');
      await say('--clear');
      checks.same('words that were taken away', (await look()).announcement, '');

      report('all of it is gone');
      await processes.stopOne('feeder');
      start = performance.now();
      const silent = await see(`${later.endpoint}/${bucket}/${page}`, browser);
      checks.same(
        'the page ten minutes later',
        silent.summary,
        `? The platform has not reported for ${laterBy} minutes: it may be down`,
      );
      checks.same('its lines by then', silent.lines.join(), lines(made, '? not known').join());
      await say('Both servers are lost. We build them anew.');
      const lost = await see(`${later.endpoint}/${bucket}/${page}`, browser);
      checks.same('words of people by then', lost.announcement, 'Both servers are lost. We build them anew.');
      await picture(`${later.endpoint}/${bucket}/${page}`, browser, 'silent');
      await picture(`${later.endpoint}/${bucket}/${page}`, browser, 'silent-dark', { dark: true });
    },
  );
  return {
    'status-page': {
      figures: seconds,
      units: Object.fromEntries(Object.keys(seconds).map((name) => [name, 's'])),
      checks: checks.all,
      standIns: [
        habitsStandIn,
        "a server of the drill for Traefik's and the directory's numbers, a proxy with a clock that is ahead for ten minutes of waiting",
      ],
    },
  };
}

interface Started {
  readonly processes: Processes;
  readonly folder: string;
  readonly made: Synthesised;
}

/** With the rules that synth wrote, and looks so often that nobody has to wait. @returns where it is asked */
function startPrometheus({
  processes,
  folder,
  made,
  numbers,
  port,
}: Started & { readonly numbers: Numbers; readonly port: number }): string {
  const rules = made.files('prometheus-rules', path.join(folder, 'rules'));
  const file = path.join(folder, 'prometheus.json');
  const job = { job_name: 'drill', honor_labels: true, static_configs: [{ targets: [numbers.address] }] };
  const settings = {
    // No look may fail on a busy machine: what is asked minute by minute is missing where one at the minute did.
    global: {
      scrape_interval: '5s',
      scrape_timeout: '5s',
      evaluation_interval: '5s',
      external_labels: { cluster: environment },
    },
    rule_files: [`${rules}/*.yaml`],
    scrape_configs: [job],
  };
  fs.writeFileSync(file, JSON.stringify(settings));
  const data = path.join(folder, 'data');
  fs.rmSync(data, { recursive: true, force: true });
  const listen = `127.0.0.1:${port}`;
  processes.start('prometheus', binary('prometheus'), [
    `--config.file=${file}`,
    `--storage.tsdb.path=${data}`,
    `--web.listen-address=${listen}`,
  ]);
  return `http://${listen}`;
}

/** As its container is started, but for where things are, and how long it sleeps. */
function feed({
  processes,
  folder,
  made,
  storage,
  questions,
}: Started & { readonly storage: LocalStorage; readonly questions: string }): void {
  const at = (name: string): string => path.join(folder, 'feeder', name);
  const script = path.join(made.files('status-page-scripts', at('scripts')), 'feed.sh');
  const keys = storage.environment();
  const written = (name: string, text: string): string => {
    fs.writeFileSync(at(name), text, { mode: 0o600 });
    return at(name);
  };
  const committed = made.variables();
  fs.mkdirSync(at('tmp'), { recursive: true });
  processes.start('feeder', 'sh', [script], {
    ...committed,
    PATH: `${path.dirname(binary('rclone'))}:${process.env.PATH ?? ''}`,
    TMPDIR: at('tmp'),
    LOOKED: at('looked'),
    STORE_ENDPOINT: storage.endpoint,
    NUMBERS: (committed.NUMBERS ?? '').replace(/^http:\/\/[^/]+/, questions),
    PAGE: made.files('status-page-page', at('page')),
    LINES_FILE: path.join(made.files('status-page-lines', at('lines')), 'lines.txt'),
    EVERY_SECONDS: '1',
    ACCESS_KEY_ID_FILE: written('id', keys.AWS_ACCESS_KEY_ID ?? ''),
    SECRET_ACCESS_KEY_FILE: written('secret', keys.AWS_SECRET_ACCESS_KEY ?? ''),
  });
}

/** `npm run status`, with the keys of the bucket and nothing else. @returns what it said */
async function statusCommandOf(made: Synthesised, storage: LocalStorage, args: readonly string[]): Promise<string> {
  const output = new PassThrough();
  const env = { ...storage.environment(), AWS_ENDPOINT_URL_S3: storage.endpoint };
  const context = { env, input: () => made.changes, now: () => new Date() };
  const code = await statusCommand(context, args, { stdout: output, stderr: output });
  const said = String(output.read() ?? '');
  if (code !== 0) throw new ProvingError(`npm run status: exit code ${code}\n${said}`);
  return said;
}

async function states(address: string): Promise<readonly string[]> {
  const answer = await fetch(`${address}/status.json`);
  if (!answer.ok) return ['missing'];
  const { lines: told } = (await answer.json()) as { readonly lines: readonly { readonly state: string }[] };
  return told.map(({ state }) => state);
}

/** What the page has to show where all is in one state. */
function lines({ platform }: Synthesised, state: string): string[] {
  const names = [...platform.objectives]
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .flatMap(({ props }) => props.forUsers ?? []);
  return [...new Set(names)].map((name) => `${name} ${state}`);
}

function elapsed(start: number): number {
  return Math.round((performance.now() - start) / 100) / 10;
}

function isReady(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/-/ready`).then(
    ({ ok }) => ok,
    () => false,
  );
}
