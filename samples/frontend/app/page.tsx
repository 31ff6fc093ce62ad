import Link from 'next/link';
import { redirect } from 'next/navigation';
import { ask } from '../lib/backend.ts';
import type { Product } from '../lib/backend.ts';
import { priceOf } from '../lib/price.ts';
import { currentSession } from '../lib/session.ts';
import { signOut } from './sign-in/actions.ts';
import { Unavailable } from './unavailable.tsx';

export default async function Page() {
  const session = await currentSession();
  const answer = await ask<readonly Product[]>('/products', { session });
  if (answer.kind === 'refused') redirect('/sign-in');
  if (answer.kind !== 'answered') return <Unavailable />;
  return (
    <>
      <h1>Products</h1>
      <ul>
        {answer.body.map(({ id, name, priceCents }) => (
          <li key={id}>
            <Link href={`/products/${id}`}>{name}</Link> {priceOf(priceCents)}
          </li>
        ))}
      </ul>
      <form action={signOut}>
        <button>Sign out</button>
      </form>
    </>
  );
}
