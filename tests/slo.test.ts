import { environments } from '../config/index.ts';
import { manifestOf, objectsOf } from '../constructs/core/kube-object.ts';
import { objectiveGroups, specifications } from './support/objectives.ts';
import { buildPlatform } from '../apps/platform.ts';

describe.each(Object.keys(environments))('%s, where it is watched', (name) => {
  const platform = buildPlatform(name);
  const { objectives } = platform;
  const manifests = platform.charts.flatMap((chart) => objectsOf(chart).map(manifestOf));
  const groups = objectiveGroups(manifests);
  const rules = (what: string, id: string) => groups.find((each) => each.name === `sloth-slo-${what}-${id}`)!.rules;

  test('every objective has an error budget and multi-window burn alerts in the shape of Sloth', () => {
    expect(objectives.length).toBeGreaterThan(6);
    expect(groups).toHaveLength(3 * objectives.length);
    for (const { id, props } of objectives) {
      const labels = { sloth_id: id, sloth_service: props.service, sloth_slo: props.name };
      const recorded = [...rules('sli-recordings', id), ...rules('meta-recordings', id)];
      expect(recorded.map(({ record }) => record)).toEqual([
        ...['5m', '30m', '1h', '2h', '6h', '1d', '3d', '30d'].map((window) => `slo:sli_error:ratio_rate${window}`),
        ...['slo:objective:ratio', 'slo:error_budget:ratio', 'slo:time_period:days', 'slo:current_burn_rate:ratio'],
        ...['slo:period_burn_rate:ratio', 'slo:period_error_budget_remaining:ratio', 'sloth_slo_info'],
      ]);
      for (const each of recorded) expect(each.labels).toMatchObject(labels);
      const alerts = rules('alerts', id);
      const windows = alerts.map(({ labels: { severity, sloth_severity: sloth }, expr }) => [
        [severity, sloth],
        ...[...expr.matchAll(/ratio_rate(\w+)\{sloth_id="([^"]+)".*?> \(([\d.]+) \* ([\d.]+)\)/g)].map(
          ([, window, of, factor, budget]) => [window, of, Number(factor), Number(Number(budget).toFixed(9))],
        ),
      ]);
      const budget = Number((1 - props.percent / 100).toFixed(9));
      const pair = (short: string, long: string, factor: number) => [
        [short, id, factor, budget],
        [long, id, factor, budget],
      ];
      expect(windows).toEqual([
        ...(props.pages ? [[['page', 'page'], ...pair('5m', '1h', 14.4), ...pair('30m', '6h', 6)]] : []),
        [['ticket', 'ticket'], ...pair('2h', '1d', 3), ...pair('6h', '3d', 1)],
      ]);
      expect(alerts.map(({ annotations }) => annotations!.runbook)).toEqual(
        alerts.map(() => expect.stringMatching(`/docs/runbooks/${props.runbook}\\.md$`) as string),
      );
    }
  });

  test('the way in, each host that has a route, signing in and every backup have one', () => {
    const ids = objectives.map(({ id }) => id);
    const hosts = manifests
      .filter(({ kind }) => kind === 'Certificate')
      .flatMap(({ spec }) => (spec as { dnsNames: string[] }).dnsNames)
      .filter((host) => manifests.some(({ kind, metadata }) => kind === 'IngressRoute' && metadata.name === host));
    const services = ['edge', ...hosts].flatMap((each) => [`${each}-availability`, `${each}-latency`]);
    const { frontend, backend } = platform.environment.hosts;
    expect(hosts).toEqual(expect.arrayContaining([frontend, backend]));
    expect(ids.filter((id) => /availability|latency/.test(id) && !id.includes('sign-in')).sort()).toEqual(
      services.sort(),
    );
    const [directory] = ids.filter((id) => id.endsWith('-sign-in'));
    expect(ids).toContain(`${directory}-latency`);
    const backedUp = manifests.filter(
      ({ kind, metadata }) => kind === 'CronJob' && metadata.name.endsWith('-backup'),
    ).length;
    // PostgreSQL's members make their backups themselves.
    expect(ids.filter((id) => id.endsWith('-backup-age'))).toHaveLength(backedUp + 1);
  });

  test('Sloth is given the same', () => {
    const told = specifications(manifests).flatMap(({ version, service, slos }) =>
      slos.map((slo) => [version, `${service}-${slo.name}`, slo.objective]),
    );
    expect(told.sort()).toEqual(objectives.map(({ id, props }) => ['prometheus/v1', id, props.percent]).sort());
    for (const { service, slos } of specifications(manifests)) {
      for (const { name: slo, sli } of slos) {
        const { error_query: bad, total_query: all } = sli.events;
        const [first] = rules('sli-recordings', `${service}-${slo}`);
        expect(first!.expr).toBe(`(${bad})\n/\n(${all})\n`.replaceAll('{{.window}}', '5m'));
      }
    }
  });
});
