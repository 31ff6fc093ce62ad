// How a client makes sure that it talks to the right PostgreSQL, as a driver does with sslmode verify-full: it asks for TLS
// and verifies the server's certificate, by authority and name. It doesn't log in: the images have no driver.
import net from 'node:net';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import tls from 'node:tls';
import { readSecret } from './shared.js';

/** The first message of a client that wants TLS; a server that has it answers S. */
const sslRequest = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);
const milliseconds = { answer: 5000, betweenTries: 500 };

/**
 * Connects, and says who the server is: the subject of the authority that signed its certificate.
 * @param tries for how often a server may begin
 * @throws Error with the reason as `code`, such as SELF_SIGNED_CERT_IN_CHAIN or ERR_TLS_CERT_ALTNAME_INVALID
 */
export async function verifyDatabase(tries = 20) {
  for (let left = tries - 1; ; left -= 1) {
    try {
      return await verifyOnce();
    } catch (error) {
      // The first connection of a new pod may come before its network policy. Who is the wrong one stays the wrong one.
      if (left === 0 || !['ECONNREFUSED', 'EHOSTUNREACH', 'ETIMEDOUT'].includes(error.code)) throw error;
      await pause(milliseconds.betweenTries);
    }
  }
}

function verifyOnce() {
  const { DATABASE_HOST: host, DATABASE_PORT: port } = process.env;
  const ca = readSecret('DATABASE_CA_FILE');
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host, port: Number(port) }, () => socket.write(sslRequest));
    const end = (settle, value) => {
      socket.destroy();
      settle(value);
    };
    socket.setTimeout(milliseconds.answer, () => {
      end(reject, Object.assign(new Error(`${host}:${port} doesn't answer`), { code: 'ETIMEDOUT' }));
    });
    socket.once('error', (error) => end(reject, error));
    socket.once('data', (answer) => {
      if (answer.toString() !== 'S') return end(reject, new Error(`${host}:${port} talks no TLS`));
      const secure = tls.connect({ socket, ca, host, servername: net.isIP(host) ? undefined : host }, () => {
        end(resolve, secure.getPeerCertificate().issuer.CN);
      });
      return secure.once('error', (error) => end(reject, error));
    });
  });
}
