import type { Finding } from '../core/error.ts';

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

const directives = [
  ...[
    'default-src',
    'script-src',
    'script-src-elem',
    'script-src-attr',
    'style-src',
    'style-src-elem',
    'style-src-attr',
  ],
  ...['img-src', 'font-src', 'connect-src', 'media-src', 'object-src', 'frame-src', 'child-src', 'worker-src'],
  ...['manifest-src', 'base-uri', 'form-action', 'frame-ancestors', 'sandbox', 'report-uri', 'report-to'],
  ...['upgrade-insecure-requests', 'require-trusted-types-for', 'trusted-types', 'fenced-frame-src', 'prefetch-src'],
];
const keyword = /^(self|none|unsafe-inline|unsafe-eval|unsafe-hashes|strict-dynamic|wasm-unsafe-eval|report-sample)$/;

/** What browsers would leave out without a word, or take for the name of a host. */
export function policyProblems(policy: string): Omit<Finding, 'where' | 'remedy'>[] {
  if (/[\r\n]/.test(policy)) return [{ what: 'contentSecurityPolicy has several lines', allowed: 'one line' }];
  return policy
    .split(';')
    .map((directive) => directive.trim().toLowerCase().split(/\s+/))
    .flatMap(([name = '', ...sources]) => [
      ...(name === '' || directives.includes(name)
        ? []
        : [{ what: `contentSecurityPolicy: ${name} is no directive`, allowed: directives.join(', ') }]),
      ...sources
        .filter((source) => name.endsWith('-src') && keyword.test(source))
        .map((source) => ({
          what: `contentSecurityPolicy: ${source} of ${name} is the host of that name`,
          allowed: `'${source}', in quotes`,
        })),
    ]);
}
