import { kinds } from './kinds.ts';
import { declared } from './options.ts';
import type { RecoveryPlan } from './plan.ts';

/** A thing to do, the commands for it, and what to know about it. */
export interface Step {
  readonly text: string;
  readonly commands: readonly string[];
  readonly notes: readonly string[];
}

/** What the kinds of stores say in words of their own. */
export interface StepsOfKind {
  readonly seeTheArchive: (plan: RecoveryPlan) => Step;
  readonly watch: (plan: RecoveryPlan) => Step;
  readonly whenItStops: (plan: RecoveryPlan) => Step;
  readonly look: (plan: RecoveryPlan) => Step;
  readonly firstBackup: (plan: RecoveryPlan) => Step;
  /** When the volumes of the old one may go. */
  readonly safeWhen: string;
  /** What becomes of an archive that nobody writes to any more. @param address of it */
  readonly oldArchive: (address: string) => string;
  /** What of the old one is in its archive when it is gone. */
  readonly heldToItsEnd: string;
}

/** The options that are not as they are by default, to be given again. */
function others({ kind, cluster, environment, beside }: RecoveryPlan['options']): string[] {
  return [
    ...(cluster === kinds[kind].cluster ? [] : [`--cluster ${cluster}`]),
    ...(environment === declared.environment.default ? [] : [`--environment ${environment}`]),
    ...(beside ? ['--beside'] : []),
  ];
}

/** The same command with another source or moment. */
export function again({ options }: RecoveryPlan, from: number, moment: string): string {
  const words = ['npm run recover --', options.kind, ...others(options), `--from ${from}`];
  return [...words, `--${kinds[options.kind].moment} ${moment}`].join(' ');
}

export function npmRun(name: 'release' | 'synth', environment: string): string {
  const command = `npm run ${name}`;
  return environment === declared.environment.default ? command : `${command} -- --environment ${environment}`;
}
