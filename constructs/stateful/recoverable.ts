import { Construct } from 'constructs';
import type { Workload } from '../core/workload.ts';
import type { Life } from './life.ts';

/** What a person types at a shell while a store is recovered: whole commands, with its names filled in. */
export interface RecoveryCommands {
  /** The log of a pod. @param how such as `--follow` */
  readonly log: (pod: string, how: string) => string;
  /** Who of it is there, and who leads. */
  readonly members: string;
  /** What backups there are. @param prefix of another archive than its own */
  readonly backups: (prefix?: string) => string;
  /**
   * How far its archive reaches.
   * @default as far as the newest backup
   */
  readonly archived?: string;
  /**
   * Makes a backup now.
   * @default its members do, at once
   */
  readonly backUp?: string;
  /** A shell in each part of its data. */
  readonly look: readonly string[];
  /**
   * For those of generations that are gone.
   * @default its own retention drops them
   */
  readonly archives?: ArchiveCommands;
}

/** Arguments of kubectl for what `npm run archives` does in the cluster. */
export interface ArchiveCommands {
  /** Prints what the archive of each generation holds, as JSON. */
  readonly list: readonly string[];
  /** Deletes one for good, unless its own cluster sees a reason not to. */
  readonly prune: (address: string) => readonly string[];
}

/** Where backups are. */
export interface RecoveryArchive {
  /** The address of another life's, or of its own. */
  prefix(generation?: number): string;
}

export interface RecoverableProps {
  /** What `npm run recover` calls its kind, such as `pg`. */
  readonly kind: string;
  readonly life: Life;
  readonly workload: Workload;
  /**
   * Others of the same life that have volumes, which go with it.
   * @default none
   */
  readonly beside?: readonly Workload[];
  /** Where its backups are; false for none. */
  readonly archive: RecoveryArchive | false;
  readonly commands: RecoveryCommands;
}

/** What `npm run recover` and `npm run archives` have to know of a store, whatever it is. */
export class Recoverable extends Construct {
  readonly kind: string;
  readonly life: Life;
  readonly workload: Workload;
  readonly beside: readonly Workload[];
  readonly archive: RecoveryArchive | false;
  readonly commands: RecoveryCommands;

  constructor(scope: Construct, id: string, props: RecoverableProps) {
    super(scope, id);
    this.kind = props.kind;
    this.life = props.life;
    this.workload = props.workload;
    this.beside = props.beside ?? [];
    this.archive = props.archive;
    this.commands = props.commands;
  }
}
