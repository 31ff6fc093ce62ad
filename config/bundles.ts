import { InputError } from '../constructs/core/error.ts';
import { schemaFindings } from './findings.ts';
import { readJson } from './json.ts';
import { bundlesSchema } from './schema.ts';
import type { BundlesInput } from './schema.ts';

export const bundlesFile = 'config/bundles.json';

/** What is written down of the disaster bundles, by environment. @throws InputError */
export function bundlesOf(path: string): BundlesInput {
  const table = readJson(bundlesFile, path);
  const findings = schemaFindings(bundlesFile, bundlesSchema, table);
  if (findings.length > 0) throw new InputError(findings);
  return table as BundlesInput;
}
