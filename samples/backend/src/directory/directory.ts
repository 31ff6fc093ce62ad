import type { Refusal } from './refusal.js';

/** Somebody whom the directory knows. */
export interface Account {
  readonly name: string;
  readonly displayName: string;
  readonly distinguishedName: string;
  /** Identifier of the one group that stands in the account itself; empty where there is none. */
  readonly primaryGroup: string;
  /** Why the account may not sign in at present, whatever the password. */
  readonly state: 'usable' | Refusal;
}

/** What signing in asks of the directory; throws when it doesn't answer. */
export abstract class Directory {
  abstract find(name: string): Promise<Account | undefined>;
  /** Whether that is the account's password: undefined, or why not. An account that isn't there takes as long. */
  abstract check(account: Account | undefined, password: string): Promise<Refusal | undefined>;
  /** Names of all groups, those that are in groups included. Of who was let in alone: who is refused learns nothing by the time. */
  abstract groupsOf(account: Account): Promise<readonly string[]>;
  abstract ping(): Promise<void>;
}
