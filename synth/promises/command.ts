import { InputError } from '../../constructs/core/error.ts';
import type { Finding } from '../../constructs/core/error.ts';
import type { PromiseEntry } from './entry.ts';
import { ledger, missingTests } from './ledger.ts';
import { json, table } from './print.ts';
import { figuresPage, readme, writePage } from './readme.ts';
import type { FiguresPage, MarkedPage } from './readme.ts';
import { readResults } from './results.ts';
import { parseArguments } from '../arguments.ts';

const help = `npm run promises -- [OPTION]

Prints what the platform promises against what is proven: by tests of the generated output, and by drills on the real
programs, whose results are in prove/results/.

  --json          as JSON
  --check         print nothing but what is wrong: a table that is not current, a named test that does not exist; exit
                  code 1 if anything is
  --write-readme  write the table of README.md, and those of runbooks that have figures of a drill, between their marks
  --help          this text
`;

/** What the command takes from the world. */
export interface PromisesContext {
  readonly arguments: readonly string[];
  /** Folder that holds `README.md`, `tests/` and `prove/results/`. */
  readonly root: string;
  readonly promises: readonly PromiseEntry[];
  /** Pages with figures, beside README.md. */
  readonly pages: readonly FiguresPage[];
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: NodeJS.WritableStream;
  /** Colours on a terminal. */
  readonly colours: boolean;
}

/** Runs `npm run promises`. @returns the exit code: 0 done, 1 refused or not current, 2 called wrongly */
export function promisesCommand(context: PromisesContext): number {
  const { root, promises, stdout, stderr } = context;
  try {
    const mode = modeOf(context.arguments);
    if (mode === undefined) {
      stderr.write(`one option at a time\n\n${help}`);
      return 2;
    }
    if (mode === 'help') {
      stdout.write(help);
      return 0;
    }
    const rows = ledger(root, promises);
    if (mode === 'json') stdout.write(`${json(rows)}\n`);
    else if (mode === 'check') {
      const findings = [...missingFindings(root, promises), ...pageFindings(pagesOf(context, rows))];
      if (findings.length > 0) throw new InputError(findings);
      stdout.write('README.md is current, and every test that promises.ts names exists\n');
    } else if (mode === 'write-readme') {
      for (const page of pagesOf(context, rows).map((each) => each())) {
        const isCurrent = page.now === page.then;
        if (!isCurrent) writePage(root, page);
        stdout.write(`${page.file} ${isCurrent ? 'unchanged' : 'written'}\n`);
      }
    } else {
      const width = Math.max(120, stdout.columns ?? 0);
      stdout.write(`${table(rows, { width, colours: context.colours && stdout.isTTY === true })}\n`);
    }
    return 0;
  } catch (error) {
    if (error instanceof InputError) {
      stderr.write(`${error.message}\n`);
      return 1;
    }
    if (isWrongCall(error)) {
      stderr.write(`${error.message}\n\n${help}`);
      return 2;
    }
    throw error;
  }
}

type Mode = 'table' | 'json' | 'check' | 'write-readme' | 'help';

/** Undefined for more than one. */
function modeOf(args: readonly string[]): Mode | undefined {
  const options = { json: flag, check: flag, 'write-readme': flag, help: flag };
  const { values } = parseArguments({ args: [...args], options });
  const given = Object.keys(values) as (keyof typeof options)[];
  return given.length > 1 ? undefined : (given[0] ?? 'table');
}

/** Not by its class: that is another one within jest. */
function isWrongCall(error: unknown): error is { readonly message: string } {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return String(code).startsWith('ERR_PARSE_ARGS');
}

const flag = { type: 'boolean' } as const;

function missingFindings(root: string, promises: readonly PromiseEntry[]): Finding[] {
  return missingTests(root, promises).map(({ id, problem }) => ({
    where: `promises.ts: ${id}`,
    what: problem,
    allowed: 'a test that exists and is not skipped',
    remedy: 'write the test, or name the one that proves the promise',
  }));
}

/** Each is read when it is asked for: what is wrong with one is no reason to be silent of another. */
function pagesOf(
  { root, promises, pages }: PromisesContext,
  rows: Parameters<typeof readme>[1],
): readonly (() => MarkedPage)[] {
  const results = readResults(root, promises);
  return [() => readme(root, rows), ...pages.map((page) => () => figuresPage(root, page, results.get(page.promise)))];
}

function pageFindings(pages: readonly (() => MarkedPage)[]): Finding[] {
  return pages.flatMap((page) => {
    try {
      const { file, name, now, then } = page();
      if (now === then) return [];
      return {
        where: file,
        what: `the table of ${name} is not current`,
        allowed: 'the table that npm run promises -- --write-readme writes',
        remedy: `run it, and commit ${file}`,
      };
    } catch (error) {
      if (error instanceof InputError) return [...error.findings];
      throw error;
    }
  });
}
