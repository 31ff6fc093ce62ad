import { setTimeout as delay } from 'node:timers/promises';
import { kubectl } from '../../cluster/kubectl.ts';
import type { WayIn } from '../../components/edge/way-in.ts';
import { failedOf, reasonsOf } from '../../instruments/figures.ts';
import { noneFailed } from '../../instruments/recorder.ts';
import { askWeb, WebRecorder } from '../../instruments/web-client.ts';
import type { WebAnswer } from '../../instruments/web-client.ts';
import { withCleanUp } from '../../machine/clean-up.ts';
import { waitFor } from '../../machine/wait-for.ts';
import type { DrillCheck, Round } from '../../results/index.ts';
import { entrances } from '../../stand-ins/internet/names.ts';
import type { PlatformGround } from '../ground.ts';

/** Of every answer to a browser, whoever gives it. */
const headers: Readonly<Record<string, RegExp>> = {
  'strict-transport-security': /^max-age=\d{8}/,
  'x-frame-options': /^(DENY|SAMEORIGIN)$/,
  'x-content-type-options': /^nosniff$/,
  'content-security-policy': /(default|script)-src/,
  'referrer-policy': /./,
  'permissions-policy': /./,
};

const told = ['server', 'x-powered-by'];

/** Handshakes, the headers of answers of every kind, and a certificate that is made anew. */
export async function tls(platform: PlatformGround, way: WayIn): Promise<Round> {
  const shakes = await handshakes(way);
  const answers = await headersOf(way);
  const renewed = await renewal(platform, way);
  return {
    figures: { refused: shakes.refused, headers: answers.length, renewed: renewed.seconds, failed: renewed.failed },
    units: { refused: 'handshakes', headers: 'answers', renewed: 's', failed: 'requests' },
    checks: [...shakes.checks, ...answers, ...renewed.checks],
  };
}

async function handshakes(way: WayIn): Promise<{ readonly refused: number; readonly checks: readonly DrillCheck[] }> {
  const host = way.host('frontend');
  const ask = (more: Readonly<Record<string, unknown>>) => way.request(host, { path: '/echo/tls', tls: more });
  const nobody = { ...ask({}), servername: 'nobody.example.net' };
  const [old, older, current, strange, plain] = await askWeb(way.cluster, [
    ask({ maxVersion: 'TLSv1.2' }),
    // OpenSSL itself refuses it, unless its own level is lowered.
    ask({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }),
    ask({}),
    nobody,
    {
      to: { address: entrances.v2, port: 80 },
      from: way.request(host).from,
      path: '/a?b=c',
      headers: { Host: host },
    },
  ]);
  const refusal = (answer?: WebAnswer): string => (answer?.error === undefined ? 'accepted' : 'refused');
  const checks: DrillCheck[] = [
    { what: 'TLS 1.2', expected: 'refused', got: refusal(old) },
    { what: 'TLS 1.1', expected: 'refused', got: refusal(older) },
    { what: 'a name that nobody has a certificate for', expected: 'refused', got: refusal(strange) },
    {
      what: 'what a browser of today gets',
      expected: 'TLSv1.3, 200',
      got: `${current?.tls?.protocol}, ${current?.status}`,
    },
    { what: "the certificate's key", expected: 'P-256', got: current?.tls?.curve ?? 'none' },
    { what: 'whose it is', expected: 'true', got: String(current?.tls?.names?.includes(host)) },
    { what: 'what is asked without TLS', expected: `308 https://${host}/a?b=c`, got: redirectOf(plain) },
  ];
  return { refused: [old, older, strange].filter((answer) => answer?.error !== undefined).length, checks };
}

function redirectOf(answer?: WebAnswer): string {
  // 301 and 308 both say for ever; the second one keeps the method.
  const status = answer?.status === 301 ? 308 : answer?.status;
  return `${status} ${String(answer?.headers.location)}`;
}

/** What every answer has, and has not. */
async function headersOf(way: WayIn): Promise<readonly DrillCheck[]> {
  const [frontend, backend] = [way.host('frontend'), way.host('backend')];
  const kinds = {
    'a page': [way.request(frontend), 200],
    'a page by HTTP/2': [way.request(frontend, { protocol: 'h2' }), 200],
    "the application's own 404": [way.request(frontend, { path: '/nothing' }), 404],
    "the application's own 405": [way.request(frontend, { method: 'DELETE', path: '/' }), 405],
    'what the API answers': [way.request(backend, { path: '/echo/headers' }), 200],
    "the application's own 500": [way.request(frontend, { path: '/echo/failed' }), 500],
    "the firewall's 502 where a page breaks off": [way.request(frontend, { path: '/echo/broken' }), 502],
    "the firewall's 502 where the API breaks off": [way.request(backend, { path: '/echo/broken' }), 502],
    "the firewall's 403": [way.request(frontend, { path: '/echo/?q=%3Cscript%3Ealert(1)%3C/script%3E' }), 403],
    "Traefik's 404 for a host that has no route": [
      { ...way.request(frontend), headers: { Host: 'nobody.example.net' } },
      404,
    ],
  } as const;
  const answers = await askWeb(
    way.cluster,
    Object.values(kinds).map(([request]) => request),
  );
  return Object.entries(kinds).map(([what, [, status]], index): DrillCheck => {
    const answer = answers[index];
    const lacking = Object.entries(headers)
      .filter(([name, pattern]) => !pattern.test(String(answer?.headers[name] ?? '')))
      .map(([name]) => `without ${name}`);
    const tells = told.filter((name) => answer?.headers[name] !== undefined).map((name) => `with ${name}`);
    const all = [String(answer?.status ?? answer?.error), ...lacking, ...tells];
    return { what: `headers of ${what}`, expected: String(status), got: all.join(', ') };
  });
}

/** A certificate is made anew while two clients ask, one of them by a connection that it keeps. */
async function renewal({ report, signal }: PlatformGround, way: WayIn) {
  const { cluster, namespace } = way;
  const host = way.host('frontend');
  const request = way.request(host, { path: '/echo/renewal', client: 2 });
  const serial = async (): Promise<string | undefined> =>
    (await askWeb(cluster, [way.request(host, { path: '/echo/serial', client: 3 })]))[0]?.tls?.serial;
  const before = await serial();
  const clients = [
    await WebRecorder.start(cluster, request, { name: 'renewal-new' }),
    await WebRecorder.start(cluster, request, { name: 'renewal-kept', isKept: true }),
  ];
  return withCleanUp(
    clients.map((client) => () => client.stop()),
    async () => {
      report(`the certificate of ${host} is made anew`);
      const start = performance.now();
      const now = new Date().toISOString().replace(/\.\d+/, '');
      // As `cmctl renew` asks for it.
      const asked = { type: 'Issuing', status: 'True', reason: 'ManuallyTriggered', lastTransitionTime: now };
      const patch = JSON.stringify({ status: { conditions: [asked] } });
      const what = ['certificate', host, `--namespace=${namespace}`, '--subresource=status', '--type=merge'];
      await kubectl(cluster, ['patch', ...what, `--patch=${patch}`]);
      await waitFor(
        'the new certificate',
        { atMost: 90, every: 1000, signal },
        async () => (await serial()) !== before,
      );
      const seconds = Math.round((performance.now() - start) / 100) / 10;
      // Until the other Traefik has it too, and for a while after.
      await delay(10_000);
      const seen = clients.flatMap((client) => client.requests());
      if (failedOf(seen) > 0) report(`renewal: ${reasonsOf(seen)}`);
      return { seconds, failed: failedOf(seen), checks: [noneFailed('certificate', seen)] };
    },
  );
}
