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

const words = [
  ...['on', 'allkeys', 'resetkeys', 'allchannels', 'resetchannels', 'allcommands', 'nocommands', 'clearselectors'],
  ...['sanitize-payload', 'skip-sanitize-payload'],
];

/** Those of what comes with Redis 8 are the last two lines. */
const categories = [
  ...['all', 'keyspace', 'read', 'write', 'set', 'sortedset', 'list', 'hash', 'string', 'bitmap', 'hyperloglog', 'geo'],
  ...['stream', 'pubsub', 'admin', 'fast', 'slow', 'blocking', 'dangerous', 'connection', 'transaction', 'scripting'],
  ...['search', 'json', 'timeseries', 'bloom', 'cuckoo', 'topk', 'cms', 'tdigest'],
];

/**
 * What of the rules is none, but for those of passwords, of which another check tells.
 * @see https://redis.io/docs/latest/operate/oss_and_stack/management/security/acl/ (8.2)
 */
export function unknownRules(rules: string): string[] {
  const isRule = (text: string): boolean => {
    const category = /^[+-]@(.*)$/.exec(text)?.[1];
    if (category !== undefined) return categories.includes(category.toLowerCase());
    return (
      words.includes(text.toLowerCase()) ||
      /^(~|&|%(R|W|RW|WR)~).+$/i.test(text) ||
      /^[+-][a-z][\w.-]*(\|[\w.*-]+)?$/i.test(text) ||
      /^((nopass|resetpass|reset|off)$|[>#<!])/i.test(text)
    );
  };
  // A selector is rules of its own, in brackets.
  return rules
    .replace(/(^|\s)\(([^()]*)\)(?=\s|$)/g, '$1$2')
    .split(/\s+/)
    .filter((text) => text !== '' && !isRule(text));
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
