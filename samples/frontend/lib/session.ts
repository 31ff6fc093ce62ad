import { cookies } from 'next/headers';
import { sessionCookie } from './backend.ts';

const options = { path: '/', httpOnly: true, secure: true, sameSite: 'lax' } as const;

export const currentSession = async (): Promise<string | undefined> => (await cookies()).get(sessionCookie)?.value;

/** In an action or a route: pages can't set cookies. */
export async function keepSession(value: string): Promise<void> {
  (await cookies()).set(sessionCookie, value, options);
}

export async function forgetSession(): Promise<void> {
  (await cookies()).delete({ name: sessionCookie, ...options });
}
