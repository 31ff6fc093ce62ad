import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { ask, Image } from './image.ts';
import type { Answer } from './image.ts';

let image: Image;

beforeEach(() => {
  image = new Image('backend');
});

afterEach(() => {
  image.close();
});

async function backend(shutdownMilliseconds: number) {
  const changes = { SHUTDOWN_TIMEOUT_MS: String(shutdownMilliseconds) };
  const program = image.start('dist/main.js', image.variables('backend/deployment-backend.yaml', changes));
  return { program, ...(await program.listening()) };
}

const oneConnection = () => new http.Agent({ keepAlive: true, maxSockets: 1 });

/** Waits for a connection attempt to be refused. */
async function refused(port: number): Promise<void> {
  while (
    await ask(port, '/health/live').then(
      () => true,
      () => false,
    )
  )
    await pause(5);
}

test('finishes a request that was under way and exits with 0', async () => {
  const { program, port } = await backend(60_000);
  const inFlight = ask(port, '/work?milliseconds=500', oneConnection());
  await pause(100);
  program.terminate();
  const { status, headers } = await inFlight;
  expect(status).toBe(200);
  expect(headers.connection).toBe('close');
  expect(await program.ended()).toBe(0);
});

test('accepts no connection, and says on an open one that it is not ready and that it closes', async () => {
  const { program, port } = await backend(60_000);
  const agent = oneConnection();
  expect((await ask(port, '/health/ready', agent)).headers.connection).toBe('keep-alive');
  const work = ask(port, '/work?milliseconds=300');
  await pause(100);
  program.terminate();
  await refused(port);
  const { status, headers } = await ask(port, '/health/ready', agent);
  expect([status, headers.connection]).toEqual([503, 'close']);
  expect((await work).status).toBe(200);
});

test('fails no request of clients that keep their connections busy', async () => {
  const { program, port } = await backend(60_000);
  let answered = 0;
  const client = async (target: string) => {
    const agent = oneConnection();
    const answers: Answer[] = [];
    do {
      answers.push(await ask(port, target, agent));
      answered += 1;
    } while (answers.at(-1)?.headers.connection === 'keep-alive' && (await pause(3, true)));
    return answers;
  };
  const targets = Array.from({ length: 16 }, (_, index) => (index % 4 === 0 ? '/work?milliseconds=20' : '/'));
  const clients = Promise.all(targets.map(client));
  while (answered < 200) await pause(10);
  program.terminate();
  const answers = (await clients).flat();
  expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
  expect(answers.filter(({ headers }) => headers.connection === 'close')).toHaveLength(targets.length);
  expect(await program.ended()).toBe(0);
});

test('closes connections that are idle or never said anything, neither at once nor when the time is over', async () => {
  const [brief, patient] = await Promise.all(
    [5000, 100_000].map(async (milliseconds) => {
      const { program, port } = await backend(milliseconds);
      await ask(port, '/', oneConnection());
      const silent = net.connect(port, '127.0.0.1');
      await once(silent, 'connect');
      program.terminate();
      return { program, silent };
    }),
  );
  // A second order to stop changes nothing.
  await pause(100);
  brief!.program.terminate();
  expect(await brief!.program.ended()).toBe(0);
  expect(patient!.silent.readyState).toBe('open');
  patient!.silent.destroy();
});

test('cuts what is still open when the time is over, says so and exits with 1', async () => {
  const { program, port } = await backend(300);
  const inFlight = ask(port, '/work?milliseconds=1000');
  const outcome = inFlight.catch((error: unknown) => error);
  await pause(200);
  program.terminate();
  expect(await program.ended()).toBe(1);
  expect(await outcome).toMatchObject({ code: 'ECONNRESET' });
  expect(program.output).toContain('backend: cut 1 connections, still open 300 ms after SIGTERM\n');
});
