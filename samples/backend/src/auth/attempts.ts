import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Redis } from 'ioredis';

/**
 * Counts one more, for so many milliseconds from the last that was tried, as the directory does; or says for how many more there
 * were too many: in one step, for all pods.
 */
const countOne = `
local count = tonumber(redis.call('GET', KEYS[1]) or 0)
if count >= tonumber(ARGV[2]) then return math.max(1, redis.call('PTTL', KEYS[1])) end
redis.call('SET', KEYS[1], count + 1, 'PX', ARGV[1])
return 0`;

/**
 * Attempts to sign in to one account, from wherever they come: the edge limits addresses, and whoever tries has many. Fewer than
 * the directory takes before it locks the account, so that nobody can lock others out from here. The directory forgets when
 * nobody has tried for a while, and not a while after the first: so each attempt that it is asked about begins the time anew.
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
    const left = await this.redis.eval(countOne, 1, keyOf(account), this.seconds * 1000, this.most);
    return left === 0 ? undefined : Math.ceil(Number(left) / 1000);
  }

  /** Of who signed in. */
  async forget(account: string): Promise<void> {
    await this.redis.del(keyOf(account));
  }
}

/** However it is written; and no list of names for who reads the store. */
const keyOf = (account: string): string =>
  `attempts:${createHash('sha256').update(account.normalize('NFKC').toLowerCase()).digest('hex')}`;
