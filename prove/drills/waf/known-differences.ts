/** Why tests of the rule set fail with nginx and ModSecurity 3: the reason, and their numbers by rule. */
const reasons: readonly (readonly [string, Readonly<Record<number, readonly number[]>>])[] = [
  [
    'nginx itself refuses or mends the request line, the host or both lengths, before a rule sees them',
    { 920100: [4, 8, 14, 16], 920181: [1], 920290: [4], 920430: [8], 920610: [2] },
  ],
  ['Apache httpd answers 400 to such a host itself; here it is the rule that matches', { 920270: [4], 920274: [1] }],
  ['Apache httpd makes one header of two; here the rule matches, as it should', { 920620: [1] }],
  [
    'nginx leaves out headers with an underscore or a dot in their name, which Traefik has refused before',
    { 933110: [3, 13, 14, 20, 21, 22, 24, 25, 26, 27], 933220: [2, 4], 944140: [3, 8] },
  ],
  ["an apostrophe in the name of a file is let pass by rules of ours: people write John's report.pdf", { 920121: [2] }],
  ['the engine does not read such parts, and rule 100010 of ours answers 400', { 922130: [1, 2, 4, 7] }],
  [
    'ModSecurity 3 reads the names of XML elements and their attributes too: more matches than has to',
    {
      944100: [11, 12, 15, 16],
      944110: [11, 12, 15, 16],
      944120: [6, 7, 23, 24, 40, 41, 57, 58, 74, 75, 91, 92, 108, 109, 125, 126],
      944210: [6, 7, 23, 24, 40, 41],
    },
  ],
  ['ModSecurity 3 compares both sides of a tautology otherwise: more matches than has to', { 942131: [3, 5, 7] }],
  ['what a rule finds in the last phase is not in the log of nginx', { 980170: [1, 2] }],
];

/** Tests of the rule set that fail with nginx and ModSecurity 3, by their name, and why. */
export const knownDifferences: Readonly<Record<string, string>> = Object.fromEntries(
  reasons.flatMap(([reason, rules]) =>
    Object.entries(rules).flatMap(([rule, tests]) => tests.map((test) => [`${rule}-${test}`, reason])),
  ),
);
