import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { script, usualPasswordPolicy } from '../../../constructs/samba-dc/index.ts';
import { exec } from '../../cluster/kubectl.ts';
import { podsOf } from '../../cluster/pods.ts';
import type { DirectoryServer } from '../../components/directory/server.ts';
import type { WayIn } from '../../components/edge/way-in.ts';
import { webOf } from '../../components/web.ts';
import { withCleanUp } from '../../machine/clean-up.ts';
import { waitFor } from '../../machine/wait-for.ts';
import type { DrillCheck } from '../../results/index.ts';
import { BackendClient } from '../directory/sign-in.ts';
import type { PlatformGround } from '../ground.ts';
import { Browser } from './browser.ts';
import type { Answered } from './browser.ts';
import { linesSince } from './logs.ts';
import { ticketOf } from './people.ts';
import type { People } from './people.ts';

/** Numbers of clients: each address may sign in a few times a minute. */
const clients = { passwords: 150, tickets: 170 } as const;

/** Seconds that a locked account is tried for with wrong passwords, five a second. */
const lockingSeconds = usualPasswordPolicy.lockoutThreshold / 2;

/** Begins as a browser without a ticket does. */
const ntlm = Buffer.concat([Buffer.from('NTLMSSP\0\x01\0\0\0', 'latin1'), Buffer.alloc(28)]).toString('base64');

/** Everybody who is refused a sign-in by password: one answer outside, and the reason in the log. */
export async function refusedPasswords(
  ground: PlatformGround,
  way: WayIn,
  { directory }: DirectoryServer,
  { editor, reader, locked, expired }: People,
): Promise<readonly DrillCheck[]> {
  await (await BackendClient.of(ground)).signIn(`${locked.name}@${directory.names.zone}`, 'wrong', lockingSeconds);
  const since = new Date();
  let client: number = clients.passwords;
  const login = (username: string, password: string): Promise<Answered> =>
    new Browser(way, client++).ask('backend', '/auth/login', { json: { username, password } });
  const welcome = [await login(editor.name, editor.password), await login(reader.name, reader.password)];
  const tried = [
    ['wrong password', await login(editor.name, `${editor.password}x`)],
    // Of somebody else who was just let in.
    ['wrong password', await login(editor.name, reader.password)],
    ['empty password', await login(editor.name, '')],
    ['unknown account', await login('flow-nobody', editor.password)],
    ['locked', await login(locked.name, locked.password)],
    ['account expired', await login(expired.name, expired.password)],
  ] as const;
  const after = await login(editor.name, editor.password);
  const reasons = await reasonsOf(
    ground,
    way,
    since,
    tried.map(([, answer]) => answer),
  );
  return [
    {
      what: 'two people sign in, and the first again after all that was refused',
      expected: '200 editor, 200, 200 editor',
      got: [...welcome, after]
        .map(({ status, body }) => `${status}${body.includes('editor"') ? ' editor' : ''}`)
        .join(', '),
    },
    ...tried.map(([reason], index) => ({
      what: `the reason in the log, try ${index + 1}`,
      expected: reason,
      got: reasons[index] ?? 'none',
    })),
    {
      what: `different answers to ${tried.length} people who are refused`,
      expected: '401: 1',
      got: `${[...new Set(tried.map(([, { status }]) => status))].join(', ')}: ${new Set(tried.map(([, answer]) => seenOf(answer))).size}`,
    },
  ];
}

/** What the backend wrote of each, as the log has it. */
function reasonsOf(
  ground: PlatformGround,
  way: WayIn,
  since: Date,
  answers: readonly Answered[],
): Promise<readonly string[]> {
  return waitFor('the reasons in the log', { atMost: 20, every: 1000, signal: ground.signal }, async () => {
    const { backend } = await linesSince(ground, way, since);
    const found = answers.map(({ requestId }) =>
      backend.find((line) => line.event === 'sign-in' && line.request_id === requestId),
    );
    return found.every((line) => line !== undefined) ? found.map((line) => String(line.outcome)) : undefined;
  });
}

/** All that somebody outside learns, but what is another one at each request. */
function seenOf({ status, headers, body }: Answered): string {
  const own = new Set(['date', 'x-request-id']);
  const rest = Object.entries(headers).filter(([name]) => !own.has(name));
  return JSON.stringify([status, rest.sort(([one], [other]) => one.localeCompare(other)), body]);
}

/** Tickets of a real KDC at both hosts, and what is no ticket. */
export async function tickets(
  ground: PlatformGround,
  way: WayIn,
  server: DirectoryServer,
  { editor }: People,
): Promise<readonly DrillCheck[]> {
  let client: number = clients.tickets;
  const show = async (to: 'backend' | 'frontend', ticket: string): Promise<Answered> =>
    new Browser(way, client++).ask(to, to === 'backend' ? '/auth/negotiate' : '/sign-in/kerberos', {
      headers: { Authorization: `Negotiate ${ticket}` },
    });
  const [api, shop] = [way.host('backend'), way.host('frontend')];
  const used = await ticketOf(server, editor, api);
  const first = await show('backend', used);
  const atShop = await show('frontend', await ticketOf(server, editor, shop));
  const [plain, form] = [await show('backend', ntlm), await show('frontend', ntlm)];
  const since = new Date();
  const rotated = await withAnotherKey(server, async () => show('backend', await ticketOf(server, editor, api)));
  const [unopened = ''] = await reasonsOf(ground, way, since, [rotated]);
  return [
    { what: 'a ticket', expected: '200, with a session, proven', got: told(first) },
    { what: 'a ticket by the frontend', expected: '303, with a session, proven', got: told(atShop) },
    { what: 'an NTLM token', expected: '401', got: told(plain) },
    { what: 'an NTLM token by the frontend', expected: '401, the form', got: told(form) },
    { what: 'a ticket with another key than the keytab has', expected: '401', got: told(rotated) },
    // By which an alert knows it from a token that is none.
    {
      what: 'the reason in the log',
      expected: 'ticket refused, in keytab',
      got: /^ticket refused: .* in keytab/.test(unopened) ? 'ticket refused, in keytab' : unopened,
    },
    {
      what: 'a ticket, then a request without one by the same connection',
      expected: '200, 401, the same connection',
      got: await onOneConnection(ground, await ticketOf(server, editor, api)),
    },
  ];
}

/** While the backend's account has another password than its secret, as when that is rotated. */
function withAnotherKey<Value>(server: DirectoryServer, action: () => Promise<Value>): Promise<Value> {
  const giveBack = () => server.run(['python3', '-B', script('reconcile.py')]);
  return withCleanUp([giveBack], async () => {
    const other = `Aa1-${crypto.randomBytes(12).toString('hex')}`;
    await server.script('read -r password; samba-tool user setpassword backend --newpassword="$password"', other);
    return action();
  });
}

function told({ status, headers, body }: Answered): string {
  const asks = String(headers['www-authenticate'] ?? '');
  return [
    String(status),
    ...(String(headers['set-cookie'] ?? '').includes('__Host-session=') ? ['with a session'] : []),
    ...(asks.startsWith('Negotiate ') ? ['proven'] : asks === '' ? [] : [asks]),
    ...(body.includes('url=/sign-in') ? ['the form'] : []),
  ].join(', ');
}

/** In a pod of the backend: the firewall makes a connection for each request, and another proxy might not. */
async function onOneConnection({ cluster, platform }: PlatformGround, ticket: string): Promise<string> {
  const { namespace, selector } = webOf(platform, 'backend');
  const [pod] = await podsOf(cluster, [`--namespace=${namespace}`, selector]);
  const program = fs.readFileSync(path.join(import.meta.dirname, 'files', 'one-connection.js'), 'utf8');
  const where = { namespace, name: pod?.metadata.name ?? 'none' };
  const { stdout, stderr } = await exec(cluster, where, ['node', '-e', program], { input: `${ticket}\n` });
  return stdout.trim() || stderr.trim();
}
