import { InputError } from './error.ts';
import type { Finding } from './error.ts';

/** What cdk8s, its constructs and the type of CPU say of a value, in an error that would end in a stack. */
const known: readonly (readonly [RegExp, (found: readonly string[]) => Omit<Finding, 'where'>])[] = [
  [
    /^There is already a Construct with name '(.*)' in (.*)$/,
    ([id = '', place = '']) => ({
      what: `two constructs have the id "${id}" in ${place}`,
      allowed: 'an id once in its scope: the second argument of a construct, which is part of no name',
      remedy: 'give one of them another id',
    }),
  ],
  [
    /^'?(\S+ \S+?)'? (?:cannot be converted into|must be) a whole number of (\w+)\.$/,
    ([amount = '', unit = '']) => ({
      what: `${amount} is no whole number of ${unit}`,
      allowed: `whole ${unit}`,
      remedy: `give it in ${unit}`,
    }),
  ],
  [
    /^(Storage|Duration) amounts cannot be negative\. Received: (.*)$/,
    ([kind = '', amount = '']) => ({
      what: `a ${kind === 'Storage' ? 'size' : 'duration'} is ${amount}`,
      allowed: 'zero or more',
      remedy: 'correct it where the application gives it',
    }),
  ],
  [
    /^(.*) millicores: CPU is a positive whole number of millicores$/,
    ([amount = '']) => ({
      what: `an amount of CPU is ${amount} millicores`,
      allowed: 'a positive whole number of millicores',
      remedy: 'correct it where the application gives it',
    }),
  ],
];

/** The error of an application in our words, where it is one of the input; else as it was. */
export function inOurWords(application: string, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof InputError) return error;
  for (const [pattern, finding] of known) {
    const found = pattern.exec(error.message);
    if (found !== null) return new InputError({ where: placeOf(application, error), ...finding(found.slice(1)) });
  }
  return error;
}

/** With the first line of its file that the error came by, where that is known. */
function placeOf(application: string, { stack = '' }: Error): string {
  const [, file] = /\/(apps\/[\w-]+\.ts:\d+)/.exec(stack) ?? [];
  return `application ${application}${file === undefined ? '' : ` (${file})`}`;
}
