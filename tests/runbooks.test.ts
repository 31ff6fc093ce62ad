import fs from 'node:fs';
import path from 'node:path';
import { buildPlatform } from '../apps/platform.ts';
import { environments } from '../config/index.ts';
import { Workload } from '../constructs/core/workload.ts';
import { root } from './support/committed.ts';
import { tellingUsers } from './support/status-page.ts';
import { tracedPlatform } from './support/traces.ts';

const folder = path.join(root, 'docs/runbooks');
const files = fs.readdirSync(folder).sort();
const text = (file: string): string => fs.readFileSync(path.join(folder, file), 'utf8');

/** Of every environment, as it is where its users are told, and where its traces are kept. */
const platforms = Object.keys(environments).flatMap((name) => [
  buildPlatform(name, { changes: tellingUsers(name) }),
  tracedPlatform(name),
]);
const alerts = platforms.flatMap((platform) => platform.alerts.map(({ props }) => props));
const objectives = platforms.flatMap((platform) => platform.objectives.map(({ props }) => props));
/** Of the lines of logs too. */
const ofLines = platforms.flatMap((platform) => platform.logAlerts.map(({ props }) => props));
const runbooks = [...alerts, ...ofLines, ...objectives].map(({ runbook }) => runbook);

/** Where programs and pages send people to a runbook. */
const references = ['constructs', 'docs/constructs', 'docs/guides', 'synth', 'scripts']
  .flatMap((name) =>
    fs
      .readdirSync(path.join(root, name), { recursive: true, encoding: 'utf8' })
      .map((file) => path.join(root, name, file)),
  )
  .filter((file) => /\.(ts|md)$/.test(file))
  .map((file) => fs.readFileSync(file, 'utf8'))
  .join('\n');

test('every alert and every objective has its runbook', () => {
  expect(alerts.length).toBeGreaterThan(10);
  expect(objectives.length).toBeGreaterThan(6);
  expect(runbooks.filter((runbook) => !files.includes(`${runbook}.md`))).toEqual([]);
});

test('somebody misses every job by schedule, no sooner than it is late', () => {
  const jobs = Object.keys(environments).flatMap((name) =>
    buildPlatform(name).owners.flatMap((owner) =>
      owner instanceof Workload && owner.props.controller.kind === 'CronJob'
        ? [{ name: owner.name, gap: owner.props.controller.schedule.longestGap().toSeconds() }]
        : [],
    ),
  );
  expect(jobs.length).toBeGreaterThan(1);
  const missed = ({ name, gap }: (typeof jobs)[number]): boolean =>
    alerts.some(
      ({ expression }) => expression.includes(`cronjob="${name}"`) && Number(/ > (\d+)$/.exec(expression)?.[1]) > gap,
    );
  expect(jobs.filter((job) => !missed(job))).toEqual([]);
});

test('there is no runbook that nothing leads to', () => {
  const named = new Set(runbooks.map((runbook) => `${runbook}.md`));
  expect(files.filter((file) => !named.has(file) && !references.includes(`runbooks/${file}`))).toEqual([]);
});

test('every link leads somewhere', () => {
  const broken = files.flatMap((file) =>
    [...text(file).matchAll(/\]\(([^)#:]+)\)/g)]
      .map(([, target]) => target!)
      .filter((target) => !fs.existsSync(path.join(folder, target)))
      .map((target) => `${file}: ${target}`),
  );
  expect(broken).toEqual([]);
});

test('the runbook of an alert says what it means, where to look and what to do', () => {
  for (const runbook of runbooks) {
    expect(text(`${runbook}.md`).match(/^## .*/gm)).toEqual(['## What it means', '## Look', '## Do']);
  }
});

/** Commands that somebody copies, each on a line. */
const commandsOf = (page: string): string[] =>
  [...page.matchAll(/^ *```sh\n([\s\S]*?)^ *```$/gm)].flatMap(([, block = '']) => block.split('\n'));

test('whoever is sent to the machines is told how their door is opened', () => {
  const silent = files.filter(
    (file) =>
      commandsOf(text(file)).some((line) => /install\/run |root@ADDRESS/.test(line)) &&
      !text(file).includes('install.md#open-the-door'),
  );
  expect(silent).toEqual([]);
});

test('commands of Terraform stay in the root of the repository, and leave the door open for what follows', () => {
  const wrong = files.flatMap((file) =>
    commandsOf(text(file)).filter(
      (line) =>
        /\b(tofu|cd terraform)\b/.test(line) &&
        (!line.includes('tofu -chdir=terraform ') ||
          (line.includes(' apply ') && !line.includes('-var-file=door.tfvars.json'))),
    ),
  );
  expect(wrong).toEqual([]);
});

test('names of production in commands are those of its objects', () => {
  const names = new Set(
    fs
      .readdirSync(path.join(root, 'dist/production/data'))
      .map((file) => /^(?:cronjob|service|configmap|statefulset)-(.*)\.yaml$/.exec(file)?.[1])
      .filter((name) => name !== undefined)
      // The pages name the first generation.
      .map((name) => name.replace(/^postgres-\d+/, 'postgres')),
  );
  const mentioned = files.flatMap((file) =>
    [...text(file).matchAll(/cronjob[ /](postgres-[a-z-]+)|endpoints (postgres\S*) (postgres-\S*)/g)].flatMap(
      ([, cronJob, ...endpoints]) => (cronJob === undefined ? endpoints : [cronJob]),
    ),
  );
  expect(mentioned.length).toBeGreaterThan(3);
  expect(mentioned.filter((name) => !names.has(name))).toEqual([]);
});

/** Of blocks for a shell, each with what it calls. */
const commands = files.flatMap((file) =>
  [...text(file).matchAll(/^ *```sh\n(.*?)^ *```$/gms)].flatMap(([, block = '']) =>
    block.split('\n').map((line) => ({ file, line: line.trim().replace(/ +#.*$/, '') })),
  ),
);

test('commands of install/ have stages, nodes and options that there are', () => {
  const read = (name: string): string => fs.readFileSync(path.join(root, 'install', name), 'utf8');
  const stages = fs.readdirSync(path.join(root, 'install/stages')).map((name) => name.replace('.sh', ''));
  const calls = commands.flatMap(({ file, line }) =>
    [...line.matchAll(/install\/(run|secrets|pin)((?: [^ ;']+)*)/g)].map(([, name = '', args = '']) => ({
      file,
      name,
      args,
    })),
  );
  expect(calls.length).toBeGreaterThan(20);
  const wrong = calls.filter(({ name, args }) => {
    const words = args.trim().split(' ');
    const valueOf = (option: string) => words[words.indexOf(option) + 1] ?? '';
    const options = words.filter((word) => word.startsWith('--'));
    const named = ['--from', '--only'].filter((option) => options.includes(option)).map(valueOf);
    return (
      !options.every((option) => read(name).includes(`  ${option}`)) ||
      !named.every((stage) => stage === '"$stage"' || stages.includes(stage))
    );
  });
  expect(wrong).toEqual([]);
});

test('scripts of package.json that commands name are there', () => {
  const { scripts } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')) as { scripts: object };
  const named = commands.flatMap(({ file, line }) =>
    [...line.matchAll(/npm run (?:-s )?([a-z:-]+)/g)].map(([, script = '']) => ({ file, script })),
  );
  expect(named.length).toBeGreaterThan(20);
  expect(named.filter(({ script }) => !Object.hasOwn(scripts, script))).toEqual([]);
});
