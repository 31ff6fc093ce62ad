import type { Logger } from '../platform/log.js';

export interface Dependency {
  readonly name: string;
  /** Without it nothing can be answered; without another one only a part. */
  readonly isNeeded: boolean;
  readonly ping: () => Promise<void>;
  /** Milliseconds for which an answer counts. */
  readonly fresh: number;
}

export interface Report {
  readonly status: 'ready' | 'degraded' | 'not ready' | 'leaving';
  /** `up`, or what is wrong. */
  readonly dependencies: Readonly<Record<string, string>>;
}

const timeoutMilliseconds = 1500;

/** Says which dependency is away, and whether that takes the pod out of the Service. */
export class Readiness {
  private readonly answers = new Map<string, { readonly at: number; readonly text: Promise<string> }>();
  private leaving = false;
  private last = '';

  constructor(
    private readonly dependencies: readonly Dependency[],
    private readonly log: Logger,
  ) {}

  /** The pod goes; what has begun is finished. */
  leave(): void {
    this.leaving = true;
  }

  get isLeaving(): boolean {
    return this.leaving;
  }

  async report(): Promise<Report> {
    const answers = await Promise.all(this.dependencies.map(async (each) => ({ ...each, text: await this.ask(each) })));
    const away = answers.filter(({ text }) => text !== 'up');
    const status = this.leaving
      ? 'leaving'
      : away.some(({ isNeeded }) => isNeeded)
        ? 'not ready'
        : away.length > 0
          ? 'degraded'
          : 'ready';
    const dependencies = Object.fromEntries(answers.map(({ name, text }) => [name, text]));
    this.tell(status, dependencies);
    return { status, dependencies };
  }

  private ask({ name, ping, fresh }: Dependency): Promise<string> {
    const known = this.answers.get(name);
    if (known && Date.now() - known.at < fresh) return known.text;
    const text = inTime(ping()).then(
      () => 'up',
      (error: unknown) => `down: ${(error as Error).message}`,
    );
    this.answers.set(name, { at: Date.now(), text });
    return text;
  }

  /** Once for each change: a probe comes every five seconds. */
  private tell(status: string, dependencies: Readonly<Record<string, string>>): void {
    const now = `${status} ${JSON.stringify(dependencies)}`;
    if (now === this.last) return;
    this.last = now;
    this.log[status === 'ready' ? 'info' : 'warn']({ event: 'readiness', status, dependencies }, 'readiness changed');
  }
}

async function inTime(question: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer in time')), timeoutMilliseconds);
  });
  try {
    await Promise.race([question, late]);
  } finally {
    clearTimeout(timer);
  }
}
