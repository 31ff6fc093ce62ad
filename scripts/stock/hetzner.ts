import { InputError } from '../../constructs/core/error.ts';

/** How Hetzner is asked. */
export interface HetznerContext {
  readonly now: Date;
  readonly token: string;
  /** Such as `https://api.hetzner.cloud/v1`. */
  readonly endpoint: string;
  readonly timeoutMilliseconds: number;
}

interface Deprecation {
  readonly unavailable_after: string;
}

/** A type of servers that is sold, and where. */
export interface SoldType {
  readonly name: string;
  readonly locations: readonly {
    readonly name: string;
    readonly available: boolean;
    readonly deprecation: Deprecation | null;
  }[];
}

/** A server that there is. */
export interface ExistingServer {
  readonly name: string;
  readonly server_type: { readonly name: string };
  readonly location: { readonly name: string };
  readonly labels: Readonly<Record<string, string>>;
}

export function soldTypes(context: HetznerContext): Promise<SoldType[]> {
  return list<SoldType>(context, 'server_types');
}

/** Servers of an environment. */
export function serversOf(context: HetznerContext, environment: string): Promise<ExistingServer[]> {
  return list<ExistingServer>(context, 'servers', { label_selector: `environment=${environment}` });
}

/** What is asked for in each location, net of VAT. */
export interface PricesOfPlaces {
  readonly name?: string;
  readonly type?: string;
  readonly prices: readonly {
    readonly location: string;
    readonly price_hourly?: { readonly net: string };
    readonly price_monthly?: { readonly net: string };
  }[];
}

export interface Pricing {
  readonly currency: string;
  readonly server_types: readonly PricesOfPlaces[];
  readonly load_balancer_types: readonly PricesOfPlaces[];
  readonly primary_ips: readonly PricesOfPlaces[];
  readonly floating_ips: readonly PricesOfPlaces[];
  readonly volume: { readonly price_per_gb_month: { readonly net: string } };
}

/** What things cost now. @throws InputError */
export async function pricing(context: HetznerContext): Promise<Pricing> {
  const { pricing: told } = (await ask(context, 'pricing')) as { readonly pricing: Pricing };
  if (told.currency === 'EUR') return told;
  throw new InputError({
    where: context.endpoint,
    what: `its prices are in ${told.currency}`,
    allowed: 'prices in EUR, which are not converted here',
    remedy: "look them up in Hetzner's console",
  });
}

interface Answer {
  readonly error?: { readonly code: string; readonly message: string };
  readonly meta?: { readonly pagination?: { readonly next_page: number | null } };
}

async function list<Entry>(
  context: HetznerContext,
  kind: string,
  query: Readonly<Record<string, string>> = {},
): Promise<Entry[]> {
  if (context.token === '') {
    const remedy = 'make one that may read, in the project at console.hetzner.com, and set HCLOUD_TOKEN to it';
    throw new InputError({ where: 'HCLOUD_TOKEN', what: 'it is not set', allowed: "a token of Hetzner's API", remedy });
  }
  const entries: Entry[] = [];
  for (let page: number | null = 1; page !== null;) {
    const search = new URLSearchParams({ ...query, page: String(page), per_page: '50' });
    const answer = await ask(context, `${kind}?${search.toString()}`);
    entries.push(...((answer as Readonly<Record<string, Entry[]>>)[kind] ?? []));
    page = answer.meta?.pagination?.next_page ?? null;
  }
  return entries;
}

async function ask({ endpoint, token, timeoutMilliseconds }: HetznerContext, path: string): Promise<Answer> {
  const refuse = (what: string, remedy: string): never => {
    throw new InputError({ where: endpoint, what, allowed: "an answer of Hetzner's API", remedy });
  };
  let response: Response;
  try {
    const signal = AbortSignal.timeout(timeoutMilliseconds);
    response = await fetch(`${endpoint}/${path}`, { headers: { authorization: `Bearer ${token}` }, signal });
  } catch (error) {
    const { name, message, cause } = error as { name: string; message: string; cause?: { code?: string } };
    const slow = `it did not answer within ${timeoutMilliseconds / 1000} s`;
    const remedy = 'mend the network, or HCLOUD_ENDPOINT if it is set, and run again';
    return refuse(name === 'TimeoutError' ? slow : `it could not be reached (${cause?.code ?? message})`, remedy);
  }
  const answer = (await response.json().catch(() => ({}))) as Answer;
  if (response.ok) return answer;
  const { code = String(response.status), message = 'no reason given' } = answer.error ?? {};
  if (response.status === 401)
    return refuse(`it takes no such token (${message})`, 'set HCLOUD_TOKEN to one that is valid');
  if (response.status === 429) return refuse('it was asked too often', 'wait a minute, and run again');
  return refuse(`it refused (${code}: ${message})`, 'look at status.hetzner.com, and run again');
}
