import { generationFindings } from '../../config/generation-checks.ts';
import { schemaFindings } from '../../config/findings.ts';
import { parseJson } from '../../config/json.ts';
import { generationsFile } from '../../config/index.ts';
import { generationsSchema } from '../../config/schema.ts';
import type { GenerationsInput } from '../../config/schema.ts';
import type { Generation, Recovery } from '../../constructs/core/environment.ts';
import { InputError } from '../../constructs/core/error.ts';

/** A table of an environment that holds a generation for each cluster. */
export type Table = 'generations' | 'copies';

/** What began from an archive. */
export type Recovered = Generation & { readonly recovery: Recovery };

/** What the text of the file says. @throws InputError where it is no JSON, or not as it should be */
export function parseGenerations(text: string): GenerationsInput {
  const remedy = 'mend it by hand: numbers that either side gave are used, and never given again';
  const value = parseJson(generationsFile, text, remedy);
  const findings = schemaFindings(generationsFile, generationsSchema, value);
  if (findings.length === 0) findings.push(...generationFindings(generationsFile, value as GenerationsInput));
  if (findings.length > 0) throw new InputError(findings);
  return value as GenerationsInput;
}

/** The same, but for the generation of that cluster in that environment. */
export function withGeneration(
  all: GenerationsInput,
  environment: string,
  table: Table,
  cluster: string,
  generation: Recovered,
): GenerationsInput {
  const own = all[environment];
  return { ...all, [environment]: { ...own, [table]: { ...own?.[table], [cluster]: generation } } };
}

/** The file's text. */
export function generationsText(all: GenerationsInput): string {
  return `${JSON.stringify(all, null, 2)}\n`;
}
