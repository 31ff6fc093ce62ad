import path from 'node:path';
import { withCleanUp } from '../../machine/clean-up.ts';
import type { Area, Outcome } from '../area.ts';
import type { Ground } from '../ground.ts';
import { Declared } from './declared.ts';
import { boundsOf } from './bounds.ts';
import { hopsOf } from './hops.ts';
import { Jaeger } from './jaeger.ts';
import { kindsOf } from './kinds.ts';
import { Way } from './way.ts';

export const area: Area<'machine'> = {
  purpose: 'follows a request from Traefik to the database by its trace, and fills what keeps traces beyond its bounds',
  promises: {
    tracing:
      'real Jaeger and real Traefik with what the constructs give them, the samples as they are built, PostgreSQL and Redis of ' +
      'this machine: a page is one trace of all of them; of many traces, those that failed or were slow are kept, and of the others ' +
      'their share; a flood is kept at the rate that is allowed; a trace is found no more after its time; and a disk that is full ' +
      'beyond its bound is begun anew',
  },
  needs: 'machine',
  minutes: 7,
  programs: ['jaeger'],
  about: [
    ...['constructs/trace-store', 'constructs/web-workload', 'constructs/traefik-waf/traefik', 'apps/tracing.ts'],
    ...['samples', 'prove/images/samples.ts', 'prove/images/recipes/edge.ts'],
  ],
  run: tracing,
};

async function tracing(ground: Ground): Promise<Outcome> {
  const followed = await oneTrace(ground);
  const kept = await kindsOf(ground);
  const bound = await boundsOf(ground);
  return {
    tracing: {
      figures: { ...followed.figures, ...kept.figures, ...bound.figures },
      units: {
        ...{ 'spans of a page': 'spans', 'ordinary traces kept': '%', 'kept of a flood': 'spans/s' },
        ...{ 'a span on the disk': 'bytes', 'disk at most': 'MiB', 'begins anew': 's' },
      },
      checks: [...followed.checks, ...kept.checks, ...bound.checks],
      standIns: [
        "Debian's PostgreSQL and Redis in the place of the platform's, without the firewall between Traefik and the frontend, " +
          'and a session that was put into Redis in the place of signing in',
      ],
    },
  };
}

async function oneTrace(ground: Ground) {
  // Of the one request, whatever chance says.
  const declared = new Declared(ground.environment, { sharePercent: 100 });
  const jaeger = await Jaeger.start({ folder: path.join(ground.folder, 'followed'), declared });
  return withCleanUp([() => jaeger.end()], async () => {
    const way = await Way.start(ground, declared, jaeger);
    return withCleanUp([() => way.stop()], () => hopsOf(way, jaeger, ground.report));
  });
}
