import type { Output } from '../../synth/command.ts';
import { areas } from '../drills/index.ts';
import { alertsCommand } from './alerts.ts';
import { areaUsage, runArea } from './area.ts';
import { allCommand, buildCommand, chooseCommand } from './areas.ts';
import { clusterCommands } from './cluster.ts';
import { doctorCommand } from './doctor/index.ts';
import { listCommand } from './list.ts';
import { programsCommand } from './programs.ts';

/** What `npm run prove -- NAME` does. */
export interface Command {
  /** Its arguments, as the help shows them. */
  readonly usage: string;
  readonly purpose: string;
  /** @returns the exit code: 0 done, 1 refused or failed, 2 called wrongly */
  readonly run: (args: readonly string[], output: Output) => number | Promise<number>;
}

/** Every verb, in the order of the help. */
export const commands: Readonly<Record<string, Command>> = {
  doctor: {
    usage: 'doctor [--fix]',
    purpose: 'tells what this machine lacks; --fix installs and builds it',
    run: doctorCommand,
  },
  programs: {
    usage: 'programs [--check]',
    purpose: 'writes the table of programs into prove/tools/README.md; --check only compares',
    run: programsCommand,
  },
  build: {
    usage: 'build [AREA...]',
    purpose: 'installs and builds what the named areas need, or all of them',
    run: buildCommand,
  },
  list: {
    usage: 'list [--json | --write-readme | --check]',
    purpose: 'tells which area proves which promises, what it needs and how long it takes',
    run: listCommand,
  },
  choose: {
    usage: 'choose --minutes N',
    purpose: 'tells which areas CI would run today in so many minutes',
    run: chooseCommand,
  },
  alerts: {
    usage: 'alerts [--check]',
    purpose:
      'writes into docs/runbooks/README.md when each alert last reached somebody in a drill; --check only compares',
    run: alertsCommand,
  },
  ...clusterCommands,
  all: {
    usage: `all ${areaUsage}`,
    purpose: 'runs every area below, one after the other; the same without a verb',
    run: allCommand,
  },
  ...Object.fromEntries(
    Object.entries(areas).map(([name, area]) => [
      name,
      {
        usage: `${name} ${area.takesSamples === true ? `${areaUsage} [--samples]` : areaUsage}`,
        purpose: `${area.purpose} (${Object.keys(area.promises).join(', ')})`,
        run: (args: readonly string[], output: Output) => runArea(name, area, args, output),
      },
    ]),
  ),
};
