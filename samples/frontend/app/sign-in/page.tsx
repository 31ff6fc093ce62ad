import { SignInForm } from './form.tsx';

export default function Page() {
  return (
    <>
      <h1>Sign in</h1>
      <SignInForm />
      <p>
        {/* No Link: a browser answers the question for a ticket only where it goes itself. */}
        <a href="/sign-in/kerberos">Sign in with the account of this computer</a>
      </p>
    </>
  );
}
