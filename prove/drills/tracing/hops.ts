import { waitFor } from '../../machine/wait-for.ts';
import type { Part } from '../../results/index.ts';
import { Checks } from '../hardware/checks.ts';
import type { Jaeger, Span, Trace } from './jaeger.ts';
import type { Way } from './way.ts';

/** Who is on the way of a page that the cache does not have, and what the backend asks for it. */
const hops = ['traefik', 'frontend', 'backend', 'cache get', 'database find product', 'cache store'] as const;

/** A page is asked for, and looked for. */
export async function hopsOf(way: Way, jaeger: Jaeger, report: (line: string) => void): Promise<Part> {
  const checks = new Checks();
  const page = '/products/2';
  checks.same(`${page} by Traefik`, String(await way.ask(page)), '200');
  const trace = await waitFor('the trace of the page', { atMost: 60, every: 1000 }, async () =>
    (await jaeger.traces('traefik')).find((each) => told(each).includes('database find product')),
  ).catch(() => undefined);
  const spans = trace?.spans ?? [];
  const found = trace === undefined ? [] : told(trace);
  report(`the trace has ${spans.length} spans: ${found.join(', ')}`);
  for (const hop of hops) checks.same(`${hop} is in the trace`, found.includes(hop) ? 'yes' : found.join(), 'yes');
  const ids = new Set(spans.map(({ spanID }) => spanID));
  const orphans = spans.filter(({ references }) => references.some(({ spanID }) => !ids.has(spanID)));
  const roots = spans.filter(({ references }) => references.length === 0);
  checks.same('spans without the one that they are of', orphans.map(nameOf).join() || 'none', 'none');
  checks.same('spans that the trace begins with', roots.map((span) => service(trace, span)).join(), 'traefik');
  const database = spans.find((span) => span.operationName === 'database find product');
  const upwards = database === undefined || trace === undefined ? [] : ancestors(trace, database);
  checks.same('what led to the database', upwards.join(' < '), 'backend < frontend < traefik');
  return { figures: { 'spans of a page': spans.length }, checks: checks.all };
}

const nameOf = ({ operationName }: Span): string => operationName;

const service = (trace: Trace | undefined, { processID }: Span): string =>
  trace?.processes[processID]?.serviceName ?? '';

/** Names of services and of spans, each once. */
const told = (trace: Trace): readonly string[] => [
  ...new Set(trace.spans.flatMap((span) => [service(trace, span), span.operationName])),
];

/** The services that led to a span, its own first, each once. */
function ancestors(trace: Trace, span: Span): readonly string[] {
  const parent = trace.spans.find(({ spanID }) => spanID === span.references[0]?.spanID);
  const above = parent === undefined ? [] : ancestors(trace, parent);
  const own = service(trace, span);
  return above[0] === own ? above : [own, ...above];
}
