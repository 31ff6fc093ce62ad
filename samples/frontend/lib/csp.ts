/**
 * What a page may load and run: from this host, and scripts of this answer, by a nonce that nobody can know before. The
 * platform's edge leaves it alone where the route says `contentSecurityPolicy: 'application'`, and gives answers without one
 * a policy without inline scripts.
 */
export function contentSecurityPolicy(nonce: string): string {
  return [
    "default-src 'self'",
    // Of what such a script loads itself, Next.js' parts of the page, nobody asks for a nonce again.
    `script-src 'self' 'nonce-${nonce}' 'strict-dynamic'`,
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "base-uri 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "object-src 'none'",
  ].join('; ');
}

export function newNonce(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('base64');
}
