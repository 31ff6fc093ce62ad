import fs from 'node:fs';
import path from 'node:path';
import type { KnownRule } from '../../constructs/traefik-waf/index.ts';
import type { RuleSet } from '../waf/rule-set.ts';

export const ruleSetFile = 'rule-set.json';

/** What exclusions are checked by: the rules that look for something, with a line for each. */
export function ruleSetText({ version, folder }: Pick<RuleSet, 'version' | 'folder'>): string {
  const rules = path.join(folder, 'rules');
  const texts = fs
    .readdirSync(rules)
    .filter((name) => name.endsWith('.conf'))
    .sort()
    .map((name) => fs.readFileSync(path.join(rules, name), 'utf8'));
  const known = texts.flatMap(rulesIn).sort(([one], [other]) => one - other);
  const lines = known.map(([id, rule]) => `"${id}":${JSON.stringify(rule)}`);
  return `{"source":"OWASP CRS ${version}",\n"rules":{\n${lines.join(',\n')}\n}}\n`;
}

/** Those that look for something have a severity; the others count, or choose who counts. */
function rulesIn(text: string): [number, KnownRule][] {
  // A directive ends where a line doesn't say that it goes on.
  const directives = text.replace(/\\\n/g, ' ').split('\n');
  return directives.flatMap((line): [number, KnownRule][] => {
    const [, variables = '', rest = ''] = /^SecRule\s+("[^"]*"|\S+)\s+(.*)$/.exec(line) ?? [];
    const id = /[",\s]id:(\d+)/.exec(rest)?.[1];
    const severity = /severity:'?([A-Z]+)/.exec(rest)?.[1];
    if (id === undefined || severity === undefined || /^(90[15]|949|959|980)/.test(id)) return [];
    const tags = [...rest.matchAll(/tag:'([^']+)'/g)].map(([, tag = '']) => tag);
    const level = tags.map((tag) => /^paranoia-level\/(\d)$/.exec(tag)?.[1]).find((each) => each !== undefined) ?? '1';
    const groups = tags.filter((tag) => tag.startsWith('attack-'));
    return [[Number(id), { level: Number(level), severity, groups, targets: targetsOf(variables) }]];
  });
}

/** The collections of `ARGS|!ARGS:x|REQUEST_HEADERS:Referer|&ARGS`. */
function targetsOf(variables: string): string[] {
  const names = variables
    .replace(/"/g, '')
    .split('|')
    .filter((each) => !each.startsWith('!'));
  return [...new Set(names.map((each) => each.replace(/^&/, '').split(':')[0] ?? ''))];
}
