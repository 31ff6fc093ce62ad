import { NextResponse } from 'next/server';
import type { NextRequest } from 'next/server';
import { contentSecurityPolicy, newNonce } from './lib/csp.ts';

/** Each page has a nonce of its own. Who somebody is, is no question for here: each page asks the backend. */
export function proxy(request: NextRequest): NextResponse {
  const policy = contentSecurityPolicy(newNonce());
  const headers = new Headers(request.headers);
  // Next.js takes the nonce for its scripts from here.
  headers.set('Content-Security-Policy', policy);
  const response = NextResponse.next({ request: { headers } });
  response.headers.set('Content-Security-Policy', policy);
  return response;
}

export const config = {
  // Files are the same for everybody, and the kubelet renders nothing.
  matcher: '/((?!_next/static|_next/image|api/health).*)',
};
