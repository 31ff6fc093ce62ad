'use server';

import { redirect } from 'next/navigation';
import { ask } from '../../lib/backend.ts';
import { currentSession, forgetSession, keepSession } from '../../lib/session.ts';

export interface SignInState {
  readonly message: string;
}

export async function signIn(_before: SignInState, form: FormData): Promise<SignInState> {
  const [username, password] = [form.get('username'), form.get('password')];
  if (typeof username !== 'string' || typeof password !== 'string') return { message: 'Fill in both fields.' };
  const answer = await ask('/auth/login', { method: 'POST', body: { username, password } });
  if (answer.kind === 'answered' && answer.session) {
    await keepSession(answer.session);
    redirect('/');
  }
  // The backend gives one answer for all who are refused, and so does this page.
  if (answer.kind === 'refused') return { message: 'User name or password is wrong, or the account may not sign in.' };
  if (answer.kind === 'limited') {
    return { message: `Too many attempts. Try again in ${Math.ceil(answer.seconds / 60)} minutes.` };
  }
  return { message: 'Nobody can sign in at the moment. Please try again in a minute.' };
}

export async function signOut(): Promise<void> {
  const session = await currentSession();
  if (session) await ask('/auth/logout', { method: 'POST', session });
  await forgetSession();
  redirect('/sign-in');
}
