import type { Life, RecoveryCommands } from '../stateful/index.ts';
import { backupName } from './backup.ts';
import { paths } from './paths.ts';

/** What a person types at a shell while a directory is recovered. */
export function recoveryCommands({ scope, namespace }: Life): RecoveryCommands {
  const kubectl = `kubectl -n ${namespace}`;
  const ask = (command: string): string => `${kubectl} exec ${scope}-0 -c samba -- ${command}`;
  return {
    log: (pod, how) => `${kubectl} logs ${pod} -c samba ${how}`,
    members: ask(`cat ${paths.data}/domain/domain.json`),
    backups: () => `${kubectl} logs -l app.kubernetes.io/instance=${backupName(scope)} --tail=-1`,
    backUp: `${kubectl} create job --from=cronjob/${backupName(scope)} ${backupName(scope)}-by-hand`,
    look: [ask('samba-tool user list'), ask('samba-tool group list')],
  };
}
