const closes: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

/**
 * What the brackets and quotes of PromQL or LogQL don't have: `its ( is not closed`. Prometheus refuses a whole file for
 * it, and nothing in that is told any more. @returns undefined where there is nothing
 */
export function bracketProblem(query: string): string | undefined {
  // Strings, which end in their line unless they are in back quotes, and comments are passed over.
  const text = query.replace(/"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`]*`|#.*/g, '');
  const open: string[] = [];
  for (const character of text) {
    if ('"\'`'.includes(character)) return `its ${character} is not closed`;
    if (character in closes) open.push(character);
    else if (Object.values(closes).includes(character)) {
      const last = open.pop();
      if (last === undefined) return `its ${character} closes nothing`;
      if (closes[last] !== character) return `its ${last} is closed by ${character}`;
    }
  }
  return open.length === 0 ? undefined : `its ${open.at(-1)} is not closed`;
}
