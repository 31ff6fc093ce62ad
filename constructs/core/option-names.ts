import { Size } from 'cdk8s';
import { InputError } from './error.ts';
import type { Finding } from './error.ts';
import { nearest } from './nearest.ts';

/**
 * Every option that a construct has, by name, which have to be given, and which are sizes: the compiler sees to it that none
 * is missing, and none too many. Synth runs without it: `'20Gi'` would be met where it is asked for its mebibytes.
 */
export type OptionNames<Props> = {
  readonly [Name in keyof Props]-?: object extends Pick<Props, Name>
    ? IsSize<Exclude<Props[Name], undefined | false>> extends true
      ? 'size'
      : true
    : IsSize<Props[Name]> extends true
      ? 'required size'
      : 'required';
};

/** An option that can't be given is of no type, which is one of every type. */
type IsSize<Value> = [Value] extends [never] ? false : [Value] extends [Size] ? true : false;

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

type Names = Readonly<Record<string, true | 'size' | 'required' | 'required size'>>;

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
  const kinds = Object.entries(known) as (readonly [string, Names[string]])[];
  const missing = kinds
    .filter(([name, kind]) => String(kind).startsWith('required') && !given.includes(name))
    .map(([name]) => ({
      what: subject === 'it' ? `${name} is left out` : `${subject} has no ${name}`,
      allowed: 'a value, or false where it can be switched off: there is none that is right for all',
      remedy: `give ${name}; its page in docs/ says what it takes`,
    }));
  const unsized = kinds.flatMap(([name, kind]): Problem[] => {
    const value = (props as Readonly<Record<string, unknown>>)[name];
    if (!String(kind).endsWith('size') || value === undefined || value === false || value instanceof Size) return [];
    return [
      {
        what:
          subject === 'it'
            ? `${name} is ${JSON.stringify(value)}`
            : `${subject} has a ${name} of ${JSON.stringify(value)}`,
        allowed: 'a Size of cdk8s, such as Size.gibibytes(20)',
        remedy: 'write it as one',
      },
    ];
  });
  return [...missing, ...unsized];
}
