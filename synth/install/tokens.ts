import { environmentInput } from '../../config/index.ts';
import type { EnvironmentInput } from '../../config/schema.ts';

/** A file in the operator's folder that a provider's token lies in. */
export interface TokenFile {
  readonly path: string;
  readonly purpose: string;
}

/** Tokens of providers that nobody can make but a person at the provider's. */
export function tokenFiles(environment: string, input: EnvironmentInput = environmentInput(environment)): TokenFile[] {
  const { edge, objectStores } = input;
  const pair = (folder: string, purpose: string): TokenFile[] =>
    ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'].map((name) => ({ path: `tokens/${folder}/${name}`, purpose }));
  return [
    { path: 'tokens/HCLOUD_TOKEN', purpose: 'makes the machines' },
    ...(edge?.dns === 'cloudflare' ? [{ path: 'tokens/CLOUDFLARE_API_TOKEN', purpose: 'moves the names' }] : []),
    ...pair('state', "Terraform's state"),
    ...Object.keys(objectStores).flatMap((name) => pair(name, `the bucket ${name}`)),
  ];
}

/** A line for each: install/secrets names those that are not there. */
export function tokenLines(environment: string): string {
  return tokenFiles(environment)
    .map(({ path, purpose }) => `${path}: ${purpose}\n`)
    .join('');
}
