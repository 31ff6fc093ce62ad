import { revalidatePath } from 'next/cache';
import Link from 'next/link';
import { notFound, redirect } from 'next/navigation';
import { ask } from '../../../lib/backend.ts';
import type { Product } from '../../../lib/backend.ts';
import { centsOf, priceOf } from '../../../lib/price.ts';
import { currentSession } from '../../../lib/session.ts';
import { Unavailable } from '../../unavailable.tsx';

interface PageProps {
  readonly params: Promise<{ readonly id: string }>;
  readonly searchParams: Promise<{ readonly message?: string | string[] }>;
}

const messages: Readonly<Record<string, string>> = {
  price: 'That is no price.',
  forbidden: 'Only editors change prices.',
  away: 'The price was not changed. Please try again in a minute.',
};

export default async function Page({ params, searchParams }: PageProps) {
  const { id } = await params;
  if (!/^\d{1,9}$/.test(id)) notFound();
  const answer = await ask<Product>(`/products/${id}`, { session: await currentSession() });
  if (answer.kind === 'refused') redirect('/sign-in');
  if (answer.kind === 'not found') notFound();
  if (answer.kind !== 'answered') return <Unavailable />;
  const { name, priceCents } = answer.body;
  const { message } = await searchParams;

  /** Which product it is for travels in the form, encrypted by the key that all pods share. */
  async function setPrice(form: FormData): Promise<void> {
    'use server';
    const cents = centsOf(String(form.get('price')));
    if (cents === undefined) redirect(`/products/${id}?message=price`);
    const body = { priceCents: cents };
    const changed = await ask(`/products/${id}/price`, { method: 'PUT', body, session: await currentSession() });
    if (changed.kind === 'refused') redirect('/sign-in');
    if (changed.kind === 'forbidden') redirect(`/products/${id}?message=forbidden`);
    if (changed.kind !== 'answered') redirect(`/products/${id}?message=away`);
    revalidatePath(`/products/${id}`);
    redirect(`/products/${id}`);
  }

  return (
    <>
      <h1>{name}</h1>
      {typeof message === 'string' && messages[message] && <p role="alert">{messages[message]}</p>}
      <form action={setPrice}>
        <label>
          Price
          <input name="price" defaultValue={priceOf(priceCents)} inputMode="decimal" />
        </label>
        <button>Change</button>
      </form>
      <Link href="/">All products</Link>
    </>
  );
}
