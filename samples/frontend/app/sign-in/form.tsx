'use client';

import { useActionState } from 'react';
import { signIn } from './actions.ts';

/** Works without JavaScript too: then the browser posts the form as it is. */
export function SignInForm() {
  const [state, action, isPending] = useActionState(signIn, { message: '' });
  return (
    <form action={action}>
      {state.message && <p role="alert">{state.message}</p>}
      <label>
        User name
        <input name="username" autoComplete="username" maxLength={256} required />
      </label>
      <label>
        Password
        <input name="password" type="password" autoComplete="current-password" maxLength={256} required />
      </label>
      <button disabled={isPending}>Sign in</button>
    </form>
  );
}
