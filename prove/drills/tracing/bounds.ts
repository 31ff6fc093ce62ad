import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { seconds } from '../../instruments/figures.ts';
import { withCleanUp } from '../../machine/clean-up.ts';
import { waitFor } from '../../machine/wait-for.ts';
import type { Part } from '../../results/index.ts';
import { Checks } from '../hardware/checks.ts';
import type { Ground } from '../ground.ts';
import { Declared } from './declared.ts';
import { Jaeger } from './jaeger.ts';
import { send } from './spans.ts';

/** The bound that is tried: a small one, so that it is reached within minutes. */
const mostMebibytes = 192;
/** After which a trace is to be found no more. */
const keepSeconds = 60;
/** In a second: fewer traces than wait for their decision at a time, and fewer spans than may be kept. */
const flood = { traces: 100, spans: 20, messages: 2 } as const;
/** As the kubelet asks it: what is missed three times is started anew, and spans come all the while. */
const looks = { everySeconds: 10, misses: 3 } as const;

/** What keeps traces may not keep them for ever, and not fill its volume. */
export async function boundsOf(ground: Ground): Promise<Part> {
  const declared = new Declared(ground.environment, {
    ...{ sharePercent: 100, mostSpansPerSecond: 10_000, keepHours: 1, storageGibibytes: 100 },
  });
  const time = await timeOf(ground, declared);
  const disk = await diskOf(ground, declared);
  return { figures: disk.figures, checks: [...time.checks, ...disk.checks] };
}

/** Of its own: on a disk that is filled, what is too old would be gone from the files at moments that nobody knows. */
async function timeOf(ground: Ground, declared: Declared): Promise<Part> {
  const checks = new Checks();
  const jaeger = await Jaeger.start({ folder: path.join(ground.folder, 'time'), declared, keepSeconds });
  return withCleanUp([() => jaeger.end()], async () => {
    checks.same('a trace', await sent(jaeger, 'first'), 'kept');
    const expired = await waitFor('the first trace to expire', { atMost: 2 * keepSeconds, every: 2000 }, async () =>
      (await jaeger.traces('first')).length === 0 ? 'found no more' : undefined,
    ).catch(String);
    checks.same('a trace after its time', expired, 'found no more');
    checks.same('one that is sent by then', await sent(jaeger, 'second'), 'kept');
    return { figures: {}, checks: checks.all };
  });
}

/** Fills the disk beyond what it may take, and sees what becomes of it. */
async function diskOf(ground: Ground, declared: Declared): Promise<Part> {
  const checks = new Checks();
  const mostKibibytes = mostMebibytes * 1024;
  const jaeger = await Jaeger.start({ folder: path.join(ground.folder, 'bound'), declared, mostKibibytes });
  return withCleanUp([() => jaeger.end()], async () => {
    checks.same('a trace before the flood', await sent(jaeger, 'first'), 'kept');
    const before = await jaeger.disk();
    const start = performance.now();
    const misses = await flooded(jaeger, 600);
    const most = await jaeger.disk();
    const kept = (await jaeger.number('otelcol_exporter_sent_spans')) ?? 0;
    const filled = seconds(performance.now() - start);
    ground.report(`${kept} spans kept in ${filled} s: ${Math.round(most / 1024)} MiB of the disk`);
    checks.same('looks at which it was not alive, one after the other', String(misses), String(looks.misses));
    checks.same('its disk by then', most > mostKibibytes ? 'beyond the bound' : `${most} KiB`, 'beyond the bound');
    checks.same('whether it answers all the same', (await jaeger.answers()) ? 'yes' : 'no', 'yes');
    const again = performance.now();
    await jaeger.end();
    await jaeger.begin();
    const took = seconds(performance.now() - again);
    const after = await jaeger.disk();
    ground.report(`begun anew after ${took} s with ${Math.round(after / 1024)} MiB`);
    checks.same('what is on the disk after that', after <= before + 1024 ? 'nothing' : `${after} KiB`, 'nothing');
    checks.same('traces from before', String((await jaeger.traces('first')).length), '0');
    checks.same('a trace that comes after that', await sent(jaeger, 'second'), 'kept');
    return {
      figures: {
        'a span on the disk': Math.round(((most - before) * 1024) / kept),
        'disk at most': Math.round(most / 1024),
        'begins anew': took,
      },
      checks: checks.all,
    };
  });
}

/** Sends until it is not alive for as long as the kubelet waits. @returns how many looks in a row it was not */
async function flooded(jaeger: Jaeger, atMostSeconds: number): Promise<number> {
  const told = { service: 'many', spans: flood.spans, outcome: 'failed', attribute: 400 } as const;
  const start = performance.now();
  let looked = start;
  let misses = 0;
  while (misses < looks.misses && performance.now() - start < atMostSeconds * 1000) {
    for (let message = 0; message < flood.messages; message += 1) {
      await send(
        jaeger.otlp,
        Array.from({ length: flood.traces }, () => told),
      );
    }
    await delay(1000);
    if (performance.now() - looked < looks.everySeconds * 1000) continue;
    looked = performance.now();
    misses = (await jaeger.isAlive()) ? 0 : misses + 1;
  }
  return misses;
}

/** Sends a trace that is kept whatever chance says. @returns `kept` once it is found, or why it is not */
async function sent(jaeger: Jaeger, service: string): Promise<string> {
  await send(jaeger.otlp, [{ service, spans: 3, outcome: 'failed' }]);
  return waitFor(`the trace ${service}`, { atMost: 60, every: 1000 }, async () =>
    (await jaeger.traces(service)).length === 1 ? 'kept' : undefined,
  ).catch(String);
}
