import { argoCdAlerts } from '../../constructs/app-of-apps/alerts.ts';
import { buildPlatform } from '../../apps/platform.ts';
import { promtool, Rules } from '../support/promtool.ts';

const info = (name: string, labels: Readonly<Record<string, string>> = {}): string => {
  const all = {
    name,
    project: name,
    autosync_enabled: 'true',
    sync_status: 'Synced',
    health_status: 'Healthy',
    ...labels,
  };
  return `argocd_app_info{${Object.entries(all)
    .map(([key, value]) => `${key}="${value}"`)
    .join(',')}}`;
};
const held = { autosync_enabled: 'false', sync_status: 'OutOfSync' };

test('whoever watches the platform is told of every application, and where it is counted', () => {
  const { alerts, scrapes } = buildPlatform('production');
  expect(alerts.map(({ props }) => props)).toEqual(expect.arrayContaining([...argoCdAlerts]));
  const [scrape] = scrapes.filter(({ endpoint }) => endpoint.name === 'metrics of Argo CD');
  expect(scrape?.endpoint.targets).toMatchObject([{ host: 'argocd-metrics.argocd.svc.cluster.local', port: 8082 }]);
});

(promtool === undefined ? describe.skip : describe)('an alert', () => {
  const rules = new Rules(argoCdAlerts);
  afterAll(() => {
    rules.remove();
  });

  test('is PromQL', () => {
    expect(rules.check()).toContain(`${argoCdAlerts.length} rules found`);
  });

  const day = 24 * 60;
  test.each<[string, string, Readonly<Record<string, string>>, Readonly<Record<number, boolean>>, string | undefined]>([
    [
      'a day after a rollback, by the name, whatever else changes of it',
      'ArgoApplicationHeld',
      {
        [info('backend', held)]: '1x60 _x1440',
        [info('backend', { ...held, health_status: 'Degraded' })]: '_x60 1x1440',
      },
      { [day - 10]: false, [day + 10]: true },
      'backend',
    ],
    [
      'of the root too, which nobody else would switch on again',
      'ArgoApplicationHeld',
      { [info('root', held)]: '1x1500' },
      { [day + 10]: true },
      'root',
    ],
    [
      'not of what was switched on again within the day',
      'ArgoApplicationHeld',
      { [info('backend', held)]: '1x1200 _x900', [info('backend')]: '_x1200 1x900' },
      { [day + 10]: false },
      undefined,
    ],
    [
      'half an hour after a release that does not start, whatever it is called meanwhile',
      'ArgoApplicationStuck',
      {
        [info('data', { health_status: 'Progressing' })]: '1x15 _x60',
        [info('data', { health_status: 'Degraded' })]: '_x15 1x60',
      },
      { 20: false, 40: true },
      'data',
    ],
    [
      'not of what is held, nor of a release that takes ten minutes',
      'ArgoApplicationStuck',
      {
        [info('frontend', held)]: '1x90',
        [info('data', { sync_status: 'OutOfSync' })]: '1x10 _x60',
        [info('data')]: '_x10 1x60',
      },
      { 40: false, 60: false },
      undefined,
    ],
    ['where Argo CD is gone', 'ArgoNotWatched', { [info('data')]: '1x5 _x60' }, { 15: false, 30: true }, ''],
    ['not where it is there', 'ArgoNotWatched', { [info('data')]: '1x60' }, { 30: false }, undefined],
  ])('%s: %s', (_, name, series, fires, of) => {
    const labels: Readonly<Record<string, string>> = of ? { name: of } : {};
    const moments = new Map(Object.entries(fires).map(([minutes, firing]) => [Number(minutes), firing]));
    expect(rules.complaints({ step: 1, series, name, fires: moments, labels })).toBe('');
  });
});
