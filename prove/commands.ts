import type { Output } from '../synth/command.ts';
import { doctorCommand } from './doctor.ts';
import { admissionDrill } from './drills/admission.ts';
import { runArea } from './drills/area.ts';
import { capacityDrill } from './drills/capacity.ts';
import { secretsDrill } from './drills/secrets.ts';
import { programsCommand } from './tools/readme.ts';

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
  admission: {
    usage: 'admission',
    purpose: 'applies every committed object to a real API server, and spoiled ones (promise pss)',
    run: (args, output) => runArea('admission', admissionDrill, args, output),
  },
  capacity: {
    usage: 'capacity',
    purpose: 'lets the real scheduler place everything, also with a node gone (promise capacity)',
    run: (args, output) => runArea('capacity', capacityDrill, args, output),
  },
  secrets: {
    usage: 'secrets',
    purpose: 'seals, unseals and rotates every secret with the real controller (promise secrets)',
    run: (args, output) => runArea('secrets', secretsDrill, args, output),
  },
};
