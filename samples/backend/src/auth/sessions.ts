import { createHmac, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Redis } from 'ioredis';
import * as v from 'valibot';
import { readSecret } from '../settings.js';
import type { Identity } from './identity.js';

/** A browser takes a cookie of this name only with `Secure`, for the whole host and for no other one. */
export const sessionCookie = '__Host-session';

const seconds = { idle: 30 * 60, whole: 10 * 3600 };

const stored = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({
    name: v.string(),
    displayName: v.string(),
    roles: v.array(v.string()),
    until: v.number(),
  }),
);

/**
 * Sessions in Redis. Whoever reads the store learns no cookie: a session lies under the signature of its cookie, by the
 * platform's key. A new key ends all sessions.
 */
@Injectable()
export class Sessions {
  constructor(
    private readonly redis: Redis,
    private readonly keyFile: string,
  ) {}

  /** @returns the cookie's value: another one at each sign-in, whatever the browser had before */
  async begin(identity: Identity): Promise<string> {
    const cookie = randomBytes(32).toString('base64url');
    const session = { ...identity, until: Date.now() + seconds.whole * 1000 };
    await this.redis.set(this.keyOf(cookie), JSON.stringify(session), 'EX', seconds.idle);
    return cookie;
  }

  async find(cookie: string): Promise<Identity | undefined> {
    const key = this.keyOf(cookie);
    const text = await this.redis.getex(key, 'EX', seconds.idle);
    if (text === null) return undefined;
    const found = v.safeParse(stored, text);
    // One that another version stored in another shape is none here, and left to that version.
    if (!found.success) return undefined;
    const { until, ...identity } = found.output;
    if (until > Date.now()) return identity;
    await this.redis.del(key);
    return undefined;
  }

  async end(cookie: string): Promise<void> {
    await this.redis.del(this.keyOf(cookie));
  }

  private keyOf(cookie: string): string {
    return `session:${createHmac('sha256', readSecret(this.keyFile)).update(cookie).digest('base64url')}`;
  }
}
