/** Next.js calls it once, before the first request. */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME !== 'nodejs') return;
  const { startMetrics, startTracing } = await import('./lib/observe.ts');
  startTracing();
  const { METRICS_PORT, METRICS_PATH = '/metrics' } = process.env;
  if (METRICS_PORT) startMetrics(Number(METRICS_PORT), METRICS_PATH);
}
