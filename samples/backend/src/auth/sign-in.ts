import { Injectable, ServiceUnavailableException } from '@nestjs/common';
import { Directory } from '../directory/directory.js';
import type { Account } from '../directory/directory.js';
import type { Refusal } from '../directory/refusal.js';
import type { Logger } from '../platform/log.js';
import { Metrics } from '../platform/metrics.js';
import { Attempts } from './attempts.js';
import { identityOf } from './identity.js';
import type { Identity } from './identity.js';
import { NotAccepted, Tickets } from './tickets.js';

/** `refused` says no more on purpose: why stands in the log. */
export type Outcome =
  | { readonly kind: 'signed in'; readonly identity: Identity; readonly answer?: string }
  | { readonly kind: 'refused' }
  | { readonly kind: 'limited'; readonly seconds: number };

/** Of Active Directory's account names; whoever writes `user@realm` means the part before. */
const namePattern = /^[^\x00-\x1f"/\\[\]:;|=,+*?<>@]{1,64}$/u;

@Injectable()
export class SignIn {
  constructor(
    private readonly directory: Directory,
    private readonly attempts: Attempts,
    private readonly tickets: Tickets,
    private readonly log: Logger,
    private readonly metrics: Metrics,
    private readonly realm: string,
    private readonly roleGroups: readonly (readonly [string, string])[],
  ) {}

  async byPassword(given: string, password: string): Promise<Outcome> {
    const name = this.accountName(given);
    if (name === undefined) return this.refused('password', given, 'unknown account');
    if (password === '') return this.refused('password', name, 'empty password');
    const account = await this.ask(() => this.directory.find(name));
    // Of the account, however its name was written.
    const counted = account?.name ?? name;
    const seconds = await this.attempts.begin(counted);
    if (seconds !== undefined) {
      this.tell('password', counted, 'limited');
      return { kind: 'limited', seconds };
    }
    const refusal = await this.ask(() => this.directory.check(account, password));
    if (refusal || !account) return this.refused('password', counted, refusal ?? 'unknown account');
    await this.attempts.forget(counted);
    return this.welcome('password', account);
  }

  /** @param token what follows `Negotiate` in the header */
  async byTicket(token: string): Promise<Outcome> {
    try {
      const { principal, answer } = await this.tickets.accept(token);
      const at = principal.lastIndexOf('@');
      const realm = principal.slice(at + 1);
      if (realm !== this.realm) return this.refused('ticket', principal, 'another realm');
      const account = await this.ask(() => this.directory.find(principal.slice(0, at)));
      if (!account) return this.refused('ticket', principal, 'unknown account');
      // A ticket lasts for hours, whatever becomes of the account meanwhile.
      if (account.state !== 'usable') return this.refused('ticket', account.name, account.state);
      return await this.welcome('ticket', account, answer);
    } catch (error) {
      if (error instanceof NotAccepted) return this.refused('ticket', 'nobody', error.message);
      throw error;
    }
  }

  private async welcome(way: string, account: Account, answer?: string): Promise<Outcome> {
    const groups = await this.ask(() => this.directory.groupsOf(account));
    this.tell(way, account.name, 'signed in');
    return { kind: 'signed in', identity: identityOf(account, groups, this.roleGroups), ...(answer ? { answer } : {}) };
  }

  /** That it doesn't answer is nobody's wrong password. */
  private async ask<Answer>(question: () => Promise<Answer>): Promise<Answer> {
    try {
      return await question();
    } catch (error) {
      this.log.error({ event: 'directory.failed', reason: (error as Error).message }, 'the directory does not answer');
      throw new ServiceUnavailableException('nobody can sign in at present');
    }
  }

  private accountName(given: string): string | undefined {
    const name = given.toLowerCase().endsWith(`@${this.realm.toLowerCase()}`)
      ? given.slice(0, -this.realm.length - 1)
      : given;
    return namePattern.test(name) ? name : undefined;
  }

  private refused(way: string, account: string, reason: Refusal | string): Outcome {
    this.tell(way, account, reason);
    return { kind: 'refused' };
  }

  private tell(way: string, account: string, outcome: string): void {
    const level = outcome === 'signed in' ? 'info' : 'warn';
    this.metrics.signIns.inc({ way, outcome: outcome === 'signed in' || outcome === 'limited' ? outcome : 'refused' });
    this.log[level]({ event: 'sign-in', way, account: account.slice(0, 100), outcome }, 'somebody signs in');
  }
}
