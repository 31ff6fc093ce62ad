import { setTimeout as delay } from 'node:timers/promises';
import { podsOf } from '../../cluster/pods.ts';
import type { WayIn } from '../../components/edge/way-in.ts';
import { webOf } from '../../components/web.ts';
import type { Releases } from '../../delivery/releases.ts';
import { seconds } from '../../instruments/figures.ts';
import type { RecordedRequest } from '../../instruments/recorder.ts';
import { WebRecorder } from '../../instruments/web-client.ts';
import { withCleanUp } from '../../machine/clean-up.ts';
import type { DrillCheck, Part } from '../../results/index.ts';
import type { Person } from '../directory/sign-in.ts';
import type { PlatformGround } from '../ground.ts';
import { Browser } from './browser.ts';

const product = 3;

interface Client {
  readonly name: string;
  readonly recorder: WebRecorder;
  /** What a request that did what it should is told. */
  readonly good: (text: string) => boolean;
}

/**
 * Releases new versions of both applications while forms are posted whose pages the old version has rendered: signing in,
 * by a form that carries nothing of its own, and changing a price, by one that carries what all pods have to decrypt.
 */
export async function rollOut(
  ground: PlatformGround,
  way: WayIn,
  releases: Releases,
  { name, password }: Person,
  tags: Readonly<Record<'backend' | 'frontend', string>>,
): Promise<Part> {
  const { clone, signal, report } = ground;
  const before = await uidsOf(ground);
  const browser = new Browser(way, 180);
  const signIn = await browser.form('/sign-in', { username: name, password });
  await browser.ask('frontend', '/sign-in', { form: signIn });
  const price = await browser.form(`/products/${product}`, { price: '89.50' });
  const clients: Client[] = [];
  const start = async (what: string, milliseconds: number, path: string, form: FormData | undefined, good: string) => {
    const request = await browser.request('frontend', path, form === undefined ? {} : { form });
    const recorder = await WebRecorder.start(way.cluster, request, { name: what.replaceAll(' ', '-'), milliseconds });
    clients.push({ name: what, recorder, good: (text) => text.startsWith(good) });
  };
  return withCleanUp([() => Promise.all(clients.map(({ recorder }) => recorder.stop()))], async () => {
    await start('sign-ins', 500, '/sign-in', signIn, '303 to /');
    await start('changed prices', 250, `/products/${product}`, price, `303 to /products/${product}`);
    await start('pages', 250, `/products/${product}`, undefined, '200 ');
    const began = performance.now();
    await releases.release('New versions of backend and frontend', (changed) => {
      for (const [image, tag] of Object.entries(tags)) changed.setImage(image, tag);
    });
    await releases.applied(clone.applications(), signal);
    const took = seconds(performance.now() - began);
    await delay(3000, undefined, { signal });
    const after = await uidsOf(ground);
    const seen = clients.map((client) => ({ ...client, requests: client.recorder.requests() }));
    const failed = seen.flatMap(({ requests, good }) => requests.filter(({ ok, text }) => !ok || !good(text)));
    report(
      `roll-out: ${took} s; ${seen.map(({ name, requests }) => `${requests.length} ${name}`).join(', ')}, ${failed.length} failed`,
    );
    return {
      figures: {
        ...Object.fromEntries(seen.map(({ name: what, requests }) => [what, requests.length])),
        failed: failed.length,
        'roll-out': took,
      },
      checks: [
        ...seen.map(({ name: what, requests, good }) => none(what, requests, good)),
        {
          what: 'pods of both that are the ones from before the roll-out',
          expected: '0',
          got: String(after.filter((uid) => before.includes(uid)).length),
        },
        { what: 'whether there are two frontends at least', expected: 'true', got: String(after.length >= 5) },
      ],
    };
  });
}

function none(what: string, requests: readonly RecordedRequest[], good: (text: string) => boolean): DrillCheck {
  const failed = requests.filter(({ ok, text }) => !ok || !good(text));
  const last = failed.at(-1);
  const words = last === undefined ? '0' : `${failed.length}, the last: ${last.at.toISOString()} ${last.text}`;
  return { what: `${what} that failed`, expected: '0', got: requests.length === 0 ? 'nothing was asked' : words };
}

async function uidsOf({ cluster, platform }: PlatformGround): Promise<readonly string[]> {
  const pods = await Promise.all(
    (['backend', 'frontend'] as const).map((kind) => {
      const { namespace, selector } = webOf(platform, kind);
      return podsOf(cluster, [`--namespace=${namespace}`, selector]);
    }),
  );
  return pods.flat().flatMap(({ metadata }) => (metadata.deletionTimestamp === undefined ? [metadata.uid] : []));
}
