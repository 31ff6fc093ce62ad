// Signs in at the directory as the backend would, by the variables that the platform gives its pod; the user and the password
// come by standard input, a line each. With a number of seconds it goes on signing in for so long. Prints a line for each:
// LDAP's code, and the serial number of the certificate that was verified; or what went wrong.
'use strict';
const fs = require('node:fs');
const tls = require('node:tls');
const { setTimeout: delay } = require('node:timers/promises');

const { hostname, port } = new URL(process.env.LDAP_URL);
const ca = fs.readFileSync(process.env.LDAP_CA_FILE);

/** Of LDAP: everything here is shorter than 128 bytes. */
const field = (tag, content) => Buffer.concat([Buffer.from([tag, content.length]), content]);

function bindRequest(user, password) {
  const request = [field(0x02, Buffer.from([3])), field(0x04, Buffer.from(user)), field(0x80, Buffer.from(password))];
  return field(0x30, Buffer.concat([field(0x02, Buffer.from([1])), field(0x60, Buffer.concat(request))]));
}

function signIn(user, password) {
  return new Promise((resolve) => {
    const socket = tls.connect({ host: hostname, port: Number(port), ca, servername: hostname });
    socket.setTimeout(5000, () => socket.destroy(new Error('no answer within 5 s')));
    socket.on('error', (error) => resolve(error.message));
    socket.once('secureConnect', () => socket.write(bindRequest(user, password)));
    socket.once('data', (answer) => {
      // The code follows the message's number, each with its own tag and length.
      const place = answer.indexOf(Buffer.from([0x0a, 0x01]));
      resolve(`${answer[place + 2]} ${socket.getPeerCertificate().serialNumber}`);
      socket.destroy();
    });
  });
}

async function main() {
  const [user = '', password = ''] = fs.readFileSync(0, 'utf8').split('\n');
  const until = Date.now() + 1000 * Number(process.argv[1] ?? 0);
  do {
    console.log(await signIn(user, password));
    if (Date.now() < until) await delay(200);
  } while (Date.now() < until);
}

void main();
