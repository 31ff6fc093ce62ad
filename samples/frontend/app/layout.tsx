import type { Metadata } from 'next';
import { connection } from 'next/server';
import type { ReactNode } from 'react';
import './styles.css';

export const metadata: Metadata = { title: 'Shop' };

export default async function Layout({ children }: { readonly children: ReactNode }) {
  // Every page is rendered for its request, that of what isn't there too: its scripts have a nonce of their own.
  await connection();
  return (
    <html lang="en">
      <body>
        <main>{children}</main>
      </body>
    </html>
  );
}
