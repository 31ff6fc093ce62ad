import crypto from 'node:crypto';
import type { WayIn } from '../../components/edge/way-in.ts';
import { askWeb } from '../../instruments/web-client.ts';
import type { WebAnswer, WebRequest } from '../../instruments/web-client.ts';
import { ProvingError } from '../../machine/error.ts';

type Host = 'frontend' | 'backend';
type Fields = Readonly<Record<string, string>>;

const usual: Fields = {
  'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0',
  Accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
  'Accept-Language': 'en-GB,en;q=0.9',
};

export interface Question {
  /** @default GET, or POST with a body */
  readonly method?: string;
  readonly headers?: Fields;
  /** Sent as JSON. */
  readonly json?: object;
  /** Sent as a page's form without JavaScript is. */
  readonly form?: FormData;
}

/** What the edge calls a request, and the trace that the browser began with it. */
export interface Answered extends WebAnswer {
  readonly requestId: string;
  readonly trace: string;
}

/** Somebody outside, with a cookie of a session. */
export class Browser {
  private readonly way: WayIn;
  private readonly client: number;
  private session: string | undefined;

  /** @param client number of its address: limits are an address's own */
  constructor(way: WayIn, client: number) {
    this.way = way;
    this.client = client;
  }

  async ask(to: Host, path: string, question: Question = {}): Promise<Answered> {
    const trace = crypto.randomBytes(16).toString('hex');
    const traceparent = `00-${trace}-${crypto.randomBytes(8).toString('hex')}-01`;
    const [answer] = await askWeb(this.way.cluster, [await this.request(to, path, question, { traceparent })]);
    if (answer === undefined || answer.status === 0) {
      throw new ProvingError(`${this.way.host(to)}${path} does not answer: ${answer?.error ?? 'nothing came'}`);
    }
    const set = [answer.headers['set-cookie'] ?? []].flat().find((cookie) => cookie.startsWith('__Host-session='));
    if (set !== undefined) this.session = set.split(';')[0];
    return { ...answer, requestId: String(answer.headers['x-request-id'] ?? 'none'), trace };
  }

  /** The same as a request that a recorder sends again and again. */
  async request(
    to: Host,
    path: string,
    { method, headers, json, form }: Question,
    more: Fields = {},
  ): Promise<WebRequest> {
    const host = this.way.host(to);
    const sent = form && new Request('http://form', { method: 'POST', body: form });
    const bytes = json ? Buffer.from(JSON.stringify(json)) : sent && Buffer.from(await sent.arrayBuffer());
    const type = json ? 'application/json' : (sent?.headers.get('content-type') ?? '');
    return this.way.request(host, {
      client: this.client,
      path,
      method: method ?? (bytes ? 'POST' : 'GET'),
      body: bytes?.toString('base64'),
      timeout: 20_000,
      headers: {
        ...usual,
        ...(this.session === undefined ? {} : { Cookie: this.session }),
        ...(form ? { Origin: `https://${host}` } : {}),
        ...(bytes ? { 'Content-Type': type, 'Content-Length': String(bytes.length) } : {}),
        ...headers,
        ...more,
      },
    });
  }

  /** The form of a page with what somebody types, as a browser without JavaScript sends it. */
  async form(path: string, typed: Fields): Promise<FormData> {
    const page = await this.ask('frontend', path);
    const fields = [...page.body.matchAll(/<input type="hidden"([^>]*)>/g)].map(([, attributes = '']) => {
      const value = (name: string): string => new RegExp(` ${name}="([^"]*)"`).exec(attributes)?.[1] ?? '';
      return [value('name'), value('value').replaceAll('&quot;', '"').replaceAll('&amp;', '&')] as const;
    });
    if (fields.length === 0) throw new ProvingError(`${path} has no form: ${page.status} ${page.body.slice(0, 200)}`);
    const form = new FormData();
    for (const [name, value] of [...fields, ...Object.entries(typed)]) form.append(name, value);
    return form;
  }
}
