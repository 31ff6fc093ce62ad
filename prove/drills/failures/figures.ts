import type { RecordedRequest } from '../recorder.ts';

/** How many of them got no answer, or an error. */
export function failedOf(requests: readonly RecordedRequest[]): number {
  return requests.filter(({ ok }) => !ok).length;
}

const endOf = ({ at, milliseconds }: RecordedRequest): number => at.getTime() + milliseconds;

/** Seconds between two answers that came one after the other, at most. Without two answers it is infinite. */
export function longestGap(requests: readonly RecordedRequest[]): number {
  const ends = requests.filter(({ ok }) => ok).map(endOf);
  const gaps = ends.map((end, index) => end - (ends[index - 1] ?? NaN)).filter((gap) => !Number.isNaN(gap));
  return gaps.length === 0 ? Infinity : seconds(Math.max(...gaps));
}

/** Seconds from a moment until a client had seen the last failure; 0 where it saw none. */
export function lastFailure(requests: readonly RecordedRequest[], since: Date): number {
  const ends = requests.filter(({ ok }) => !ok).map(endOf);
  return ends.length === 0 ? 0 : seconds(Math.max(...ends) - since.getTime());
}

/** Requests of the retrying client that took a second attempt. */
export function retriedOf(requests: readonly RecordedRequest[]): number {
  return requests.filter(({ text }) => text.startsWith('2 ')).length;
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
