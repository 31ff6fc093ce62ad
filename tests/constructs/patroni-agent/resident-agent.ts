import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { createInterface } from 'node:readline';

/** How a command of the agent ended, and the lines that it logged. */
export interface Ended<Line> {
  readonly status: number;
  readonly said: readonly Line[];
}

/** The agent in a Python that stays, which `resident_agent.py` is: for tests that run many of its commands. */
export class ResidentAgent<Line extends object> {
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly lines: AsyncIterator<string, undefined>;
  private stderr = '';

  constructor(child: ChildProcessWithoutNullStreams) {
    this.child = child;
    child.stderr.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
    this.lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  async run(...args: readonly string[]): Promise<Ended<Line>> {
    this.child.stdin.write(`${JSON.stringify(args)}\n`);
    const said: Line[] = [];
    for (;;) {
      const { value } = await this.lines.next();
      if (value === undefined || this.stderr !== '') throw new Error(this.stderr || 'the agent ended');
      const line = JSON.parse(value) as Line | Pick<Ended<Line>, 'status'>;
      if ('status' in line) return { status: line.status, said };
      said.push(line);
    }
  }
}
