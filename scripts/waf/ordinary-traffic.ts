/** A request that no firewall may refuse, as a browser or a program sends it. */
export interface OrdinaryRequest {
  /** What somebody does by it. */
  readonly name: string;
  readonly to: 'frontend' | 'backend';
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Text, or bytes in Latin-1. */
  readonly body?: string;
}

type Headers = Readonly<Record<string, string>>;

const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0';
const chrome =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36';
const iphone =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 ' +
  'Mobile/15E148 Safari/604.1';

/** What Chrome says of itself with every request. */
const hints: Headers = {
  'Sec-CH-UA': '"Chromium";v="142", "Google Chrome";v="142", "Not_A Brand";v="99"',
  'Sec-CH-UA-Mobile': '?0',
  'Sec-CH-UA-Platform': '"Windows"',
};

const page: Headers = {
  Accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8',
  'Accept-Encoding': 'gzip, deflate, br, zstd',
  'Accept-Language': 'de-DE,de;q=0.9,en-US;q=0.8,en;q=0.7',
  'Upgrade-Insecure-Requests': '1',
  'Sec-Fetch-Dest': 'document',
  'Sec-Fetch-Mode': 'navigate',
  'Sec-Fetch-Site': 'none',
  'User-Agent': firefox,
};

const script: Headers = {
  Accept: 'application/json, text/plain, */*',
  'Accept-Encoding': 'gzip, deflate, br, zstd',
  'Accept-Language': 'en-GB,en;q=0.9',
  Origin: 'https://shop.example.com',
  Referer: 'https://shop.example.com/cart?step=2',
  'Sec-Fetch-Dest': 'empty',
  'Sec-Fetch-Mode': 'cors',
  'Sec-Fetch-Site': 'same-site',
  'User-Agent': chrome,
  ...hints,
};

const base64url = (text: string): string => Buffer.from(text).toString('base64url');

/** A token of the usual kind, whose parts begin as all of them do; its signature is nobody's. */
const token = [
  base64url('{"alg":"RS256","typ":"JWT","kid":"2026-11"}'),
  base64url(
    '{"sub":"auth0|65f1c0ffee","name":"Renée O\'Neill","roles":["customer"],"iat":1795950000,"exp":1795953600}',
  ),
  base64url('not a signature, but as long as one and made of the same alphabet 0123456789'),
].join('.');

/** Cookies of sessions, consent and analytics, as they pile up. */
const cookies = {
  session: `session=s%3A${base64url('a session of somebody')}.4kPq; theme=dark; locale=de-DE`,
  google:
    '_ga=GA1.2.1804289383.1795950000; _ga_8W1Q2X3Y4Z=GS2.1.s1795950000$o3$g1$t1795950123$j42$l0$h0; _gid=GA1.2.77.1795',
  matomo:
    '_pk_id.1.1fff=3f9c1a2b4d5e6f70.1795950000.; _pk_ses.1.1fff=1; _pk_ref.1.1fff=%5B%22%22%2C%22%22%2C1795950000%5D',
  posthog: `ph_phc_shop_posthog=${encodeURIComponent('{"distinct_id":"0193a-7f","$sesid":[1795950000,"0193b"],"$epp":true}')}`,
  consent: `CookieConsent=${encodeURIComponent("{stamp:'k3+w==',necessary:true,statistics:false,ver:1}")}`,
};

const get = (name: string, path: string, headers: Headers = {}, to: OrdinaryRequest['to'] = 'frontend') => ({
  name,
  to,
  method: 'GET',
  path,
  headers: { ...(to === 'frontend' ? page : script), ...headers },
});

const ask = (name: string, path: string, headers: Headers = {}) => get(name, path, headers, 'backend');

function send(name: string, path: string, value: unknown, method = 'POST', headers: Headers = {}): OrdinaryRequest {
  const body = JSON.stringify(value);
  return {
    name,
    to: 'backend',
    method,
    path,
    headers: { ...script, 'Content-Type': 'application/json', ...headers },
    body,
  };
}

function form(name: string, path: string, fields: Headers, to: OrdinaryRequest['to'] = 'frontend'): OrdinaryRequest {
  const headers = { ...page, 'Content-Type': 'application/x-www-form-urlencoded', Cookie: cookies.session };
  return { name, to, method: 'POST', path, headers, body: new URLSearchParams(fields).toString() };
}

interface Part {
  readonly name: string;
  readonly text: string;
  readonly filename?: string;
  readonly type?: string;
}

/** A form whose action is a function of the server, as Next.js has it, with and without JavaScript. */
function action(name: string, path: string, fields: Headers, headers: Headers): OrdinaryRequest {
  const parts = Object.entries(fields).map(([field, text]) => ({ name: field, text }));
  const { body, headers: own } = upload(name, path, parts);
  const origin = { Origin: 'https://shop.example.com', Cookie: cookies.session };
  const type = own['Content-Type'] ?? '';
  return { name, to: 'frontend', method: 'POST', path, headers: { ...headers, ...origin, 'Content-Type': type }, body };
}

function upload(name: string, path: string, parts: readonly Part[]): OrdinaryRequest {
  const boundary = '----WebKitFormBoundary7MA4YWxkTrZu0gW';
  const lines = parts.flatMap(({ name: field, text, filename, type }) => [
    `--${boundary}`,
    `Content-Disposition: form-data; name="${field}"${filename === undefined ? '' : `; filename="${filename}"`}`,
    ...(type === undefined ? [] : [`Content-Type: ${type}`]),
    '',
    text,
  ]);
  const headers = { ...script, 'Content-Type': `multipart/form-data; boundary=${boundary}` };
  return { name, to: 'backend', method: 'POST', path, headers, body: [...lines, `--${boundary}--`, ''].join('\r\n') };
}

const graphql = (name: string, query: string, variables: unknown): OrdinaryRequest =>
  send(name, '/graphql', { operationName: /\w+ (\w+)/.exec(query)?.[1], query, variables });

/** The beginning of a picture, and bytes of every kind. */
const picture = `\u0089PNG\r\n\u001a\n${Array.from({ length: 4096 }, (_, at) => String.fromCharCode((at * 7 + (at >> 3)) % 256)).join('')}`;

/** Of an action that has a form, at every build. */
const actionId = '60e08018060c3886f5087eb7b5557139194adad3a7';

/** What a form of a page carries that all pods can read: bytes of every kind. */
const encrypted =
  '"ISIQCYRwvLHoTHZgdNy43IwvgkVLcuQLW5LiS9NK45LFrnn3ZF8wL6kmjhMwZpeAm0+pzobOiWMDiOm0f/WUcLIbbgKf7/VdVsrnSwggZ+KTxw=="';

/** Where a page with JavaScript is, as it says it with each request of its own. */
const onPage = (...segments: readonly string[]): Headers => {
  const tree = segments.reduceRight<unknown>((inner, segment) => [segment, { children: inner }], ['__PAGE__', {}]);
  return {
    ...script,
    Accept: 'text/x-component',
    'Next-Router-State-Tree': encodeURIComponent(JSON.stringify(tree)),
    'Sec-Fetch-Site': 'same-origin',
  };
};

const bearer = { Authorization: `Bearer ${token}` };
const socket = {
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
};

/** What a shop sees of an ordinary day. The firewall lets all of it pass: tests and drills ask it. */
export const ordinaryTraffic: readonly OrdinaryRequest[] = [
  get('opens the first page', '/'),
  get(
    'comes from an advertisement',
    '/?utm_source=newsletter&utm_medium=e-mail&utm_campaign=black%20friday%2026&gclid=EAIaIQobChMI8_k',
  ),
  get('reads a page about a product', '/products/kaffee-m%C3%BChle-2000?variant=rot&ref=startseite'),
  get('searches', '/search?q=espresso+machine+%26+grinder&sort=price_asc&page=2'),
  get('searches by a name with an apostrophe', "/search?q=L'Or%C3%A9al"),
  get('searches in Greek', '/search?q=%CE%BA%CE%B1%CF%86%CE%AD%CF%82'),
  get('filters', '/products?filter%5Bcolor%5D%5B%5D=red&filter%5Bcolor%5D%5B%5D=blue&price=10-250&in_stock=true'),
  get('comes with cookies of analytics', '/cart', {
    Cookie: `${cookies.session}; ${cookies.google}; ${cookies.matomo}`,
  }),
  get('comes with more cookies of analytics', '/cart', { Cookie: `${cookies.posthog}; ${cookies.consent}` }),
  get('asks with a telephone', '/', { 'User-Agent': iphone }),
  get('asks for a script', '/_next/static/chunks/app/page-8f3a2b1c9d.js', {
    Accept: '*/*',
    'Sec-Fetch-Dest': 'script',
  }),
  get('asks for a picture in another size', '/_next/image?url=%2Fimages%2Fhero.jpg&w=1920&q=75', {
    Accept: 'image/avif,*/*',
  }),
  get('asks for data of the next page', '/products?_rsc=1kq9d', { RSC: '1', 'Next-Url': '/', Accept: '*/*' }),
  get('asks again for what it has', '/logo.svg', {
    'If-None-Match': 'W/"5f3-190a2b3c4d5"',
    'If-Modified-Since': 'Sun, 01 Nov 2026 10:00:00 GMT',
  }),
  get('continues a download', '/manual.pdf', { Range: 'bytes=1024-2047' }),
  get('is a search engine', '/products', {
    'User-Agent': 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
  }),
  get('watches whether it is up', '/', { 'User-Agent': 'UptimeRobot/2.0', Accept: '*/*' }),
  get(
    'comes back from signing in',
    `/auth/callback?code=4%2F0AVMBsJ&state=${base64url('{"next":"/orders"}')}&scope=openid%20email`,
  ),
  { ...get('looks whether a page is there', '/products'), method: 'HEAD' },
  form('signs in', '/login', {
    email: 'renee.oneill@example.org',
    password: "Correct-Horse_battery'staple!9",
    remember: 'on',
  }),
  form('registers', '/register', {
    name: "Renée O'Neill-Müller",
    street: 'Straße des 17. Juni 135, Hinterhaus c/o Schmidt',
    phone: '+49 (0)30 123456-78',
    birthday: '1990-02-28',
    newsletter: 'yes',
  }),
  form('writes a message', '/contact', {
    subject: 'Order #2026-11/4711: where is it?',
    message:
      'Hello,\r\n\r\nI ordered 2 grinders (50% off) & 1 kettle. It says "shipped", but nothing came.\r\nThanks; René',
  }),
  form('pays', '/checkout', {
    iban: 'DE89 3704 0044 0532 0130 00',
    amount: '129,90',
    currency: 'EUR',
    note: 'gift - please wrap',
  }),
  ask('lists orders', '/orders?limit=20&offset=40&sort=-created_at&fields=id,total,status', bearer),
  ask('reads an order by its number', '/orders/0193b0c7-5a52-7cc1-9f0e-6b0e2c4d1a77', bearer),
  ask('asks for a time', '/reports?from=2026-11-01T00:00:00%2B01:00&to=2026-11-30T23:59:59Z&group=day', bearer),
  ask('listens to what happens', '/events', { ...bearer, Accept: 'text/event-stream', 'Cache-Control': 'no-cache' }),
  ask('opens a WebSocket', '/socket?v=4', { ...socket, Origin: 'https://shop.example.com' }),
  {
    ...ask('asks before a request of another origin', '/orders', {
      'Access-Control-Request-Method': 'PATCH',
      'Access-Control-Request-Headers': 'authorization,content-type',
    }),
    method: 'OPTIONS',
  },
  send(
    'puts something into the cart',
    '/cart/items',
    { productId: 4711, quantity: 2, options: { color: 'red', gift: true } },
    'POST',
    bearer,
  ),
  send(
    'changes a profile',
    '/me',
    { displayName: "Renée O'Neill", bio: 'I love coffee, cats & code. 100% decaf? Never!' },
    'PATCH',
    bearer,
  ),
  send(
    'replaces an address',
    '/me/addresses/1',
    { street: 'Rue de l’Été 5', city: 'Besançon', zip: '25000', country: 'FR' },
    'PUT',
    bearer,
  ),
  { ...ask('removes an item', '/cart/items/4711', bearer), method: 'DELETE' },
  send('signs in by the API', '/auth/login', { email: 'renee@example.org', password: 'pa$$word: "quoted" & <long>' }),
  send('renews a token', '/auth/refresh', { refreshToken: token }),
  send('writes a review', '/products/4711/reviews', {
    stars: 4,
    title: "Better than I thought - but it's loud",
    text: 'Pros:\n- fast\n- pretty\n\nCons:\n- price (129 €)\n\nWould I buy it again? Yes, and my sister did as well.',
  }),
  send('orders', '/orders', {
    items: [
      { sku: 'KM-2000/R', quantity: 1, price: 129.9 },
      { sku: 'FLT-04', quantity: 3, price: 4.5 },
    ],
    coupon: 'WELCOME10',
    delivery: { express: false, note: 'Please ring at "Schmidt", 3rd floor' },
    total: 143.4,
  }),
  send('reports what a visitor did', '/events', {
    events: Array.from({ length: 20 }, (_, at) => ({ type: 'view', page: `/products/${at}`, at: 1_795_950_000 + at })),
  }),
  graphql(
    'asks by GraphQL',
    'query Product($id: ID!) { product(id: $id) { id name price { amount currency } reviews(first: 5) { stars text } } }',
    { id: '4711' },
  ),
  graphql(
    'changes by GraphQL',
    'mutation AddToCart($input: CartInput!) { addToCart(input: $input) { cart { id total } errors { field message } } }',
    { input: { productId: 4711, quantity: 2 } },
  ),
  upload("uploads John's report", '/me/files', [
    { name: 'file', text: '%PDF-1.7\n', filename: "John's report (final).pdf", type: 'application/pdf' },
  ]),
  // A boundary in quotes, a character set for each part and names without quotes are .NET's; Java has the first two.
  {
    name: 'uploads by a program',
    to: 'backend',
    method: 'POST',
    path: '/me/files',
    headers: { ...bearer, 'Content-Type': 'multipart/form-data; boundary="7d1f7a2e-0b1c-4c2f-9a3f-2f6f3f0a9e11"' },
    body: [
      '--7d1f7a2e-0b1c-4c2f-9a3f-2f6f3f0a9e11',
      'Content-Type: text/plain; charset=utf-8',
      'Content-Disposition: form-data; name=title',
      '',
      'Quarter',
      '--7d1f7a2e-0b1c-4c2f-9a3f-2f6f3f0a9e11',
      "Content-Disposition: form-data; name=file; filename=report.pdf; filename*=utf-8''report.pdf",
      '',
      '%PDF-1.7',
      '--7d1f7a2e-0b1c-4c2f-9a3f-2f6f3f0a9e11--',
      '',
    ].join('\r\n'),
  },
  action(
    'signs in by a form without JavaScript',
    '/sign-in',
    {
      $ACTION_REF_1: '',
      '$ACTION_1:0': `{"id":"${actionId}","bound":"$@1"}`,
      '$ACTION_1:1': '[{"message":"User name or password is wrong, or the account may not sign in."}]',
      $ACTION_KEY: `k${actionId}`,
      username: 'renee.oneill',
      password: "it's; 1 or 1=1 -- `x` && $(y)",
    },
    page,
  ),
  action(
    'signs in by a form with JavaScript',
    '/sign-in',
    {
      _1_username: 'renee.oneill',
      _1_password: "it's; 1 or 1=1 -- `x` && $(y)",
      '0': '[{"message":"User name or password is wrong, or the account may not sign in."},"$K1"]',
    },
    { ...onPage('', 'sign-in'), 'Next-Action': actionId },
  ),
  action(
    'changes a price by a form without JavaScript',
    '/products/1',
    {
      $ACTION_REF_1: '',
      '$ACTION_1:0': `{"id":"${actionId}","bound":"$@1"}`,
      '$ACTION_1:1': '["$@2"]',
      '$ACTION_1:2': encrypted,
      price: '5,25',
    },
    page,
  ),
  action(
    'changes a price by a form with JavaScript',
    '/products/1',
    { _2_price: '5,25', '0': '["$@1","$K2"]', '1': encrypted },
    { ...onPage('', 'products', '1'), 'Next-Action': actionId },
  ),
  get('goes to a page with JavaScript', '/products/1?_rsc=1kq5g', { ...onPage(''), RSC: '1', 'Next-Url': '/' }),
  get('looks at a page before', '/products/2?_rsc=v0h3x', {
    ...onPage(''),
    RSC: '1',
    'Next-Url': '/',
    'Next-Router-Prefetch': '1',
    'Next-Router-Segment-Prefetch': '/_tree',
  }),
  upload('uploads a picture', '/me/picture', [
    { name: 'caption', text: "It's me" },
    { name: 'file', filename: 'me.png', type: 'image/png', text: picture },
  ]),
  upload('uploads a table', '/imports', [
    {
      name: 'file',
      filename: 'stock 2026-11.csv',
      type: 'text/csv',
      text: 'sku;name;stock\r\nKM-2000/R;"Grinder, red";12\r\n',
    },
  ]),
];
