import fs from 'node:fs';
import path from 'node:path';
import type { EnvironmentInput } from './schema.ts';

/**
 * Every environment there is, by the name of its file in `environments/`: a folder each in `dist/`, `argocd/` and
 * `secrets/`. A bundle can't import what it finds, so scripts/run.cjs puts imports of the same files in this one's place.
 */
export const environments: Readonly<Record<string, EnvironmentInput>> = Object.fromEntries(
  await Promise.all(
    fs
      .readdirSync(path.join(import.meta.dirname, 'environments'))
      .filter((file) => file.endsWith('.ts'))
      .sort()
      .map(async (file) => {
        const module = (await import(`./environments/${file}`)) as { readonly default: EnvironmentInput };
        return [path.basename(file, '.ts'), module.default] as const;
      }),
  ),
);
