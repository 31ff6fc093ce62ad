import type { NextRequest } from 'next/server';
import { ask } from '../../../lib/backend.ts';
import { keepSession } from '../../../lib/session.ts';

/** Where a browser without a ticket goes on by itself, and one that was asked for a ticket shows it meanwhile. */
const form = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Shop</title><meta http-equiv="refresh" content="0; url=/sign-in"></head>
<body><p><a href="/sign-in">Sign in with user name and password</a></p></body></html>
`;

/** Hands the ticket to the backend, which checks it: of this request and of no connection. */
export async function GET(request: NextRequest): Promise<Response> {
  const authorization = request.headers.get('authorization') ?? undefined;
  const answer = await ask('/auth/negotiate', { authorization });
  const headers = new Headers({ 'Cache-Control': 'no-store' });
  if ('negotiate' in answer && answer.negotiate) headers.set('WWW-Authenticate', answer.negotiate);
  if (answer.kind === 'answered' && answer.session) {
    await keepSession(answer.session);
    headers.set('Location', '/');
    return new Response(null, { status: 303, headers });
  }
  headers.set('Content-Type', 'text/html; charset=utf-8');
  return new Response(form, { status: answer.kind === 'away' ? 503 : 401, headers });
}
