import path from 'node:path';
import { ruleSet } from '../../../scripts/waf/rule-set.ts';
import type { WayIn } from '../../components/edge/way-in.ts';
import { askWeb, base64 } from '../../instruments/web-client.ts';
import type { WebAnswer } from '../../instruments/web-client.ts';
import type { Part } from '../../results/index.ts';
import type { PlatformGround } from '../ground.ts';
import { ruleFacts } from './rule-facts.ts';
import { attackSamples } from './rule-tests.ts';

/** So many that none of them is held back for asking too much. */
const clients = 100;

/** Percent of the attacks that may not get through: what gets through alone is below the score that refuses. */
const least = 98;

/** Sends every attack that the rules of this level are tested with by the way in, and counts what reached the application. */
export async function attacks({ report }: PlatformGround, way: WayIn): Promise<Part> {
  const { folder, tests } = ruleSet();
  const facts = ruleFacts(path.join(folder, 'rules'));
  const samples = attackSamples(tests).filter(({ rule }) => {
    const fact = facts.get(rule);
    // Others count for less than a request is refused for.
    return fact !== undefined && fact.paranoiaLevel <= 2 && fact.severity === 'CRITICAL';
  });
  const host = way.host('frontend');
  const requests = samples.map(({ text }, index) => ({
    ...way.request(host, { client: 101 + (index % clients) }),
    raw: base64(text.replace('HOST', host)),
  }));
  const answers = await askWeb(way.cluster, requests, { atOnce: 6 });
  const reached = samples.filter((_, index) => reachedBy(answers[index]));
  const statuses = new Map<number, number>();
  for (const { status } of answers) statuses.set(status, (statuses.get(status) ?? 0) + 1);
  const refused = Math.round(((samples.length - reached.length) * 1000) / samples.length) / 10;
  const counts = [...statuses].map(([status, count]) => `${count} x ${status}`).join(', ');
  report(
    `attacks: ${refused} % of ${samples.length} refused (${counts}); reached: ${reached.map(({ name }) => name).join(' ')}`,
  );
  const limited = statuses.get(429) ?? 0;
  return {
    figures: { attacks: samples.length, refused },
    checks: [
      {
        what: `attacks that were refused, at least ${least} %`,
        expected: 'within',
        got: refused >= least ? 'within' : `${refused} %`,
      },
      { what: 'attacks that were held back only for being many', expected: '0', got: String(limited) },
    ],
  };
}

/** Whether the application itself answered a request in bytes. */
export function reachedBy(answer?: WebAnswer): boolean {
  return /^x-application:/im.test(answer?.body ?? '') || answer?.headers['x-application'] !== undefined;
}
