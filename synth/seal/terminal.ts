import readline from 'node:readline';
import { Writable } from 'node:stream';

/** The user pressed Ctrl-C or Ctrl-D at a prompt. */
export class Interrupted extends Error {
  constructor() {
    super('interrupted');
    this.name = 'Interrupted';
  }
}

/** Asks on `output` and reads one line from the terminal `input` without echoing it. Throws {@link Interrupted}. */
export async function askHidden(
  input: NodeJS.ReadableStream,
  output: NodeJS.WritableStream,
  prompt: string,
): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = readline.createInterface({ input, output: nowhere, terminal: true, historySize: 0 });
  const line = new Promise<string>((resolve, reject) => {
    lines.once('line', resolve);
    for (const event of ['SIGINT', 'close']) lines.once(event, () => reject(new Interrupted()));
  });
  output.write(prompt);
  try {
    return await line;
  } finally {
    lines.close();
    output.write('\n');
  }
}
