import type { WayIn } from '../../components/edge/way-in.ts';
import { waitFor } from '../../machine/wait-for.ts';
import type { DrillCheck } from '../../results/index.ts';
import type { Person } from '../directory/sign-in.ts';
import type { PlatformGround } from '../ground.ts';
import type { Answered, Browser } from './browser.ts';
import { linesSince } from './logs.ts';
import type { Line, Lines } from './logs.ts';

/** A request, and what is to be found of it behind the firewall. */
interface Step {
  readonly what: string;
  readonly answer: Answered;
  readonly status: number;
  /** What the backend says that it did, in this order; nothing where it is not reached. */
  readonly backend: readonly string[];
}

const product = 2;

/** What somebody sees of the mission's sequence, with the lines of everybody on the way. */
export async function hops(
  ground: PlatformGround,
  way: WayIn,
  browser: Browser,
  { name, password }: Person,
): Promise<readonly DrillCheck[]> {
  const since = new Date();
  const typed = { username: name, password };
  const form = await browser.form('/sign-in', typed);
  const attack = await browser.form('/sign-in', {
    ...typed,
    username: "x' or 1=1 union select password from users -- ",
  });
  const page = `/products/${product}`;
  const steps: readonly Step[] = [
    {
      what: 'an attack in the form',
      answer: await browser.ask('frontend', '/sign-in', { form: attack }),
      status: 403,
      backend: [],
    },
    {
      what: 'a page of nobody',
      answer: await browser.ask('frontend', page),
      status: 307,
      backend: ['request'],
    },
    {
      what: 'signing in by the form',
      answer: await browser.ask('frontend', '/sign-in', { form }),
      status: 303,
      backend: ['directory.search', 'directory.bind', 'directory.search', 'sign-in', 'request'],
    },
    {
      what: 'a page that the cache does not have',
      answer: await browser.ask('frontend', page),
      status: 200,
      backend: ['cache.miss', 'database.query', 'cache.stored', 'request'],
    },
    {
      what: 'the same page again',
      answer: await browser.ask('frontend', page),
      status: 200,
      backend: ['cache.hit', 'request'],
    },
  ];
  // Of each, the last line comes behind its answer.
  const lines = await waitFor('the lines of all hops', { atMost: 20, every: 1000, signal: ground.signal }, async () => {
    const found = await linesSince(ground, way, since);
    return steps.every((step) => isComplete(step, found)) ? found : undefined;
  }).catch(() => linesSince(ground, way, since));
  ground.report(`hops: ${steps.map((step) => `${step.what} ${step.answer.status}: ${told(step, lines)}`).join('; ')}`);
  return steps.map((step) => ({
    what: step.what,
    expected: wanted(step),
    got: `${step.answer.status}: ${told(step, lines)}`,
  }));
}

const isBlocked = ({ backend }: Step): boolean => backend.length === 0;

function wanted(step: Step): string {
  const behind = isBlocked(step) ? 'waf blocked' : `frontend, backend ${step.backend.join(' ')}`;
  return `${step.status}: traefik, ${behind}`;
}

const isComplete = (step: Step, lines: Lines): boolean => `${step.status}: ${told(step, lines)}` === wanted(step);

/** Who has a line of a request: by the name that the firewall gave it, and by the browser's trace. */
function told({ answer: { requestId, trace } }: Step, { traefik, waf, frontend, backend }: Lines): string {
  const isOf = (line: Line): boolean => line.request_id === requestId && line.trace_id === trace;
  const blocked = waf.find((line) => line.request_id === requestId);
  const events = inOrder(backend.filter(isOf)).map(({ event }) => String(event));
  return [
    ...(traefik.some((line) => line['downstream_X-Request-Id'] === requestId) ? ['traefik'] : []),
    ...(blocked === undefined ? [] : [`waf ${String(blocked.waf)}`]),
    ...(frontend.some((line) => isOf(line) && line.event === 'request') ? ['frontend'] : []),
    ...(events.length === 0 ? [] : [`backend ${events.join(' ')}`]),
  ].join(', ');
}

/** Pods' logs come one behind the other. */
function inOrder(lines: readonly Line[]): readonly Line[] {
  return [...lines].sort((one, other) => String(one.time).localeCompare(String(other.time)));
}
