/** `12.50` or `12,50` as cents; undefined for what is no price. */
export function centsOf(text: string): number | undefined {
  const [, whole = '', part = ''] = /^\s*(\d{1,7})(?:[.,](\d{1,2}))?\s*$/.exec(text) ?? [];
  return whole === '' ? undefined : Number(whole) * 100 + Number(part.padEnd(2, '0'));
}

export const priceOf = (cents: number): string => (cents / 100).toFixed(2);
