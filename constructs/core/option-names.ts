import { InputError } from './error.ts';
import type { Finding } from './error.ts';
import { nearest } from './nearest.ts';

/**
 * Every option that a construct has, by name, and which have to be given: the compiler sees to it that none is missing, and
 * none too many.
 */
export type OptionNames<Props> = {
  readonly [Name in keyof Props]-?: object extends Pick<Props, Name> ? true : 'required';
};

/** What messages call something whose name may be what is left out. */
export function called(props: unknown, id: string): string {
  const { name } = Object(props) as { readonly name?: unknown };
  return typeof name === 'string' ? name : id;
}

type Problem = Omit<Finding, 'where'>;

/**
 * Refuses options that a construct does not have, and those left out that it has to be given. Types are not looked at where a
 * program runs: an optional one that is misspelt, such as a wire, would be left out without a word, and one that has to be
 * given, such as an authority, would count as switched off.
 * @param parts names of the options of options
 * @throws InputError
 */
export function checkOptions<Props extends object>(
  where: string,
  props: Props,
  known: OptionNames<Props>,
  parts: OptionParts<Props> = {},
): void {
  const own = optionProblems('it', props, known);
  const problems =
    own.length > 0
      ? own
      : Object.entries(parts).flatMap(([name, names]) =>
          partProblems(name, props[name as keyof Props], names as Names),
        );
  if (problems.length > 0) throw new InputError(problems.map((problem) => ({ where, ...problem })));
}

type Names = Readonly<Record<string, true | 'required'>>;

/** Options of options: of one that is an object, such as backups, or a list of them, such as users. */
export type OptionParts<Props> = { readonly [Name in keyof Props]?: Names };

function partProblems(name: string, value: unknown, known: Names): Problem[] {
  // Switched off, or left out.
  if (value === undefined || value === false) return [];
  if (!Array.isArray(value)) return optionProblems(name, value as object, known);
  return value.flatMap((item: unknown, index) => {
    const { name: called = `number ${index + 1}` } = Object(item) as { readonly name?: string };
    return optionProblems(`${name}: ${called}`, item as object, known);
  });
}

/** @param subject whose options they are, such as `it` */
export function optionProblems<Props extends object>(
  subject: string,
  props: Props,
  known: OptionNames<Props>,
): Problem[] {
  const names = Object.keys(known);
  if (Object(props) !== props) {
    return [
      {
        what: `${subject} is ${JSON.stringify(props)}`,
        allowed: `an object with ${names.join(', ')}`,
        remedy: 'write one',
      },
    ];
  }
  const given = Object.entries(props).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  const unknown = given.filter((name) => !names.includes(name));
  // What is misspelt is mostly what is missing too.
  if (unknown.length > 0) {
    return unknown.map((name) => {
      const meant = nearest(name, names);
      return {
        what: `${subject} has no option ${name}`,
        allowed: names.join(', '),
        remedy: meant === undefined ? 'leave it out, or name one of these' : `write ${meant}, if that is meant`,
      };
    });
  }
  return Object.entries(known)
    .filter(([name, kind]) => kind === 'required' && !given.includes(name))
    .map(([name]) => ({
      what: subject === 'it' ? `${name} is left out` : `${subject} has no ${name}`,
      allowed: 'a value, or false where it can be switched off: there is none that is right for all',
      remedy: `give ${name}; its page in docs/ says what it takes`,
    }));
}
