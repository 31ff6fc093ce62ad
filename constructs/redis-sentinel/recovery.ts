import type { Life, RecoveryCommands } from '../stateful/index.ts';
import { backupName } from './backup.ts';
import { script } from './paths.ts';

/** What a person types at a shell while a store is recovered. */
export function recoveryCommands(life: Life): RecoveryCommands {
  const { scope, namespace } = life;
  const kubectl = `kubectl -n ${namespace}`;
  const ask = (command: string): string => `${kubectl} exec ${scope}-0 -c redis -- ${script('redis.sh')} ${command}`;
  return {
    log: (pod, how) => `${kubectl} logs ${pod} -c redis ${how}`,
    members: ask('info replication'),
    backups: () => `${kubectl} logs -l app.kubernetes.io/instance=${backupName(scope)} --tail=-1`,
    backUp: `${kubectl} create job --from=cronjob/${backupName(scope)} ${backupName(scope)}-by-hand`,
    look: [ask('info keyspace'), ask('--scan')],
  };
}
