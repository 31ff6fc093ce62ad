import type { RecordedRequest } from './recorder.ts';

/** How many of them got no answer, or an error. */
export function failedOf(requests: readonly RecordedRequest[]): number {
  return requests.filter(({ ok }) => !ok).length;
}

const endOf = ({ at, milliseconds }: RecordedRequest): number => at.getTime() + milliseconds;

/** Seconds without an answer between two moments, at most: also before the first answer and after the last. */
export function longestGap(requests: readonly RecordedRequest[], from: Date, to: Date): number {
  return Math.max(...gapsOf(requests, from, to));
}

/** Each time without an answer between two moments, in seconds, in their order. */
export function gapsOf(requests: readonly RecordedRequest[], from: Date, to: Date): readonly number[] {
  const ends = requests.filter(({ ok }) => ok).map(endOf);
  const moments = [...ends, to.getTime()];
  return moments.map((moment, index) => seconds(moment - (moments[index - 1] ?? from.getTime())));
}

/** Seconds from a moment until a client had seen the last failure; 0 where it saw none. */
export function lastFailure(requests: readonly RecordedRequest[], since: Date): number {
  const ends = requests.filter(({ ok }) => !ok).map(endOf);
  return ends.length === 0 ? 0 : seconds(Math.max(...ends) - since.getTime());
}

/** Why requests failed, each reason with how often: `7 x dial tcp 10.43.0.7:3000: i/o timeout`. */
export function reasonsOf(requests: readonly RecordedRequest[]): string {
  const counts = new Map<string, number>();
  for (const { text } of requests.filter(({ ok }) => !ok)) {
    const reason = text.replace(/^Get "\S+": /, '');
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  return [...counts].map(([reason, count]) => `${count} x ${reason}`).join('; ') || 'none';
}

/** The slowest answer, in milliseconds. */
export function slowestOf(requests: readonly RecordedRequest[]): number {
  return Math.max(0, ...requests.filter(({ ok }) => ok).map(({ milliseconds }) => Math.round(milliseconds)));
}

/** Milliseconds in seconds, with one digit after the point. */
export function seconds(milliseconds: number): number {
  return Math.round(milliseconds / 100) / 10;
}
