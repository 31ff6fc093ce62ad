import { InputError } from './error.ts';
import { nearest } from './nearest.ts';

/** Every option that a construct has, by name: the compiler sees to it that none is missing and none too many. */
export type OptionNames<Props> = Readonly<Record<keyof Props, true>>;

/**
 * Refuses options that a construct does not have. Types are not looked at where a program runs, and an optional one that is
 * misspelt, such as a wire, would be left out without a word.
 * @throws InputError
 */
export function refuseUnknownOptions<Props extends object>(
  where: string,
  props: Props,
  known: OptionNames<Props>,
): void {
  const names = Object.keys(known);
  const unknown = Object.entries(props).filter(([name, value]) => value !== undefined && !names.includes(name));
  if (unknown.length === 0) return;
  throw new InputError(
    unknown.map(([name]) => {
      const meant = nearest(name, names);
      return {
        where,
        what: `it has no option ${name}`,
        allowed: names.join(', '),
        remedy: meant === undefined ? 'leave it out, or name one of these' : `write ${meant}, if that is meant`,
      };
    }),
  );
}
