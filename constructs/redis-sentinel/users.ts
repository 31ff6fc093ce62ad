import fs from 'node:fs';
import path from 'node:path';
import type { SecretKeyReference } from '../core/secret-ref.ts';
import type { Life } from '../stateful/index.ts';
import type { RedisSentinelProps, RedisUser } from './props.ts';

/** Users of the store's own parts, whose passwords are in one secret. What each may do is in files/. */
export const ownUsers = ['replication', 'sentinel', 'backup', 'probe', 'metrics'] as const;
export type OwnUser = (typeof ownUsers)[number];

export interface Passwords {
  /** Of the applications' user. */
  readonly app: SecretKeyReference;
  readonly own: Readonly<Record<OwnUser, SecretKeyReference>>;
}

export function passwordsOf(life: Life): Passwords {
  const { name } = life;
  const random = { kind: 'random', bytes: 32, encoding: 'base64url' } as const;
  const app = life.secret('app', {
    name: `${name}-app`,
    purpose: `works on the keys of the applications in ${name}`,
    keys: { password: random },
  });
  const own = life.secret('own-passwords', {
    name: `${name}-members`,
    purpose: `lets the parts of ${name} replicate, watch, back up and ask each other`,
    keys: Object.fromEntries(ownUsers.map((user) => [user, random])),
  });
  return {
    app: app.key('password'),
    own: Object.fromEntries(ownUsers.map((user) => [user, own.key(user)])) as Record<OwnUser, SecretKeyReference>,
  };
}

/** The variables that name the files of passwords, by the users in capitals. */
export function passwordFiles(
  { app, own }: Passwords,
  users: readonly RedisUser[] = [],
): Record<string, SecretKeyReference> {
  const all = { app, ...own, ...Object.fromEntries(users.map(({ name, password }) => [name, password])) };
  return Object.fromEntries(Object.entries(all).map(([user, key]) => [`${user.toUpperCase()}_PASSWORD_FILE`, key]));
}

/** The users of a server, without passwords. */
export function usersAcl(
  of: 'member' | 'sentinel',
  { engine, users = [] }: Pick<RedisSentinelProps, 'engine' | 'users'>,
): string {
  const text = fs.readFileSync(path.join(import.meta.dirname, 'files', of, 'users.acl'), 'utf8');
  if (of === 'sentinel') return text;
  // What a Sentinel of Valkey 9 hands over with: asks of 9.1.2 that were refused without them.
  const more = engine === 'valkey' ? ' +client|pause +client|unpause +failover' : '';
  const sentinel = text.replace(/^(user sentinel .*)$/m, (line) => line + more);
  return sentinel + users.map(({ name, rules }) => `user ${name} on ${rules}\n`).join('');
}
