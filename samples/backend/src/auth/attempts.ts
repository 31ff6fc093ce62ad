import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Redis } from 'ioredis';

/** Counts one more and says how many there are and for how many milliseconds they count: in one step, for all pods. */
const countOne = `
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return {count, redis.call('PTTL', KEYS[1])}`;

/**
 * Attempts to sign in to one account, from wherever they come: the edge limits addresses, and whoever tries has many. Fewer than
 * the directory takes before it locks the account, so that nobody can lock others out from here.
 */
@Injectable()
export class Attempts {
  constructor(
    private readonly redis: Redis,
    private readonly most: number,
    private readonly seconds: number,
  ) {}

  /**
   * Counted before the password is tried, so that many at once are no more than one after another.
   * @returns seconds to wait where there were too many
   */
  async begin(account: string): Promise<number | undefined> {
    const answer = await this.redis.eval(countOne, 1, keyOf(account), this.seconds * 1000);
    const [count = 0, left = 0] = answer as readonly number[];
    return count > this.most ? Math.max(1, Math.ceil(left / 1000)) : undefined;
  }

  /** Of who signed in. */
  async forget(account: string): Promise<void> {
    await this.redis.del(keyOf(account));
  }
}

/** However it is written; and no list of names for who reads the store. */
const keyOf = (account: string): string =>
  `attempts:${createHash('sha256').update(account.normalize('NFKC').toLowerCase()).digest('hex')}`;
