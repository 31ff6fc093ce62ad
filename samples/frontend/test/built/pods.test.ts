import assert from 'node:assert/strict';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { keyFile, startPod, withoutBuild } from '../support/pod.ts';
import type { Pod } from '../support/pod.ts';

interface Question {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

/** In place of the backend: anna is the one who is known. */
const questions: Question[] = [];
let delay = 0;
const backend = http.createServer(async (request, response) => {
  const { method, url, headers } = request;
  let body = '';
  for await (const chunk of request) body += String(chunk);
  questions.push({ method, url, headers, body });
  const answer = (status: number, value: object, more: http.OutgoingHttpHeaders = {}): void => {
    response.writeHead(status, { 'Content-Type': 'application/json', ...more }).end(JSON.stringify(value));
  };
  if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay));
  const session = { 'Set-Cookie': '__Host-session=of-anna; Path=/; HttpOnly; Secure' };
  if (url === '/auth/login') {
    if (body.includes('right')) answer(200, { name: 'anna' }, session);
    else answer(401, {});
  } else if (url === '/auth/negotiate') {
    if (headers.authorization === 'Negotiate dGlja2V0') {
      answer(200, {}, { ...session, 'WWW-Authenticate': 'Negotiate cHJvb2Y=' });
    } else if (headers.authorization) answer(401, {});
    else answer(401, {}, { 'WWW-Authenticate': 'Negotiate' });
  } else if (!headers.cookie?.includes('of-anna')) answer(401, {});
  else if (url === '/products') answer(200, [{ id: 1, name: 'Hinge <b>', priceCents: 450 }]);
  else if (url?.startsWith('/products/1')) answer(200, { id: 1, name: 'Hinge <b>', priceCents: 450 });
  else answer(404, {});
});

const cookie = '__Host-session=of-anna';
const host = 'shop.example.com';
/** What the edge sets; Next.js compares the page's own origin with it. */
const fromPage = { host, 'x-forwarded-host': host, origin: `https://${host}` };

/** A browser without JavaScript: the fields of the form that is on the page. */
function fieldsOf(html: string): [string, string][] {
  const inputs = [...html.matchAll(/<input type="hidden"([^>]*)>/g)];
  return inputs.map(([, attributes = '']) => {
    const value = (name: string): string => new RegExp(` ${name}="([^"]*)"`).exec(attributes)?.[1] ?? '';
    return [value('name'), value('value').replaceAll('&quot;', '"').replaceAll('&amp;', '&')];
  });
}

interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
}

/** By `http`, because `fetch` sets no Host. */
async function send(url: string, headers: http.OutgoingHttpHeaders = {}, form?: FormData): Promise<Answer> {
  const multipart = form ? new Request('http://form', { method: 'POST', body: form }) : undefined;
  const body = multipart ? Buffer.from(await multipart.arrayBuffer()) : undefined;
  const type = multipart?.headers.get('content-type');
  return new Promise((resolve, reject) => {
    const options = {
      method: body ? 'POST' : 'GET',
      headers: { ...headers, ...(type ? { 'content-type': type } : {}) },
      timeout: 30_000,
    };
    const request = http.request(url, options, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
    });
    request.on('timeout', () => request.destroy(new Error('no answer in 30 s')));
    request.on('error', reject);
    request.end(body);
  });
}

function formOf(html: string, fields: Readonly<Record<string, string>>): FormData {
  const form = new FormData();
  for (const [name, value] of [...fieldsOf(html), ...Object.entries(fields)]) form.append(name, value);
  return form;
}

describe('two pods of one release, and one that was given another key', { skip: withoutBuild }, () => {
  const pods: Pod[] = [];
  before(async () => {
    await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve));
    const API_URL = `http://127.0.0.1:${(backend.address() as AddressInfo).port}`;
    const [shared, other] = [keyFile('shared'), keyFile('other')];
    for (const file of [shared, shared, other]) {
      pods.push(await startPod({ API_URL, NEXT_DEPLOYMENT_ID: 'v1', NEXT_SERVER_ACTIONS_ENCRYPTION_KEY_FILE: file }));
    }
  });
  after(async () => {
    await Promise.all(pods.map(({ stop }) => stop()));
    backend.close();
  });
  const at = (pod: number, path: string): string => `${pods[pod]?.url}${path}`;

  test('send who is nobody to the form', async () => {
    const { status, headers } = await send(at(0, '/'), { host });
    assert.equal(status, 307);
    assert.match(String(headers.location), /\/sign-in$/);
  });

  test('render what the backend says, as the person who asks and in the trace of the request', async () => {
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    const { status, text } = await send(at(0, '/'), {
      host,
      cookie,
      traceparent: `00-${traceId}-b7ad6b7169203331-01`,
      'x-request-id': 'of-the-edge',
    });
    assert.equal(status, 200);
    assert.match(text, /Hinge &lt;b&gt;/);
    const asked = questions.findLast(({ url }) => url === '/products');
    assert.equal(asked?.headers.cookie, cookie);
    assert.match(String(asked?.headers.traceparent), new RegExp(`^00-${traceId}-(?!b7ad6b7169203331)`));
    const line = pods[0]
      ?.output()
      .split('\n')
      .findLast((each) => each.includes('"event":"backend"'));
    assert.match(String(line), new RegExp(`"trace_id":"${traceId}".*"request_id":"of-the-edge"`));
    assert.equal(asked?.headers['x-request-id'], 'of-the-edge');
  });

  for (const [name, path] of [
    ['the form', '/sign-in'],
    ['a page', '/'],
    ['a page that is not there', '/nowhere'],
  ] as const) {
    test(`give ${name} a policy with a nonce, another one each time, which all its scripts have`, async () => {
      const nonces = new Set<string>();
      for (const pod of [0, 0, 1]) {
        const { headers, text } = await send(at(pod, path), { host, cookie });
        const policy = String(headers['content-security-policy']);
        const nonce = /'nonce-([^']+)'/.exec(policy)?.[1] ?? '';
        nonces.add(nonce);
        const scripts = [...text.matchAll(/<script\b[^>]*>/g)].map(([tag]) => tag);
        assert.ok(scripts.length > 0);
        for (const tag of scripts) assert.ok(tag.includes(`nonce="${nonce}"`), tag);
        assert.doesNotMatch(text, /<style\b(?![^>]*nonce=)| style="| on[a-z]+="/);
        assert.doesNotMatch(policy, /unsafe/);
      }
      assert.equal(nonces.size, 3);
    });
  }

  test('sign in by a form that the other pod has rendered, without JavaScript', async () => {
    const page = await send(at(0, '/sign-in'), { host });
    const form = formOf(page.text, { username: 'anna', password: 'right' });
    const { status, headers } = await send(at(1, '/sign-in'), fromPage, form);
    assert.equal(status, 303);
    assert.equal(headers.location, '/');
    assert.match(String(headers['set-cookie']), /__Host-session=of-anna; Path=\/;.* Secure; HttpOnly; SameSite=lax/i);
    const login = questions.findLast(({ url }) => url === '/auth/login');
    assert.deepEqual(JSON.parse(login?.body ?? ''), { username: 'anna', password: 'right' });
  });

  test('say in one sentence that somebody is not let in', async () => {
    const page = await send(at(0, '/sign-in'), { host });
    const { status, text } = await send(
      at(0, '/sign-in'),
      fromPage,
      formOf(page.text, { username: 'anna', password: 'no' }),
    );
    assert.equal(status, 200);
    assert.match(text, /User name or password is wrong, or the account may not sign in/);
  });

  test('refuse a form that a page of another host posts', async () => {
    const page = await send(at(0, '/sign-in'), { host });
    const before = questions.length;
    const form = formOf(page.text, { username: 'anna', password: 'right' });
    const { status } = await send(at(0, '/sign-in'), { ...fromPage, origin: 'https://elsewhere.example.com' }, form);
    assert.ok(status >= 400, `got ${status}`);
    assert.equal(questions.length, before);
  });

  test('read what the other pod has encrypted into a form: they have one key', async () => {
    const page = await send(at(0, '/products/1'), { host, cookie });
    const form = formOf(page.text, { price: '5,25' });
    const { status, headers } = await send(at(1, '/products/1'), { ...fromPage, cookie }, form);
    assert.equal(status, 303);
    assert.equal(headers.location, '/products/1');
    assert.equal(questions.findLast(({ method }) => method === 'PUT')?.body, '{"priceCents":525}');
  });

  test('with another key it fails: that is what the one key is for', async () => {
    const page = await send(at(0, '/products/1'), { host, cookie });
    const before = questions.filter(({ method }) => method === 'PUT').length;
    const { status } = await send(at(2, '/products/1'), { ...fromPage, cookie }, formOf(page.text, { price: '5,25' }));
    assert.equal(status, 500);
    assert.equal(questions.filter(({ method }) => method === 'PUT').length, before);
  });

  test('call themselves by the deployment that the platform names', async () => {
    for (const pod of [0, 1]) assert.match((await send(at(pod, '/sign-in'), { host })).text, /data-dpl-id="v1"/);
  });

  test('hand a ticket to the backend, and its proof to the browser', async () => {
    const asked = await send(at(0, '/sign-in/kerberos'), { host });
    assert.equal(asked.status, 401);
    assert.equal(asked.headers['www-authenticate'], 'Negotiate');
    assert.match(asked.text, /url=\/sign-in/);
    const shown = await send(at(0, '/sign-in/kerberos'), { host, authorization: 'Negotiate dGlja2V0' });
    assert.equal(shown.status, 303);
    assert.equal(shown.headers['www-authenticate'], 'Negotiate cHJvb2Y=');
    assert.match(String(shown.headers['set-cookie']), /__Host-session=of-anna/);
  });

  test('answer NTLM with 401 and the form, and ask for no other token', async () => {
    const { status, headers, text } = await send(at(0, '/sign-in/kerberos'), {
      host,
      authorization: 'Negotiate TlRMTVNTUAAB',
    });
    assert.equal(status, 401);
    assert.equal(headers['www-authenticate'], undefined);
    assert.match(text, /url=\/sign-in/);
  });

  test('count requests by kinds of paths', async () => {
    await send(at(0, '/products/1'), { host, cookie });
    const { text } = await send(pods[0]?.metrics ?? '');
    assert.match(
      text,
      /http_request_duration_seconds_count\{method="GET",route="\/products\/\[id\]",status="200"\} \d/,
    );
    assert.doesNotMatch(text, /products\/1/);
  });

  test('finish what has begun when they are told to end', async () => {
    const [, pod] = pods;
    delay = 1500;
    const answer = send(at(1, '/'), { host, cookie });
    await new Promise((resolve) => setTimeout(resolve, 700));
    const ended = pod?.stop();
    assert.equal((await answer).status, 200);
    delay = 0;
    // Next.js' own word for a calm end; when the time runs out it is 1.
    assert.equal(await ended, 143);
  });
});

describe('a pod', { skip: withoutBuild }, () => {
  const complete = { API_URL: 'http://127.0.0.1:1', NEXT_DEPLOYMENT_ID: 'v1' };

  test('without its backend says so', async () => {
    const pod = await startPod({ ...complete, NEXT_SERVER_ACTIONS_ENCRYPTION_KEY_FILE: keyFile('lone') });
    const { status, text } = await send(`${pod.url}/`, { host, cookie });
    await pod.stop();
    assert.equal(status, 200);
    assert.match(text, /data-backend="away"/);
  });

  test('does not start with a key that was cut off, and tells nothing of it', async () => {
    const file = keyFile('short', 20);
    await assert.rejects(startPod({ ...complete, NEXT_SERVER_ACTIONS_ENCRYPTION_KEY_FILE: file }), /has 20 bytes/);
  });

  test('names all that it was not given', async () => {
    await assert.rejects(startPod({}), (error: Error) => {
      for (const name of ['API_URL', 'NEXT_DEPLOYMENT_ID', 'NEXT_SERVER_ACTIONS_ENCRYPTION_KEY_FILE']) {
        assert.match(error.message, new RegExp(`${name} is missing`));
      }
      return true;
    });
  });
});
