import type { Finding } from '../constructs/core/error.ts';
import type { GenerationsInput } from './schema.ts';
import { values } from './untyped.ts';
import type { Values } from './untyped.ts';

/** Rules between the generations of each environment. Takes anything, as above. */
export function generationFindings(file: string, input: GenerationsInput): Finding[] {
  return Object.entries(values(input)).flatMap(([environment, tables]) => {
    const { generations, copies } = values(tables);
    return [
      ...recoveryFindings(`${file}: ${environment}.generations`, values(generations)),
      ...emptyFindings(`${file}: ${environment}.generations`, values(generations)),
      ...recoveryFindings(`${file}: ${environment}.copies`, values(copies)),
      ...copyFindings(`${file}: ${environment}.copies`, values(copies), values(generations)),
    ];
  });
}

/** An archive that two generations write into loses rows at a later recovery. */
function recoveryFindings(where: string, generations: Values): Finding[] {
  return Object.entries(generations).flatMap(([name, generation]) => {
    const { number, recovery } = values(generation);
    const { from } = values(recovery);
    if (typeof number !== 'number' || typeof from !== 'number' || from < number) return [];
    return {
      where: `${where}.${name}`,
      what: `generation ${number} is recovered from ${from}`,
      allowed: 'a recovery from an earlier generation: each writes an archive of its own',
      remedy: 'give number the next number that was never used; npm run recover writes it',
    };
  });
}

function emptyFindings(where: string, generations: Values): Finding[] {
  return Object.entries(generations).flatMap(([name, generation]) => {
    const { recovery, empty } = values(generation);
    if (recovery === undefined || empty === undefined) return [];
    return {
      where: `${where}.${name}`,
      what: 'it is to be recovered and to begin empty',
      allowed: 'one of the two',
      remedy: 'remove empty, or recovery',
    };
  });
}

function copyFindings(where: string, copies: Values, generations: Values): Finding[] {
  return Object.entries(copies).flatMap(([name, copy]) => {
    const { number: used = 1 } = values(generations[name]);
    if (values(copy).number !== used) return [];
    return {
      where: `${where}.${name}`,
      what: `generation ${String(used)} is the one in use`,
      allowed: 'a number of its own: names and archive follow from it',
      remedy: 'remove the copy, or give it the next number that was never used; npm run recover writes it',
    };
  });
}
