import type { Logger } from '../platform/log.js';

/** What was given is no ticket that counts here; the message says why, in words for the log. */
export class NotAccepted extends Error {}

export interface Accepted {
  /** Such as `anna@AD.EXAMPLE.COM`. */
  readonly principal: string;
  /** For the browser, which wants to know the server too. */
  readonly answer?: string;
}

/** Kerberos tickets as browsers send them (SPNEGO, RFC 4559). */
export abstract class Tickets {
  abstract readonly areAccepted: boolean;
  /** @throws NotAccepted */
  abstract accept(token: string): Promise<Accepted>;
}

/** Where the platform gave no keytab. */
export class NoTickets extends Tickets {
  override readonly areAccepted = false;

  override accept(): Promise<Accepted> {
    return Promise.reject(new NotAccepted('no keytab'));
  }
}

const signature = Buffer.from('NTLMSSP\0');

/** A browser that has no ticket sends NTLM under the same name, by itself or inside of SPNEGO. */
export const isNtlm = (token: Buffer): boolean => token.subarray(0, 200).includes(signature);

/** One step of the library `kerberos`; what its types call KerberosServer. */
interface Step {
  readonly username: string;
  readonly response: string | null;
  readonly contextComplete: boolean;
  step(token: string): Promise<unknown>;
}

/** By the keytab in KRB5_KTNAME, which the library reads itself at each ticket. */
export class KeytabTickets extends Tickets {
  override readonly areAccepted = true;

  constructor(private readonly begin: (service: string) => Promise<Step>) {
    super();
  }

  /** @throws Error where the library's program isn't there: a keytab that nobody reads would go unnoticed */
  static async load(log: Logger): Promise<KeytabTickets> {
    const kerberos = (await import('kerberos')).default;
    log.info({ event: 'tickets' }, 'Kerberos tickets are accepted');
    return new KeytabTickets((service) => kerberos.initializeServer(service));
  }

  override async accept(token: string): Promise<Accepted> {
    const bytes = Buffer.from(token, 'base64');
    if (bytes.length === 0) throw new NotAccepted('empty token');
    if (isNtlm(bytes)) throw new NotAccepted('NTLM token');
    // A context of its own for each request: what a connection showed before counts for nothing.
    const context = await this.begin('HTTP');
    try {
      await context.step(token);
    } catch (error) {
      throw new NotAccepted(`ticket refused: ${(error as Error).message}`);
    }
    // Ways of more than one step would need the next request of the same connection.
    if (!context.contextComplete) throw new NotAccepted('more than one step');
    return { principal: context.username, ...(context.response ? { answer: context.response } : {}) };
  }
}
