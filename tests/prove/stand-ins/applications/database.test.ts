import fs from 'node:fs';
import net from 'node:net';
import tls from 'node:tls';
import { issue } from '../../../../prove/stand-ins/cert-manager/certificates.ts';
import type { Issued } from '../../../../prove/stand-ins/cert-manager/certificates.ts';
import { Image } from './image.ts';

const issuerRef = { name: 'test' };
const authority = (commonName: string): Promise<Issued> =>
  issue({ secretName: 'ca', issuerRef, isCA: true, commonName, privateKey: { algorithm: 'ECDSA' } });

let right: Issued;
let wrong: Issued;
let image: Image;
let server: net.Server;

/** As PostgreSQL answers: S, and TLS from then on; or N for a server without. */
async function listen(host: string, answer = 'S'): Promise<number> {
  const privateKey = { algorithm: 'ECDSA' };
  const { certificate: cert, key } = await issue({ secretName: 'tls', issuerRef, dnsNames: [host], privateKey }, right);
  server = net.createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => {
      socket.write(answer);
      if (answer === 'S') new tls.TLSSocket(socket, { isServer: true, cert, key }).on('error', () => undefined);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as net.AddressInfo).port;
}

/** What the migrations say of a server of that name, and how they end. */
async function migrations(port: number, trusted: string): Promise<readonly [number | null, string]> {
  const changes = { DATABASE_HOST: 'localhost', DATABASE_PORT: String(port) };
  const variables = image.variables('backend/job-backend-migrations.yaml', changes);
  fs.writeFileSync(variables.DATABASE_CA_FILE ?? '', trusted);
  const program = image.start('dist/migrate.js', variables);
  return [await program.ended(), program.output];
}

beforeAll(async () => {
  [right, wrong] = await Promise.all([authority('the right one'), authority('the wrong one')]);
});

beforeEach(() => {
  image = new Image('backend');
});

afterEach(() => {
  image.close();
  server.close();
});

test('the migrations know the database by its authority and name', async () => {
  expect(await migrations(await listen('localhost'), right.certificate)).toEqual([
    0,
    expect.stringMatching(/^migrations 0\.1\.0: nothing to do in shop as shop_owner on .*, signed by the right one\n$/),
  ]);
});

test('they know it while an old and a new authority are trusted', async () => {
  const [status] = await migrations(await listen('localhost'), wrong.certificate + right.certificate);
  expect(status).toBe(0);
});

test.each([
  ['whom another authority signed', 'localhost', 'S', () => wrong.certificate, 'SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_'],
  ['of another name', 'db.example', 'S', () => right.certificate, 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ['without TLS', 'localhost', 'N', () => right.certificate, 'talks no TLS'],
])('they refuse a server %s', async (_, host, answer, trusted, reason) => {
  const [status, output] = await migrations(await listen(host, answer), trusted());
  expect(status).toBe(1);
  expect(output).toMatch(new RegExp(`^migrations 0\\.1\\.0: refused shop as shop_owner on .*: .*(${reason}).*\n$`));
});
