// npm run bench: whole-process times as ratios of one run, since seconds say more of the machine than of the program.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import process from 'node:process';

const help = `npm run bench -- [--rounds N]

Measures npm run synth against its budgets (DESIGN section 9), each round one run of every way in turn.

  --rounds N  how often each way runs; the median counts   [7]
  --help      this text
`;

const tsNode = 'node --import ./scripts/ts-node.mjs main.ts';

/** The ways to the same files, and the floor under all of them. */
const ways = {
  floor: { what: 'a Node process that only loads cdk8s', command: ['node', '-e', "require('cdk8s')"], environment: {} },
  synth: { what: 'npm run synth, nothing changed', command: ['node', 'scripts/run.cjs', 'main.ts'], environment: {} },
  uncached: { what: 'the same by ts-node with swc', command: tsNode.split(' '), environment: {} },
  default: {
    what: 'npx cdk8s synth, ts-node with type check',
    command: ['npx', 'cdk8s', 'synth', '--app', tsNode],
    environment: { TS_NODE_PROJECT: 'bench/tsconfig.json' },
  },
} as const;
type Way = keyof typeof ways;

const counts = [10, 100, 1000] as const;

function rounds(args: readonly string[]): number {
  if (args.length === 0) return 7;
  const [option, value] = args;
  const count = Number(value);
  if (option === '--rounds' && Number.isInteger(count) && count > 0 && args.length === 2) return count;
  process.stdout.write(help);
  process.exit(option === '--help' ? 0 : 2);
}

/** Milliseconds of a whole process. */
function measure(way: Way): number {
  const [program = '', ...args] = ways[way].command;
  const start = performance.now();
  const { status, stderr } = spawnSync(program, args, {
    encoding: 'utf8',
    env: { ...process.env, ...ways[way].environment },
  });
  if (status !== 0) throw new Error(`${[program, ...args].join(' ')} ended with ${status ?? 'a signal'}:\n${stderr}`);
  return performance.now() - start;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Milliseconds an object at so many backend/frontend pairs. */
function timePerObject(pairs: number): number {
  const program = path.join('bench', 'pairs.ts');
  const { stdout, stderr, status } = spawnSync('node', ['scripts/run.cjs', program, String(pairs)], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  const { objects, milliseconds } = JSON.parse(stdout) as { readonly objects: number; readonly milliseconds: number };
  return milliseconds / objects;
}

function main(): void {
  const count = rounds(process.argv.slice(2));
  const names = Object.keys(ways) as Way[];
  const times: Record<Way, number[]> = { floor: [], synth: [], uncached: [], default: [] };
  // The first round fills every cache and is thrown away.
  for (let round = 0; round <= count; round += 1) {
    process.stderr.write(`round ${round} of ${count}\n`);
    for (const name of names) {
      const time = measure(name);
      if (round > 0) times[name].push(time);
    }
  }
  const at = (name: Way): number => median(times[name]);
  for (const name of names) {
    process.stdout.write(
      `${ways[name].what.padEnd(44)} ${at(name).toFixed(0).padStart(6)} ms  ${(at(name) / at('floor')).toFixed(2).padStart(6)} x floor\n`,
    );
  }
  const [few = Number.NaN, , many = Number.NaN] = counts.map((pairs) => {
    const time = median([1, 2, 3].map(() => timePerObject(pairs)));
    process.stdout.write(
      `${`an object, of ${pairs} backend/frontend pairs`.padEnd(44)} ${time.toFixed(2).padStart(6)} ms\n`,
    );
    return time;
  });
  const budgets: readonly (readonly [string, number, boolean])[] = [
    ['synth is at most twice the floor', at('synth') / at('floor'), at('synth') <= 2 * at('floor')],
    [
      'synth is at least 8 times faster than the default',
      at('default') / at('synth'),
      at('default') >= 8 * at('synth'),
    ],
    ['an object of 1000 pairs costs no more than one of 10', many / few, many <= few],
  ];
  for (const [what, ratio, kept] of budgets) {
    process.stdout.write(`${kept ? 'kept  ' : 'BROKEN'} ${what}: ${ratio.toFixed(2)}\n`);
  }
  if (budgets.some(([, , kept]) => !kept)) process.exitCode = 1;
}

main();
