import { context, propagation } from '@opentelemetry/api';
import { logLine } from './log.ts';

/** A cookie of this name is taken only with `Secure`, for this host and no other one. The backend calls it the same. */
export const sessionCookie = '__Host-session';

export interface Product {
  readonly id: number;
  readonly name: string;
  readonly priceCents: number;
}

export type Answer<Body> =
  | { readonly kind: 'answered'; readonly body: Body; readonly session?: string; readonly negotiate?: string }
  /** Nobody is signed in, or what was given is wrong. */
  | { readonly kind: 'refused'; readonly negotiate?: string }
  | { readonly kind: 'forbidden' }
  | { readonly kind: 'not found' }
  | { readonly kind: 'limited'; readonly seconds: number }
  /** It doesn't answer, or with an error of its own. */
  | { readonly kind: 'away' };

interface Question {
  readonly method?: 'GET' | 'POST' | 'PUT';
  readonly body?: object;
  readonly session?: string | undefined;
  readonly authorization?: string | undefined;
}

const timeoutMilliseconds = 5000;
const connectionEnded: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);

/** Asks the API inside of the cluster, as the person whose session is given. Each answer is of this person: none is kept. */
export async function ask<Body>(path: string, question: Question = {}): Promise<Answer<Body>> {
  const { method = 'GET', body, session, authorization } = question;
  const headers: Record<string, string> = { accept: 'application/json' };
  if (session) headers.cookie = `${sessionCookie}=${session}`;
  if (authorization) headers.authorization = authorization;
  if (body) headers['content-type'] = 'application/json';
  // So that the backend's lines and spans are part of this request's trace.
  propagation.inject(context.active(), headers);
  const start = performance.now();
  const signal = AbortSignal.timeout(timeoutMilliseconds);
  const send = (): Promise<Response> =>
    fetch(`${process.env.API_URL}${path}`, {
      method,
      headers,
      cache: 'no-store',
      redirect: 'error',
      signal,
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
  try {
    const response = await send().catch((error: unknown) => {
      // A connection that was kept, and that a pod which leaves has closed at this very moment. What is asked here may be
      // asked twice.
      if (!connectionEnded.has(codeOf(error))) throw error;
      return send();
    });
    const milliseconds = Math.round(performance.now() - start);
    logLine('info', { event: 'backend', method, path, status: response.status, milliseconds }, 'asked the backend');
    return await answerOf<Body>(response);
  } catch (error) {
    logLine('error', { event: 'backend', method, path, reason: codeOf(error) }, 'the backend does not answer');
    return { kind: 'away' };
  }
}

function codeOf(error: unknown): string {
  const { name, cause } = error as Error;
  return (cause as { code?: string } | undefined)?.code ?? name;
}

async function answerOf<Body>(response: Response): Promise<Answer<Body>> {
  const negotiate = response.headers.get('www-authenticate') ?? undefined;
  const more = negotiate === undefined ? {} : { negotiate };
  switch (response.status) {
    case 200: {
      const session = sessionOf(response.headers.getSetCookie());
      const body = (await response.json()) as Body;
      return { kind: 'answered', body, ...more, ...(session === undefined ? {} : { session }) };
    }
    case 204:
      return { kind: 'answered', body: undefined as Body };
    case 401:
      return { kind: 'refused', ...more };
    case 403:
      return { kind: 'forbidden' };
    case 404:
      return { kind: 'not found' };
    case 429:
      return { kind: 'limited', seconds: Number(response.headers.get('retry-after') ?? 60) };
    default:
      return { kind: 'away' };
  }
}

/** The value of the session's cookie among those that an answer sets. */
export function sessionOf(cookies: readonly string[]): string | undefined {
  const own = cookies.find((cookie) => cookie.startsWith(`${sessionCookie}=`));
  return own?.slice(sessionCookie.length + 1).split(';')[0] || undefined;
}
