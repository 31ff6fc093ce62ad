import type { Exclusion } from '../constructs/traefik-waf/index.ts';

/** The day on which all of them are looked at anew, with the next line of the rule set. */
const until = '2027-06-30';

/**
 * Rules that ordinary requests of the samples trip over, each for one field. `npm run waf -- explain` proposes such a line for a
 * request that was refused.
 */
export function exclusions(frontend: string, backend: string): readonly Exclusion[] {
  const at = (route: string, rules: readonly (number | string)[], target: string, reason: string): Exclusion[] =>
    rules.map((rule) => ({ route, rule, target, reason, until }));
  return [
    ...at(
      frontend,
      ['attack-sqli'],
      'REQUEST_COOKIES:/^ph_phc_/',
      'PostHog keeps JSON in its cookie; nobody here reads it',
    ),
    ...at(frontend, ['attack-sqli', 'attack-rce'], 'ARGS:message', 'words of people, of which any may be a command'),
    ...at(frontend, ['attack-sqli', 'attack-rce'], 'ARGS:subject', 'words of people, of which any may be a command'),
    ...at(frontend, [942200], 'ARGS:amount', 'a comma within a number looks like a list'),
    ...at(frontend, [942200], String.raw`ARGS:/^(?:_\d+_)?price$/`, 'a comma within a price looks like a list'),
    ...at(
      frontend,
      ['attack-sqli', 'attack-rce'],
      'ARGS:password',
      'any text is a good password, and it is only hashed',
    ),
    ...at(
      frontend,
      ['attack-sqli', 'attack-rce'],
      String.raw`ARGS:/^_\d+_password$/`,
      'the same, as a page with JavaScript sends it',
    ),
    ...at(
      frontend,
      ['attack-sqli', 'attack-rce'],
      String.raw`ARGS:/^(?:\$ACTION_\d+:)?\d+$/`,
      'what an action of Next.js is called with, in JSON or encrypted; React reads it and nobody else',
    ),
    ...at(
      frontend,
      [922130],
      String.raw`MULTIPART_PART_HEADERS:/^\$ACTION_\d+:\d+$/`,
      'a colon within the name of a field, which Next.js chooses, looks like a header of its own',
    ),
    ...at(
      backend,
      ['attack-sqli', 'attack-rce'],
      'ARGS:json.password',
      'any text is a good password, and it is only hashed',
    ),
    ...at(backend, [932236], 'ARGS:fields', 'a list of names, of which id is a command too'),
    ...at(backend, ['attack-sqli', 'attack-rce'], 'ARGS:json.query', 'GraphQL is code; its variables are looked at'),
  ];
}
