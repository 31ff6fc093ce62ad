import { buildPlatform } from '../../apps/platform.ts';
import { environmentInput, generationsFile } from '../../config/index.ts';
import type { GenerationsInput } from '../../config/schema.ts';
import type { Generation, Recovery as From } from '../../constructs/core/environment.ts';
import type { Platform } from '../../constructs/core/platform.ts';
import { recoverCommand } from '../../scripts/recover/command.ts';
import { InputError } from '../../constructs/core/error.ts';
import { generationsText, parseGenerations } from '../../scripts/recover/generations-file.ts';
import { parseOptions } from '../../scripts/recover/options.ts';
import { planRecovery } from '../../scripts/recover/plan.ts';
import type { RecoverContext } from '../../scripts/recover/plan.ts';
import type { Step } from '../../scripts/recover/step.ts';
import { steps } from '../../scripts/recover/steps.ts';
import { synthesise } from '../../synth/synthesise.ts';
import type { SynthResult } from '../../synth/synthesise.ts';
import { root } from '../support/committed.ts';
import { testInput } from '../support/harness.ts';
import { Repository } from './repository.ts';

export const file = generationsFile;

/** What the file says of one environment. */
export type Tables = GenerationsInput[string];
interface Entry {
  readonly number: number;
  readonly recovery: From;
}
export const bucket = testInput.objectStores.backups!.bucket;

/** The file with these tables of production. */
export const text = (tables?: Tables): string => generationsText(tables === undefined ? {} : { production: tables });
/** A file that two branches changed. */
export const unreadable = `<<<<<<< HEAD\n${text()}=======\n${text({})}>>>>>>> work\n`;
export const generations = (entry: Generation, cluster = 'postgres'): Tables => ({
  generations: { [cluster]: entry },
});
export const copies = (entry: Entry): Tables => ({ copies: { postgres: entry } });
export const second = { number: 2, recovery: { from: 1, to: '2025-11-20 08:00:00+00' } };

const synthesised = new Map<string, SynthResult>();
const platforms = new Map<string, Platform>();

/** What is read with these tables, on the tests' own nodes and buckets. */
function read(tables: Tables) {
  const { nodes, reserved, networks } = testInput;
  const objectStores = { ...environmentInput('production').objectStores, ...testInput.objectStores };
  const sizes = { postgres: { storageGibibytes: 50 }, redis: { storageGibibytes: 5 }, samba: { storageGibibytes: 2 } };
  // Nodes of the tests are no machines.
  const own = { nodes, reserved, networks, objectStores, sizes, hetzner: undefined, k3s: undefined };
  return { strict: false, changes: own, generations: { production: tables } };
}

/** The platform with these tables, for who needs no files of it. */
export function platformWith(tables: Tables): Platform {
  const key = JSON.stringify(tables);
  const platform = platforms.get(key) ?? buildPlatform('production', read(tables));
  platforms.set(key, platform);
  return platform;
}

/** What would be written with these tables. Nothing is. */
export function dry(tables: Tables): SynthResult {
  const key = JSON.stringify(tables);
  const result = synthesised.get(key) ?? synthesise({ root, environment: 'production', dryRun: true, ...read(tables) });
  synthesised.set(key, result);
  return result;
}

function words(args: string): string[] {
  return args.split(' ').filter((word) => word !== '');
}

let template: Repository | undefined;

/** A repository that holds the file of generations, and what the command prints about it. */
export class Recovery {
  readonly repository: Repository;
  stdout = '';
  stderr = '';
  /** What was synthesised last. */
  result: SynthResult | undefined;

  constructor() {
    if (template === undefined) {
      template = new Repository();
      template.put(file, text());
      template.begin();
    }
    this.repository = template.copy();
  }

  /** What the command sees, at noon of 23 November 2025. */
  context(changes: Partial<RecoverContext> = {}): RecoverContext {
    return {
      root: this.repository.clone,
      now: new Date('2025-11-23T12:00:00Z'),
      synthesise: (environment, all, dryRun) => {
        environmentInput(environment);
        this.result = dry(all?.[environment] ?? this.tables());
        if (!dryRun) this.repository.put('written', JSON.stringify(all));
        return this.result;
      },
      ...changes,
    };
  }

  /** Runs `npm run recover`. @returns the exit code */
  run(args: string, changes: Partial<RecoverContext> = {}): Promise<number> {
    this.stdout = this.stderr = '';
    return recoverCommand(this.context(changes), words(args), {
      stdout: { write: (text) => (this.stdout += text) },
      stderr: { write: (text) => (this.stderr += text) },
    });
  }

  /** What the command would print as steps. */
  async steps(args: string): Promise<readonly Step[]> {
    const context = this.context();
    const options = parseOptions(words(args), context.now);
    return options === 'help' ? [] : steps(await planRecovery(context, options));
  }

  /** What the file gives the cluster `postgres`. */
  get generation(): Generation | undefined {
    return this.tables().generations?.postgres;
  }

  get copy(): Generation | undefined {
    return this.tables().copies?.postgres;
  }

  /** Commits a version of the file. */
  commit(content: string): void {
    this.repository.put(file, content);
    this.repository.git('commit', '--quiet', '--all', '--message', 'Change');
  }

  /** The tables of production in the file, as far as it can be read. */
  tables(): Tables {
    try {
      return parseGenerations(this.repository.read(file)).production ?? {};
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      return {};
    }
  }
}
