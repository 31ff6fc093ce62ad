import type { SecretSource } from '../../constructs/core/secret.ts';

/** What a person would type for a key that nobody can generate, where nothing depends on what it is. */
export function typedValue(secret: string, key: string, source: SecretSource): string {
  if (source.kind === 'human' && source.urlAt !== undefined) return `https://${source.urlAt}/${secret}/${key}`;
  const registry = source.kind === 'human' ? source.dockerConfigOf : undefined;
  return registry === undefined
    ? `value-of-${secret}-${key}`
    : JSON.stringify({ auths: { [registry]: { auth: Buffer.from('drill:drill').toString('base64') } } });
}
