import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { decisionSeconds } from '../../../constructs/trace-store/index.ts';
import { withCleanUp } from '../../machine/clean-up.ts';
import type { Part } from '../../results/index.ts';
import { Checks } from '../hardware/checks.ts';
import type { Ground } from '../ground.ts';
import { Declared } from './declared.ts';
import { Jaeger } from './jaeger.ts';
import { send } from './spans.ts';
import type { Told } from './spans.ts';

const each = 40;
const ordinary = 1000;
const share = 10;
const most = 100;
/** What it tells from the first on that it could not keep. */
const fromTheFirst = 'otelcol_exporter_send_failed_spans';

/** Which traces are kept of many, and how many of a flood. */
export async function kindsOf(ground: Ground): Promise<Part> {
  const checks = new Checks();
  const start = (name: string, mostSpansPerSecond: number): Promise<Jaeger> =>
    Jaeger.start({
      folder: path.join(ground.folder, name),
      declared: new Declared(ground.environment, {
        ...{ sharePercent: share, mostSpansPerSecond, keepHours: 1, storageGibibytes: 100 },
      }),
    });

  const all = await start('kinds', 10_000);
  let told: readonly string[] = [];
  const kept = await withCleanUp([() => all.end()], async () => {
    const kinds: readonly (Told & { readonly count: number })[] = [
      { service: 'failed', spans: 3, outcome: 'failed', count: each },
      { service: 'slow', spans: 3, milliseconds: 1500, count: each },
      { service: 'refused', spans: 3, outcome: 'refused', count: ordinary },
      { service: 'ordinary', spans: 3, count: ordinary },
    ];
    for (const { count, ...trace } of kinds)
      await send(
        all.otlp,
        Array.from({ length: count }, () => trace),
      );
    await delay((decisionSeconds + 5) * 1000);
    told = await all.names();
    const accepted = await all.number('otelcol_receiver_accepted_spans');
    checks.same(
      'spans that it says it took',
      String(accepted),
      String(kinds.reduce((sum, { count, spans }) => sum + count * spans, 0)),
    );
    const counts = await Promise.all(kinds.map(async ({ service }) => (await all.traces(service)).length));
    return { failed: counts[0] ?? 0, slow: counts[1] ?? 0, refused: counts[2] ?? 0, ordinary: counts[3] ?? 0 };
  });
  ground.report(`kept of the traces that were sent: ${JSON.stringify(kept)}`);
  const missing = all.declared.numbers.filter((name) => !told.includes(name) && name !== fromTheFirst);
  checks.same('numbers that alerts ask for, and it does not tell', missing.join() || 'none', 'none');
  checks.same('traces kept in which something failed', `${kept.failed}`, `${each}`);
  checks.same('traces kept that were slow', `${kept.slow}`, `${each}`);
  for (const kind of ['refused', 'ordinary'] as const) {
    // A tenth of a thousand, five standard deviations around it.
    const isShare = Math.abs(kept[kind] - (ordinary * share) / 100) < 48;
    checks.same(`${share} % of ${ordinary} ${kind} traces`, isShare ? 'kept' : String(kept[kind]), 'kept');
  }

  const seconds = 20;
  const bounded = await start('flood', most);
  const flood = await withCleanUp([() => bounded.end()], async () => {
    for (let second = 0; second < seconds; second += 1) {
      await send(
        bounded.otlp,
        Array.from({ length: 200 }, () => ({ service: 'flood', spans: 5, outcome: 'failed' })),
      );
      await delay(1000);
    }
    await delay((decisionSeconds + 5) * 1000);
    return (await bounded.traces('flood')).reduce((sum, { spans }) => sum + spans.length, 0);
  });
  ground.report(`${flood} of ${seconds * 1000} spans of a flood kept`);
  // Half of the rate is for failures; a second more, because seconds of both begin at another moment.
  // Less than half of that is a flood that nothing is kept of.
  const isBound = flood >= (most / 4) * seconds && flood <= (most / 2) * (seconds + 10);
  checks.same('what is kept of a flood of failures', isBound ? 'what is allowed' : `${flood} spans`, 'what is allowed');
  return {
    figures: { 'ordinary traces kept': (kept.ordinary / ordinary) * 100, 'kept of a flood': flood / seconds },
    checks: checks.all,
  };
}
