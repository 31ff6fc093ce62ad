// Asks the backend in its own pod by one connection: with a ticket, which comes by standard input, then without. Prints the
// status of both, and whether the second request went by the connection of the first.
'use strict';
const fs = require('node:fs');
const http = require('node:http');

const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

function ask(headers) {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port: process.env.PORT, path: '/auth/me', headers, agent };
    const request = http.get(options, (response) => {
      response.resume();
      response.on('end', () => resolve({ status: response.statusCode, isSame: request.reusedSocket }));
    });
    request.on('error', reject);
  });
}

async function main() {
  const ticket = fs.readFileSync(0, 'utf8').trim();
  const first = await ask({ authorization: `Negotiate ${ticket}` });
  const second = await ask({});
  console.log(`${first.status}, ${second.status}, ${second.isSame ? 'the same' : 'another'} connection`);
  agent.destroy();
}

void main();
