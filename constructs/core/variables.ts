import { InputError } from './error.ts';

/**
 * Written so that the process gets the text as it was given: the kubelet replaces `$(NAME)` in variables and commands,
 * and takes `$$` for one dollar sign. Commands of probes and hooks it leaves alone.
 * @see https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/ (v1.36)
 */
export function literal(text: string): string {
  return text.replace(/\$(?=[$(])/g, '$$$$');
}

/** What JavaScript makes of a value that is missing: synthesis runs without the type checker. */
const missing = /\b(undefined|NaN)\b|\[object Object\]/;

/**
 * Variables that a construct composes of its options. What somebody wrote as text is never looked at this way: it may say
 * anything.
 * @throws InputError for one whose parts are missing
 */
export function composed<V extends Readonly<Record<string, string>>>(where: string, variables: V): V {
  const findings = Object.entries(variables)
    .filter(([, value]) => missing.test(value))
    .map(([name, value]) => ({
      where,
      what: `the variable ${name} would be "${value}"`,
      allowed: 'a value: something it is made of is missing',
      remedy: 'run npm run typecheck, which names the option that was left out or misspelt',
    }));
  if (findings.length > 0) throw new InputError(findings);
  return variables;
}
