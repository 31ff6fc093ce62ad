import { promtool, Rules } from '../../support/promtool.ts';
import { directoryWith } from '../../support/samba-dc.ts';

const alerts = directoryWith().platform.alerts.map(({ props }) => props);
const ready = 'kube_statefulset_status_replicas_ready{namespace="test",statefulset="samba"}';
const other = 'kube_statefulset_status_replicas_ready{namespace="test",statefulset="other"}';

(promtool === undefined ? describe.skip : describe)('promtool finds that DirectoryDown', () => {
  let rules: Rules;
  beforeAll(() => {
    rules = new Rules(alerts);
  });
  afterAll(() => {
    rules.remove();
  });

  test.each([
    ['fires where it is not ready', { [ready]: '0+0x10' }, true],
    ['fires where nobody says anything of it', { [other]: '1+0x10' }, true],
    ['keeps quiet where it is ready', { [ready]: '1+0x10' }, false],
    ['keeps quiet while it is made anew', { [ready]: '1 1 1 1 1 1 0 0 0 1 1' }, false],
  ])('%s', (_, series, fires) => {
    expect(rules.complaints({ step: 0.5, series, name: 'DirectoryDown', fires: new Map([[5, fires]]) })).toBe('');
  });
});
