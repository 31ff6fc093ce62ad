// Load on request, for drills that make the autoscaler scale: GET /work?milliseconds=N burns N milliseconds of CPU.
import process from 'node:process';
import { setImmediate as nextTurn } from 'node:timers/promises';

const mostMilliseconds = 1000;
const sliceMilliseconds = 10;
let lastSlice = Promise.resolve();

/** Burns CPU for at most 10 ms and says how many milliseconds it got; other callers and requests have their turn then. */
function burnSlice() {
  const slice = lastSlice.then(() => {
    const before = process.cpuUsage();
    const end = performance.now() + sliceMilliseconds;
    while (performance.now() < end);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  });
  lastSlice = slice.then(() => nextTurn());
  return slice;
}

/** The route of both servers. */
export async function work(query, response) {
  const text = query.get('milliseconds') ?? '';
  const milliseconds = Number(text);
  if (!/^\d+$/.test(text) || milliseconds > mostMilliseconds)
    return { status: 400, body: `milliseconds is a whole number from 0 to ${mostMilliseconds}\n` };
  // Nobody waits for it once the connection is gone.
  for (let left = milliseconds; left > 0 && !response.destroyed;) left -= await burnSlice();
  return { type: 'application/json; charset=utf-8', body: `${JSON.stringify({ milliseconds })}\n` };
}
