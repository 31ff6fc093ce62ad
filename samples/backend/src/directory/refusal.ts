/** Why somebody is not let in. The log has these words, the answer never. */
export type Refusal =
  | 'empty password'
  | 'unknown account'
  | 'wrong password'
  | 'locked'
  | 'disabled'
  | 'account expired'
  | 'password expired'
  | 'password has to be changed'
  | 'not at this hour'
  | 'not from here'
  | 'not by password'
  /** By what has no word here. */
  | `refused with data ${string}`;

/**
 * An Active Directory answers every refused bind with 49, and says why as `data NUMBER` in the text.
 * @see https://learn.microsoft.com/windows/win32/debug/system-error-codes--1300-1699- (1326, 1909 and others, in hexadecimal)
 */
const reasons: Readonly<Record<string, Refusal>> = {
  '525': 'unknown account',
  '52e': 'wrong password',
  // Such as of Protected Users, who show tickets alone.
  '52f': 'not by password',
  '530': 'not at this hour',
  '531': 'not from here',
  '532': 'password expired',
  '533': 'disabled',
  '701': 'account expired',
  '773': 'password has to be changed',
  '775': 'locked',
};

export function refusalOf(message: string): Refusal {
  const number = /\bdata ([0-9a-f]+)/i.exec(message)?.[1]?.toLowerCase() ?? '';
  return reasons[number] ?? (number === '' ? 'wrong password' : `refused with data ${number}`);
}

const disabled = 0x2;
const locked = 0x10;
const passwordExpired = 0x80_0000;

/** Of `accountExpires`: for ever. */
const never = new Set(['0', '9223372036854775807']);

/** What the attributes of an account say, for ways in without a bind. */
export function stateOf(
  attributes: { readonly control: number; readonly computed: number; readonly expires: string },
  now = Date.now(),
): 'usable' | Refusal {
  if (attributes.control & disabled) return 'disabled';
  if (attributes.computed & locked) return 'locked';
  if (!never.has(attributes.expires) && fileTime(attributes.expires) <= now) return 'account expired';
  return attributes.computed & passwordExpired ? 'password expired' : 'usable';
}

/** Hundreds of nanoseconds since 1601, as milliseconds since 1970. */
const fileTime = (text: string): number => Number(BigInt(text) / 10_000n) - 11_644_473_600_000;
