import { secretFile } from '../core/container.ts';
import { certificateKeys } from '../core/secret.ts';
import type { SecretKeyReference } from '../core/secret-ref.ts';
import { limitsOfRoles } from './connections.ts';
import { backupDefaults } from './defaults.ts';
import type { BackupProps } from './props.ts';
import { dynamicConfiguration } from './patroni-configuration.ts';
import type { PatroniSettings } from './patroni-configuration.ts';
import { configurationPath, dataDirectory, ports, reservePath, script, socketDirectory, tlsPath } from './paths.ts';

/** Nothing is deleted that would leave fewer. */
const minimumFulls = 2;

export interface AgentProps {
  readonly members: number;
  readonly backups: BackupProps | false;
  readonly memberSecrets: Readonly<Record<string, SecretKeyReference>>;
  readonly passwords: Readonly<Record<string, SecretKeyReference>>;
}

/** What files/agent/agent.py reads. It notices when the file changes. */
export function agentConfiguration(settings: PatroniSettings, props: AgentProps): string {
  const { members, backups, memberSecrets, passwords } = props;
  const files = Object.entries({ ...memberSecrets, ...passwords }).map(
    ([role, key]) => [role, secretFile(key)] as const,
  );
  const configuration = {
    cluster: settings.scope,
    members,
    patroni: `http://127.0.0.1:${ports.patroni}`,
    walg: script('walg.sh'),
    psql: 'psql',
    socketDirectory,
    replicationLogin: script('replication-login.sh'),
    dataDirectory,
    reserveFile: `${reservePath}/room`,
    reserveMebibytes: settings.volume.reserve,
    metricsPort: ports.agent,
    backups:
      backups === false
        ? null
        : {
            schedule: backups.schedule.text,
            keepFullDays: backups.keepFullDays ?? backupDefaults.keepFullDays,
            keepWalDays: backups.keepWalDays ?? backupDefaults.keepWalDays,
            minimumFulls,
          },
    databases: settings.databases.map(({ name, owner, user, extensions }) => ({ name, owner, user, extensions })),
    connectionLimits: limitsOfRoles(settings.databases),
    passwords: Object.fromEntries(files),
    tlsFiles: settings.authority ? certificateKeys.map((file) => `${tlsPath}/${file}`) : [],
    patroniFile: `${configurationPath}/patroni.yml`,
    // null: one that followed another cluster and doesn't any more becomes a primary.
    dynamicConfiguration: { standby_cluster: null, ...dynamicConfiguration(settings) },
  };
  return `${JSON.stringify(configuration, null, 2)}\n`;
}
