import { InputError } from '../../core/error.ts';
import type { Finding } from '../../core/error.ts';
import { nearest } from '../../core/nearest.ts';
import type { Exclusion } from '../routes.ts';
import { knownRules, ruleGroups } from './known-rules.ts';

type Rule = (exclusion: Exclusion) => readonly Omit<Finding, 'where'>[];

/** A name or a pattern, without what would end it where it is written. */
const name = String.raw`(?::(?:[\w.\[\]$-]+|/\*|/(?:[^|/"'\s\\]|\\[^"'\s])+/))?`;
const targetForm = new RegExp(`^[A-Z_]+${name}$`);

/** @throws InputError with everything that is wrong with them */
export function checkExclusions(where: string, exclusions: readonly Exclusion[]): void {
  const findings = exclusions.flatMap((exclusion, index) => {
    const same = exclusions.findIndex((other) => keyOf(other) === keyOf(exclusion)) < index;
    const once = { what: 'it is there twice', allowed: 'each rule and target once a route', remedy: 'remove one' };
    return [...rules.flatMap((rule) => rule(exclusion)), ...(same ? [once] : [])].map((finding) => ({
      where: `${where}: exclusion of ${exclusion.rule} on ${exclusion.route || 'no route'}`,
      ...finding,
    }));
  });
  if (findings.length > 0) throw new InputError(findings);
}

/**
 * Those whose day has come. Asked by `npm run check`, not by synth: what synth says depends on files alone, and on the night
 * when something has to be mended it doesn't ask for something else first.
 */
export function outdatedExclusions(exclusions: readonly Exclusion[], today: Date): readonly Exclusion[] {
  const day = today.toISOString().slice(0, 10);
  return exclusions.filter(({ until }) => until <= day);
}

function keyOf({ route, rule, target }: Exclusion): string {
  return JSON.stringify([route, rule, target]);
}

const rules: readonly Rule[] = [
  function ruleIsKnown({ rule }) {
    const { source } = knownRules;
    if (typeof rule === 'string') {
      if (ruleGroups().includes(rule)) return [];
      const near = nearest(rule, ruleGroups(), 4);
      const remedy = near === undefined ? 'name one of these' : `did you mean ${near}?`;
      return [{ what: `there are no rules "${rule}"`, allowed: ruleGroups().join(', '), remedy }];
    }
    if (knownRules.rules[rule] !== undefined) return [];
    return [
      {
        what: `there is no rule ${rule} that looks for anything`,
        allowed: `a number of ${source}, such as 942100; those that add up and decide are no such rules`,
        remedy: 'take the number from the log: npm run waf -- explain ID',
      },
    ];
  },
  function targetIsAsked({ rule, target }) {
    if (target === false) return [];
    if (!targetForm.test(target)) {
      return [
        {
          what: `target: ${target}`,
          allowed: 'a collection, with a name or a pattern without | and spaces: ARGS:comment, REQUEST_COOKIES:/^ph_/',
          remedy: 'correct it, or leave out the whole rule with target: false',
        },
      ];
    }
    const asked = typeof rule === 'string' ? undefined : knownRules.rules[rule]?.targets;
    const [collection = ''] = target.split(':');
    if (asked === undefined || asked.includes(collection)) return [];
    return [
      {
        what: `target: ${target}, which rule ${rule} doesn't ask`,
        allowed: asked.join(', '),
        remedy: 'name the field as the log tells it',
      },
    ];
  },
  function groupIsNarrow({ rule, target }) {
    if (typeof rule !== 'string' || (target !== false && target.includes(':'))) return [];
    return [
      {
        what: `all rules of ${rule} are left out for ${target === false ? 'everything' : target}`,
        allowed: 'a group of rules for one field, such as ARGS:json.query',
        remedy: 'name the field, or single rules by their numbers',
      },
    ];
  },
  function reasonIsSaid({ reason }) {
    if (reason.trim().length >= 10 && !/[\n\r]/.test(reason)) return [];
    return [{ what: `its reason is "${reason}"`, allowed: 'a sentence why the rule was wrong', remedy: 'set reason' }];
  },
  function untilIsADay({ until }) {
    const date = new Date(`${until}T00:00:00Z`);
    if (!Number.isNaN(date.getTime()) && date.toISOString().slice(0, 10) === until) return [];
    return [
      {
        what: `until: ${until}`,
        allowed: 'the day from which on it is looked at anew, such as 2027-06-30',
        remedy: 'set until',
      },
    ];
  },
];
