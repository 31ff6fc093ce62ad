// Starts a program once the database takes connections: let-in.mjs SECONDS PROGRAM [ARGUMENT...]
// The database's node lets a new pod in some time after it has begun to run, from 0.1 s to some seconds. Most programs for
// migrations try once; refused, they would fail, and so would the next attempt, which is another new pod. After SECONDS
// the program is started all the same: it says better what is wrong.
import { spawn } from 'node:child_process';
import net from 'node:net';
import os from 'node:os';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';

const [seconds, program, ...args] = process.argv.slice(2);
const { DATABASE_HOST: host, DATABASE_PORT: port } = process.env;

function letIn() {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port: Number(port) });
    const end = (answer) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(1000, () => end('no answer'));
    socket.once('error', ({ code, message }) => end(code ?? message));
    socket.once('connect', () => end('connected'));
  });
}

// As the first process of a container it would not be ended by a signal that nobody listens to.
let end = (signal) => process.exit(128 + os.constants.signals[signal]);
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => end(signal));

const until = performance.now() + Number(seconds) * 1000;
for (let told; ; await pause(200)) {
  const answer = await letIn();
  if (answer === 'connected') break;
  if (performance.now() > until) {
    console.error(`let-in: ${host}:${port} still says ${answer} after ${seconds} s: going on`);
    break;
  }
  if (answer !== told) console.error(`let-in: ${host}:${port} says ${answer}: waiting`);
  told = answer;
}

const child = spawn(program, args, { stdio: 'inherit' });
end = (signal) => child.kill(signal);
child.once('error', ({ message }) => {
  console.error(`let-in: ${message}`);
  process.exit(127);
});
child.once('exit', (code, signal) => process.exit(code ?? 128 + os.constants.signals[signal]));
