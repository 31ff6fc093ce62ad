/**
 * Whether pages under that policy run whatever script somebody got into them.
 * @see https://www.w3.org/TR/CSP3/#allow-all-inline (2026)
 */
export function allowsInlineScripts(policy: string): boolean {
  const directives = new Map(
    policy.split(';').map((directive) => {
      const [name = '', ...sources] = directive.trim().toLowerCase().split(/\s+/);
      return [name, sources] as const;
    }),
  );
  const sources = directives.get('script-src-elem') ?? directives.get('script-src') ?? directives.get('default-src');
  if (sources === undefined) return true;
  const guarded = sources.some((source) => /^'(nonce-|sha(256|384|512)-|strict-dynamic)/.test(source));
  return sources.includes("'unsafe-inline'") && !guarded;
}
