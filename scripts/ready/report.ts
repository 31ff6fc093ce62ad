import type { Finding } from '../../constructs/core/error.ts';
import { toMend } from './accept.ts';
import type { AcceptableCheck } from './accept.ts';
import type { Outcome } from './checks.ts';

export interface ReportOptions {
  readonly accepted: readonly AcceptableCheck[];
  readonly colours: boolean;
}

const [red, green, yellow] = [31, 32, 33];

/** A line a check, below it what is to mend and how; the last line says whether the tree is ready. */
export function report(
  environment: string,
  outcomes: readonly Outcome[],
  { accepted, colours }: ReportOptions,
): { readonly text: string; readonly ready: boolean } {
  const left = toMend(outcomes, accepted);
  const width = Math.max(...outcomes.map(({ check }) => check.length));
  const paint = (code: number, text: string): string => (colours ? `\u001b[${code}m${text}\u001b[39m` : text);
  const lines = outcomes.flatMap((outcome) => {
    const { check, findings, notes } = outcome;
    const line = (code: number, state: string): string => `  ${check.padEnd(width)}  ${paint(code, state)}`;
    if (left.includes(outcome))
      return [line(red, `${findings.length} to mend`), ...below(findings), ...notes.map(told)];
    if (findings.length > 0) return [line(yellow, `${findings.length} to mend, accepted`), ...notes.map(told)];
    return notes.length > 0 ? notes.map((note) => line(yellow, note)) : [line(green, 'ok')];
  });
  const count = left.reduce((sum, { findings }) => sum + findings.length, 0);
  const verdict =
    left.length === 0
      ? paint(green, `${environment} is ready`)
      : paint(red, `${environment} is not ready: ${count} to mend in ${left.map(({ check }) => check).join(', ')}`);
  return { text: [environment, ...lines, '', verdict, ''].join('\n'), ready: left.length === 0 };
}

function told(text: string): string {
  return `    ${text}`;
}

/** Findings one below the other; what they have in common to do stands once, after the last of them. */
function below(findings: readonly Finding[]): string[] {
  return findings.flatMap(({ where, what, remedy }, index) => [
    told(`${where}: ${what.replaceAll('\n', '\n  ')}`),
    ...(findings[index + 1]?.remedy === remedy ? [] : [told(`  -> ${remedy}`)]),
  ]);
}
