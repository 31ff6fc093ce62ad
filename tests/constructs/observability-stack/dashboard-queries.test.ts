import { queriesOf } from '../../support/dashboards.ts';
import { buildPlatform } from '../../../apps/platform.ts';
import { promtool, RuleGroups } from '../../support/promtool.ts';

(promtool === undefined ? describe.skip : describe)('promtool finds', () => {
  test('that whatever a panel asks for is PromQL', () => {
    const queries = buildPlatform('three-node').dashboards.flatMap(({ props }) => queriesOf(props));
    const rules = queries.map((query, index) => ({
      record: `panel:number_${index}`,
      expr: query.replaceAll('$__rate_interval', '5m'),
    }));
    const groups = new RuleGroups([{ name: 'panels', rules }]);
    try {
      expect(queries.length).toBeGreaterThan(60);
      expect(groups.check()).toContain(`${queries.length} rules found`);
    } finally {
      groups.remove();
    }
  });
});
