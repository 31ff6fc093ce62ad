import { InputError } from '../../constructs/core/error.ts';
import { knownRules } from '../../constructs/traefik-waf/index.ts';
import type { EdgeRoute, Exclusion, Firewall } from '../../constructs/traefik-waf/index.ts';
import { attacksOf } from './attacks.ts';
import { lackingHere } from './instance.ts';
import type { LogEntry } from './instance.ts';
import { ruleSet } from './rule-set.ts';
import { ordinaryOf, verdicts } from './trial.ts';

/** What `npm run waf -- explain` prints. @throws InputError where the log doesn't have the request */
export async function explained(
  log: readonly LogEntry[],
  id: string,
  firewalls: readonly Firewall[],
  hosts: Readonly<Record<string, string>>,
  lacking = lackingHere(),
): Promise<string> {
  const entry = log.find(({ request_id }) => request_id === id);
  if (entry === undefined) {
    throw new InputError({
      where: `request ${id}`,
      what: `the log has ${log.length} requests, and not this one`,
      allowed: 'the X-Request-Id of an answer of the firewall, as it is in its log',
      remedy: 'take a log of a longer time, and of both pods',
    });
  }
  const proposed = proposal(entry);
  const trial = await tried(entry, proposed, { firewalls, hosts, lacking });
  return [...described(entry), '', ...asked(proposed), ...trial, ''].join('\n');
}

function described({ waf, method, host, path, client, time, status, score, rules }: LogEntry): string[] {
  const outcome = waf === 'blocked' ? `refused with ${status}` : 'let pass, and would have been refused';
  return [
    `${method} ${host}${path} of ${client}, ${time}: ${outcome}, score ${score}`,
    ...rules.map(({ id, target, message }) => {
      const rule = knownRules.rules[id];
      const said = rule === undefined ? 'of ours' : `${rule.severity}, level ${rule.level}`;
      return `  ${id}  ${target || 'no single field'}  ${message} (${said})`;
    }),
  ];
}

/** For each rule that counted and named a field: itself, for that field. */
function proposal({ host, rules }: LogEntry): Exclusion[] {
  return rules.flatMap(({ id, target }) => {
    const rule = knownRules.rules[id];
    const [collection = ''] = target.split(':');
    if (rule?.targets.includes(collection) !== true) return [];
    return [
      {
        route: host,
        rule: id,
        target: excludable(target),
        reason: 'WHY IT WAS WRONG, in a sentence',
        until: 'YEAR-MONTH-DAY',
      },
    ];
  });
}

/** A field whose name has other signs than an exclusion takes is named by a pattern. */
function excludable(target: string): string {
  const [collection = '', ...rest] = target.split(':');
  const field = rest.join(':');
  if (/^[\w.[\]$-]*$/.test(field)) return target;
  // A quote would end it where it is written.
  const pattern = field.replaceAll(/[^\w:-]/g, (sign) => (sign === "'" ? '.' : `\\${sign}`));
  return `${collection}:/^${pattern}$/`;
}

const quoted = (text: string): string => (text.includes('\\') ? `String.raw\`${text}\`` : `'${text}'`);

function asked(proposed: readonly Exclusion[]): string[] {
  if (proposed.length === 0) {
    return [
      'No exclusion helps: it was refused for what it is, not for what is in a field. The options of its route say what is',
      'taken: methods, contentTypes, bodyLimit, fieldsLimit, jsonDepth.',
    ];
  }
  const lines = proposed.map(
    ({ route, rule, target, reason, until }) =>
      `  { route: '${route}', rule: ${rule}, target: ${quoted(String(target))}, reason: '${reason}', until: '${until}' },`,
  );
  return [
    'The smallest exclusions, if the request was an ordinary one. In apps/edge-exclusions.ts a host is named by its argument,',
    'because each environment has its own:',
    ...lines,
  ];
}

interface Ground {
  readonly firewalls: readonly Firewall[];
  /** Of the environment, by their names. */
  readonly hosts: Readonly<Record<string, string>>;
  readonly lacking: string | undefined;
}

async function tried(
  { host }: LogEntry,
  proposed: readonly Exclusion[],
  { firewalls, hosts, lacking }: Ground,
): Promise<string[]> {
  if (proposed.length === 0) return [];
  const firewall = firewalls.find(({ settings }) => settings.routes().some((route) => route.host === host));
  if (firewall === undefined) return ['', `Not tried: no route of the environment has the host ${host}.`];
  if (lacking !== undefined) return ['', `Not tried: this machine lacks ${lacking}.`];
  const { settings } = firewall;
  const set = ruleSet();
  const attacks = proposed.flatMap(({ rule }) => attacksOf(set, Number(rule)));
  const ordinary = ordinaryOf(host, hosts);
  const sent = [{ host, ordinary, attacks }];
  const silenced = proposed.map((exclusion) => ({ ...exclusion, reason: 'it is being tried', until: '9999-12-31' }));
  const excluded = settings
    .routes()
    .map((route): EdgeRoute =>
      route.host === host ? { ...route, exclusions: [...route.exclusions, ...silenced] } : route,
    );
  const [[before], [after]] = [
    await verdicts(settings, settings.routes(), set, sent),
    await verdicts(settings, excluded, set, sent),
  ];
  const lost = [...(before?.attacks ?? [])].filter((attack) => after?.attacks.has(attack) !== true);
  return [
    '',
    `Tried with ${ordinary.length} ordinary requests: ${before?.ordinary.length} refused before, ${after?.ordinary.length} with it.`,
    `Of ${attacks.length} attacks of these rules' own tests, ${before?.attacks.size} refused before, ${after?.attacks.size} with it.`,
    ...(lost.length > 0 ? [`Let pass from then on: ${lost.join(', ')}`] : []),
  ];
}
