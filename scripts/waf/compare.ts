import { InputError } from '../../constructs/core/error.ts';
import type { Firewall } from '../../constructs/traefik-waf/index.ts';
import { attacksOf } from './attacks.ts';
import { lackingHere } from './instance.ts';
import { pinnedRuleSet, ruleSet } from './rule-set.ts';
import { ordinaryOf, verdicts } from './trial.ts';
import type { Verdict } from './trial.ts';

/** What `npm run waf -- compare` prints. @throws InputError where it can't be tried here */
export async function compared(
  version: string,
  firewalls: readonly Firewall[],
  named: Readonly<Record<string, string>>,
  lacking = lackingHere(),
): Promise<string> {
  const [firewall] = firewalls;
  const hosts = [...new Set(firewall?.settings.routes().map(({ host }) => host))];
  const missing = firewall === undefined || hosts.length === 0 ? 'a route of the environment' : lacking;
  if (firewall === undefined || missing !== undefined) {
    throw new InputError({
      where: `rule set ${version}`,
      what: `it can't be tried: this lacks ${missing}`,
      allowed: 'a machine with nginx, its module for ModSecurity and Go',
      remedy: 'apt-get install nginx libnginx-mod-http-modsecurity, or another environment',
    });
  }
  const { settings } = firewall;
  const attacks = attacksOf(ruleSet());
  // The same attacks for both: those of the version in use.
  const sent = hosts.map((host, index) => ({
    host,
    ordinary: ordinaryOf(host, named),
    attacks: index === 0 ? attacks : [],
  }));
  const count = sent.reduce((sum, { ordinary }) => sum + ordinary.length, 0);
  const ask = (of: string) => verdicts(settings, settings.routes(), ruleSet(of), sent);
  const [now, then] = [await ask(pinnedRuleSet()), await ask(version)];
  const lines = hosts.flatMap((host, index) => differences(host, now[index], then[index]));
  return `${pinnedRuleSet()} and ${version}, by ${count} ordinary requests and ${attacks.length} attacks:\n${lines.join('\n')}\n`;
}

function differences(host: string, now: Verdict | undefined, then: Verdict | undefined): string[] {
  const lacking = (some: Iterable<string>, others: Iterable<string>): string[] => {
    const known = new Set(others);
    return [...some].filter((each) => !known.has(each));
  };
  const [ordinary, attacks] = [
    { now: now?.ordinary ?? [], then: then?.ordinary ?? [] },
    { now: now?.attacks ?? [], then: then?.attacks ?? [] },
  ];
  const list = (what: string, all: readonly string[]): string =>
    `  ${all.length} ${what}${all.length === 0 ? '' : `: ${all.slice(0, 20).join(', ')}${all.length > 20 ? ', ...' : ''}`}`;
  return [
    host,
    list('ordinary requests more refused', lacking(ordinary.then, ordinary.now)),
    list('ordinary requests less refused', lacking(ordinary.now, ordinary.then)),
    list('attacks more refused', lacking(attacks.then, attacks.now)),
    list('attacks less refused', lacking(attacks.now, attacks.then)),
  ];
}
