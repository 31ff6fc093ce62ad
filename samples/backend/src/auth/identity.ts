import type { Account } from '../directory/directory.js';

/** Who asks: of one request, and of no connection, because the proxies in front share theirs among all people. */
export interface Identity {
  readonly name: string;
  readonly displayName: string;
  readonly roles: readonly string[];
}

/** Everybody of the directory may read; the rest is by groups. */
export function identityOf(
  account: Account,
  groups: readonly string[],
  roleGroups: readonly (readonly [string, string])[],
): Identity {
  const own = new Set(groups.map((group) => group.toLowerCase()));
  const roles = roleGroups.filter(([, group]) => own.has(group.toLowerCase())).map(([role]) => role);
  return { name: account.name, displayName: account.displayName, roles: ['reader', ...roles] };
}
