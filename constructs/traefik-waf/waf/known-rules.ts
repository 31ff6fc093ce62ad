import fs from 'node:fs';
import path from 'node:path';

/** A rule of the rule set that looks for something. */
export interface KnownRule {
  /** The paranoia level from which on it asks. */
  readonly level: number;
  readonly severity: string;
  /** Such as `attack-sqli`. */
  readonly groups: readonly string[];
  /** Collections that it asks, such as `ARGS`. */
  readonly targets: readonly string[];
}

export interface KnownRules {
  /** The module and version that it was read from. */
  readonly source: string;
  readonly rules: Readonly<Record<number, KnownRule | undefined>>;
}

/** The rules of the version that configurations are written for: `npm run import` writes them. */
export const knownRules: KnownRules = (() => {
  let read: KnownRules | undefined;
  const file = path.resolve(import.meta.dirname, '../../../imports/rule-set.json');
  // Read when somebody asks: a platform without exclusions has no use for it.
  const table = () => (read ??= JSON.parse(fs.readFileSync(file, 'utf8')) as KnownRules);
  return {
    get source() {
      return table().source;
    },
    get rules() {
      return table().rules;
    },
  };
})();

/** Names of groups of rules, such as `attack-sqli`. */
export function ruleGroups(): readonly string[] {
  const groups = Object.values(knownRules.rules).flatMap((rule) => rule?.groups ?? []);
  return [...new Set(groups)].sort();
}
