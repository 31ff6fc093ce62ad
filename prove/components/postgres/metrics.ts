import { ProvingError } from '../../machine/error.ts';
import type { Members } from './members.ts';

/** The sum of a metric of a member's agent, whatever its labels. @throws ProvingError where it has none */
export async function memberMetric(members: Members, name: string, metric: string): Promise<number> {
  const address = `http://127.0.0.1:${members.patroni.workload.port('agent')}/metrics.txt`;
  const { status, stdout } = await members.run(name, ['curl', '-s', '-m', '10', address]);
  const values = stdout
    .split('\n')
    .filter((line) => line.startsWith(`${metric}{`) || line.startsWith(`${metric} `))
    .map((line) => Number(line.split(' ').at(-1)));
  if (status !== 0 || values.length === 0) throw new ProvingError(`${name} has no metric ${metric}`);
  return values.reduce((sum, value) => sum + value, 0);
}
