import type { Life, RecoveryCommands } from '../stateful/index.ts';
import type { CompleteDatabase } from './databases.ts';
import { configurationPath, script, socketDirectory } from './paths.ts';
import { roleLabel } from './services.ts';

/** What a person types at a shell while a cluster is recovered. */
export function recoveryCommands({ scope, namespace }: Life, databases: readonly CompleteDatabase[]): RecoveryCommands {
  const kubectl = `kubectl -n ${namespace}`;
  const inPod = (pod: string, container: string, command: string): string =>
    `${kubectl} exec ${pod} -c ${container} -- ${command}`;
  const primary = `$(${kubectl} get pod -l app.kubernetes.io/instance=${scope},${roleLabel}=primary -o name)`;
  const psql = (database: string): string => `psql -h ${socketDirectory} -d ${database}`;
  const archives = [
    ...['-n', namespace, 'exec', `${scope}-0`, '-c', 'agent', '--'],
    ...['python3', script('archives.py'), '--config', `${configurationPath}/agent.json`],
  ];
  const question = 'select last_archived_wal, last_archived_time from pg_stat_archiver';
  return {
    log: (pod, how) => `${kubectl} logs ${pod} -c postgres ${how}`,
    members: inPod(`${scope}-0`, 'postgres', `patronictl -c ${configurationPath}/patroni.yml list`),
    backups: (prefix) => {
      const other = prefix === undefined ? '' : `env WALG_S3_PREFIX=${prefix} `;
      const status = `python3 ${script('agent.py')} --config ${configurationPath}/agent.json status`;
      return inPod(`${scope}-0`, 'agent', other + status);
    },
    archived: inPod(primary, 'postgres', `${psql('postgres')} -c '${question}'`),
    archives: {
      list: [...archives, 'list'],
      prune: (address) => [...archives, 'prune', address, '--again', address],
    },
    look: databases.map(({ name }) => inPod(`-it ${primary}`, 'postgres', psql(name))),
  };
}
