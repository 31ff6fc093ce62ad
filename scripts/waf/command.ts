import fs from 'node:fs';
import process from 'node:process';
import { loadEnvironment } from '../../config/index.ts';
import { InputError } from '../../constructs/core/error.ts';
import { parseArguments } from '../../synth/arguments.ts';
import { runCommand, UsageError } from '../../synth/command.ts';
import type { Output } from '../../synth/command.ts';
import { compared } from './compare.ts';
import { datesOf } from './dates.ts';
import { explained } from './explain.ts';
import { firewalls } from './firewalls.ts';
import { countTable, readLog } from './log.ts';

const help = `npm run waf -- count LOG | explain ID --log LOG | compare VERSION | dates

What the firewall refuses, and why. LOG is a file with what its pods print (kubectl logs), - for standard input.

  count LOG               requests that were refused, or would have been, by route, rule and field
  explain ID --log LOG    the rules that refused the request with that X-Request-Id, in which field, and the smallest exclusion.
                          It is tried: what is recorded of ordinary requests, and the rules' own attacks, before and after
  compare VERSION         what another version of the rule set, such as 4.26.0, refuses of both
  dates                   exclusions whose day is less than 90 days away; exit code 1 if any is past it

  --environment NAME      whose routes and exclusions [production]
  --help                  this text

What is tried runs in the real nginx with the real rule set: it needs nginx, its module for ModSecurity, and Go to fetch the
rules. Without them explain says so and proposes all the same.
`;

/** What the command takes from the world. */
export interface WafContext {
  readonly root: string;
  readonly now: Date;
}

/** Runs `npm run waf`. @returns the exit code: 0 done, 1 refused or past a day, 2 called wrongly */
export function wafCommand(context: WafContext, args: readonly string[], output: Output = process): Promise<number> {
  return runCommand(
    help,
    async () => {
      const { values, positionals } = parseArguments({
        args: [...args],
        allowPositionals: true,
        options: {
          log: { type: 'string' },
          environment: { type: 'string', default: 'production' },
          help: { type: 'boolean', default: false },
        },
      });
      const { stdout } = output;
      if (values.help) return 'help';
      const [action, argument, ...others] = positionals;
      if (others.length > 0) throw new UsageError(`${others.join(' ')}: too much`);
      const given = (what: string): string => {
        if (argument === undefined) throw new UsageError(`${action ?? ''} needs ${what}`);
        return argument;
      };
      const hosts = () => loadEnvironment(values.environment).hosts;
      switch (action) {
        case 'count':
          stdout.write(countTable(logFrom(given('a log'))));
          return 0;
        case 'explain':
          if (values.log === undefined) throw new UsageError('explain needs --log');
          stdout.write(
            await explained(logFrom(values.log), given("a request's id"), firewalls(values.environment), hosts()),
          );
          return 0;
        case 'compare':
          stdout.write(await compared(given('a version'), firewalls(values.environment), hosts()));
          return 0;
        case 'dates':
          stdout.write(datesOf(context.now));
          return 0;
        case undefined:
        default:
          throw new UsageError(`"${action ?? ''}" is nothing that it does: count, explain, compare or dates`);
      }
    },
    output,
  );
}

function logFrom(file: string): ReturnType<typeof readLog> {
  try {
    return readLog(fs.readFileSync(file === '-' ? 0 : file, 'utf8'));
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError({
      where: file,
      what: `it can't be read: ${(error as Error).message}`,
      allowed: 'a file with what the firewall prints',
      remedy: 'kubectl -n edge logs deployment/edge-waf --all-pods --since 24h >waf.log',
    });
  }
}
