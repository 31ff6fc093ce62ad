// npm run bench: whole-process times as ratios of one run, since seconds say more of the machine than of the program.
import { spawnSync } from 'node:child_process';
import process from 'node:process';
import { parseArguments } from '../synth/arguments.ts';

const help = `npm run bench -- [OPTION...]

Measures npm run synth against its budgets, each round one run of every way in turn; then npm test, and large trees.

  --rounds N  how often each way runs; the median counts   [7]
  --small     the least that shows that everything here still runs: small trees, one file of tests, and no verdict,
              because so few runs say nothing
  --help      this text
`;

/** Budgets are of one environment: how many there are is the user's business. */
const one = ['--environment', 'production'];
const tsNode = ['node', '--import', './scripts/ts-node.mjs', 'main.ts', ...one];

interface Way {
  readonly what: string;
  readonly command: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** The ways to the same files, and the floor under all of them. */
const ways = {
  floor: { what: 'a Node process that only loads cdk8s', command: ['node', '-e', "require('cdk8s')"] },
  synth: { what: 'npm run synth, nothing changed', command: ['node', 'scripts/run.cjs', 'main.ts', ...one] },
  all: { what: 'the same of every environment', command: ['node', 'scripts/run.cjs', 'main.ts'] },
  uncached: { what: 'of one, by ts-node with swc', command: tsNode },
  default: {
    what: 'npx cdk8s synth, ts-node with type check',
    command: ['npx', 'cdk8s', 'synth', '--app', tsNode.join(' ')],
    environment: { TS_NODE_PROJECT: 'bench/tsconfig.json' },
  },
} as const satisfies Readonly<Record<string, Way>>;
type Name = keyof typeof ways;

interface Options {
  readonly rounds: number;
  readonly small: boolean;
}

function parse(args: readonly string[]): Options {
  const stop = (code: number): never => {
    (code === 0 ? process.stdout : process.stderr).write(help);
    process.exit(code);
  };
  try {
    const { values } = parseArguments({
      args: [...args],
      options: {
        rounds: { type: 'string', default: '7' },
        small: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) return stop(0);
    const rounds = Number(values.rounds);
    return Number.isInteger(rounds) && rounds > 0 ? { rounds, small: values.small } : stop(2);
  } catch {
    return stop(2);
  }
}

/** Milliseconds of a whole process. */
function measure({ command, environment }: Way): number {
  const [program = '', ...args] = command;
  const start = performance.now();
  const { status, stderr } = spawnSync(program, args, { encoding: 'utf8', env: { ...process.env, ...environment } });
  const milliseconds = performance.now() - start;
  if (status !== 0) throw new Error(`${command.join(' ')} ended with ${status ?? 'a signal'}:\n${stderr}`);
  return milliseconds;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** The medians of all ways. */
function measureWays(rounds: number): Record<Name, number> {
  const names = Object.keys(ways) as Name[];
  const times: Record<Name, number[]> = { floor: [], synth: [], all: [], uncached: [], default: [] };
  // The first round fills every cache and is thrown away.
  for (let round = 0; round <= rounds; round += 1) {
    process.stderr.write(`round ${round} of ${rounds}\n`);
    for (const name of names) {
      const time = measure(ways[name]);
      if (round > 0) times[name].push(time);
    }
  }
  return {
    floor: median(times.floor),
    synth: median(times.synth),
    all: median(times.all),
    uncached: median(times.uncached),
    default: median(times.default),
  };
}

/** Milliseconds of the process and of an object in it, of a tree of so many backend/frontend pairs. */
function measureTree(pairs: number): { readonly whole: number; readonly object: number } {
  const command = ['node', 'scripts/run.cjs', 'bench/pairs.ts', String(pairs)] as const;
  const runs = [1, 2, 3].map(() => {
    const start = performance.now();
    const { stdout, stderr, status } = spawnSync(command[0], command.slice(1), { encoding: 'utf8' });
    const whole = performance.now() - start;
    if (status !== 0) throw new Error(`${command.join(' ')} ended with ${status ?? 'a signal'}:\n${stderr}`);
    const { objects, milliseconds } = JSON.parse(stdout) as { readonly objects: number; readonly milliseconds: number };
    return { whole, object: milliseconds / objects };
  });
  return { whole: median(runs.map(({ whole }) => whole)), object: median(runs.map(({ object }) => object)) };
}

function main({ rounds, small }: Options): void {
  const print = (what: string, milliseconds: number, floor: number): void => {
    const ratio = (milliseconds / floor).toFixed(2).padStart(8);
    process.stdout.write(`${what.padEnd(44)} ${milliseconds.toFixed(0).padStart(7)} ms ${ratio} x floor\n`);
  };
  const at = measureWays(rounds);
  for (const name of Object.keys(ways) as Name[]) print(ways[name].what, at[name], at.floor);
  const trees = (small ? [1, 10] : [10, 100, 1000]).map((pairs) => {
    const tree = measureTree(pairs);
    print(`a tree of ${pairs} backend/frontend pairs`, tree.whole, at.floor);
    process.stdout.write(`${'  of which an object is'.padEnd(44)} ${tree.object.toFixed(2).padStart(7)} ms\n`);
    return tree;
  });
  const tests = small ? ['npm', 'test', '--', 'tests/core/names.test.ts'] : ['npm', 'test'];
  print(tests.join(' '), measure({ what: 'tests', command: tests }), at.floor);
  const few = trees[0]?.object ?? Number.NaN;
  const many = trees.at(-1)?.object ?? Number.NaN;
  const budgets: readonly (readonly [string, number, boolean])[] = [
    ['synth is at most 1.5 times the floor', at.synth / at.floor, at.synth <= 1.5 * at.floor],
    ['synth is at least 8 times faster than the default', at.default / at.synth, at.default >= 8 * at.synth],
    ['an object of 1000 pairs costs no more than one of 10', many / few, many <= few],
  ];
  if (small) return;
  for (const [what, ratio, kept] of budgets) {
    process.stdout.write(`${kept ? 'kept  ' : 'BROKEN'} ${what}: ${ratio.toFixed(2)}\n`);
  }
  if (budgets.some(([, , kept]) => !kept)) process.exitCode = 1;
}

main(parse(process.argv.slice(2)));
