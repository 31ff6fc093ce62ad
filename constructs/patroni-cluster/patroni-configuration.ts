import { dump } from 'js-yaml';
import { authorityFile } from '../core/authority-files.ts';
import type { TrustedAuthority } from '../core/endpoint.ts';
import type { Recovery } from '../core/environment.ts';
import type { CompleteDatabase } from './databases.ts';
import type { PatroniOptions } from './options.ts';
import type { PatroniCluster } from './patroni-cluster.ts';
import type { PatroniClusterProps } from './props.ts';
import {
  binaries,
  configurationPath,
  dataDirectory,
  exporterUser,
  ports,
  script,
  socketDirectory,
  tlsPath,
} from './paths.ts';
import { roleLabel } from './services.ts';
import type { VolumeShares } from './volume.ts';

/** The label that has the scope as its value. */
const scopeLabel = 'app.kubernetes.io/instance';

/** What Patroni's two configurations are made of. */
export interface PatroniSettings {
  readonly scope: string;
  readonly namespace: string;
  readonly version: number;
  readonly databases: readonly CompleteDatabase[];
  readonly synchronous: 'on' | 'strict' | 'off';
  readonly consensus: 'endpoints' | 'configmaps';
  /** Who signed the certificates of all members; false without TLS. */
  readonly authority: TrustedAuthority | false;
  readonly parameters: Readonly<Record<string, string | number>>;
  readonly volume: VolumeShares;
  /** Whether there is an archive to write to and to read from. */
  readonly archive: boolean;
  /** The archive that a new cluster is made from; undefined for an empty one. */
  readonly recovery: (Recovery & { readonly prefix: string }) | undefined;
  /** The generation that this one follows, and its archive if it has one; undefined for one that takes writes. */
  readonly standbyOf: { readonly host: string; readonly port: number; readonly prefix: string | undefined } | undefined;
}

/** From what the cluster was given. */
export function patroniSettings(
  { life, databases, archive, authority }: Pick<PatroniCluster, 'life' | 'databases' | 'archive' | 'authority'>,
  { standbyOf }: PatroniClusterProps,
  options: PatroniOptions,
): PatroniSettings {
  const { recovery } = life;
  return {
    ...options,
    scope: life.scope,
    namespace: life.namespace,
    databases,
    authority,
    archive: archive !== false,
    recovery: recovery && archive ? { ...recovery, prefix: archive.prefix(recovery.from) } : undefined,
    standbyOf: standbyOf && {
      ...standbyOf.leader,
      prefix: (archive && standbyOf.archive && archive.prefix(standbyOf.life.generation)) || undefined,
    },
  };
}

/**
 * What all members share and Patroni keeps beside the leader's lock. The file is read once, when a cluster is made;
 * afterwards the agent on the leader brings it up to date.
 * @see https://patroni.readthedocs.io/en/latest/dynamic_configuration.html (4.1)
 */
export function dynamicConfiguration(settings: PatroniSettings): Record<string, unknown> {
  const { synchronous, parameters, standbyOf } = settings;
  return {
    // A dead primary's lock is let go after ttl; loop_wait + 2 * retry_timeout fit into it, or Patroni lowers them.
    ttl: 20,
    loop_wait: 5,
    retry_timeout: 7,
    maximum_lag_on_failover: 33_554_432,
    // A crash that takes longer to recover from than a failover takes is failed over.
    primary_start_timeout: 15,
    primary_stop_timeout: 20,
    synchronous_mode: synchronous !== 'off',
    synchronous_mode_strict: synchronous === 'strict',
    // A restart of the Kubernetes API is no outage of the database while the members see each other.
    failsafe_mode: true,
    member_slots_ttl: '30min',
    postgresql: {
      use_pg_rewind: true,
      use_slots: true,
      // Only of a member that has what its primary never had: what shows that is a login as `rewind` and one as
      // `replication`, by the credentials of the copy (Patroni 4.1, postgresql/rewind.py).
      remove_data_directory_on_rewind_failure: true,
      remove_data_directory_on_diverged_timelines: true,
      parameters: { ...parameters },
    },
    ...(standbyOf ? { standby_cluster: { host: standbyOf.host, port: standbyOf.port } } : {}),
  };
}

/**
 * What a member has for itself.
 * @see https://patroni.readthedocs.io/en/latest/yaml_configuration.html (4.1)
 */
export function patroniYaml(settings: PatroniSettings, labels: Readonly<Record<string, string>>): string {
  const { scope, namespace, version, consensus, authority, archive, standbyOf } = settings;
  // Not the ca.crt beside its own certificate: while the authority is renewed, others have theirs of the other one.
  const connection = authority ? { sslmode: 'verify-ca', sslrootcert: authorityFile(authority) } : {};
  const others = Object.fromEntries(Object.entries(labels).filter(([key]) => key !== scopeLabel));
  return dump(
    {
      scope,
      // name, pod_ip and the passwords come from the pod's environment.
      kubernetes: {
        namespace,
        labels: others,
        scope_label: scopeLabel,
        role_label: roleLabel,
        use_endpoints: consensus === 'endpoints',
        ports: [{ name: 'postgres', port: ports.postgres }],
        // It would read Endpoints of the namespace default, for nothing on a cluster with one server.
        bypass_api_service: false,
      },
      // Reading is free; what changes something asks for the password.
      restapi: { listen: `0.0.0.0:${ports.patroni}` },
      bootstrap: {
        dcs: dynamicConfiguration(settings),
        ...bootstrap(settings),
        post_bootstrap: `python3 ${script('agent.py')} --config ${configurationPath}/agent.json bootstrap`,
      },
      postgresql: {
        listen: `0.0.0.0:${ports.postgres}`,
        data_dir: dataDirectory,
        bin_dir: binaries(version),
        pgpass: '/tmp/pgpass',
        use_unix_socket: true,
        authentication: {
          // No password: it logs in by the socket of its own pod only.
          superuser: { username: 'postgres' },
          replication: { username: 'replication', ...connection },
          rewind: { username: 'rewind', ...connection },
        },
        parameters: {
          unix_socket_directories: socketDirectory,
          archive_command: archive ? `${script('archive-wal.sh')} "%p" ${settings.volume.archive}` : '/bin/true',
          // It asks for segments beyond the target, and a gap there would end a recovery that doesn't need them.
          ...(settings.recovery && version >= 15 ? { recovery_prefetch: 'off' } : {}),
          ...(authority
            ? {
                ssl_cert_file: `${tlsPath}/tls.crt`,
                ssl_key_file: `${tlsPath}/tls.key`,
                ssl_ca_file: `${tlsPath}/ca.crt`,
              }
            : {}),
        },
        ...(archive ? { recovery_conf: { restore_command: restoreCommand(standbyOf?.prefix) } } : {}),
        pg_hba: hostBasedAuthentication(settings),
        // A map for each role: who is one of them is none of the others.
        pg_ident: ['superuser postgres postgres', `monitoring ${exporterUser.name} monitoring`],
        create_replica_methods: archive ? ['walg', 'basebackup'] : ['basebackup'],
        ...(archive ? { walg: { command: script('create-replica.sh'), no_leader: 1 } } : {}),
        basebackup: [{ 'max-rate': '100M' }, { checkpoint: 'fast' }],
      },
    },
    { lineWidth: -1 },
  );
}

function restoreCommand(prefix?: string): string {
  const from = prefix === undefined ? '' : `env WALG_S3_PREFIX=${prefix} `;
  return `${from}${script('restore-wal.sh')} "%f" "%p"`;
}

/** A cluster that isn't there yet is either empty or what an archive holds. */
function bootstrap({ recovery, version }: PatroniSettings): Record<string, unknown> {
  if (recovery === undefined) {
    return {
      method: 'empty',
      empty: {
        command: script('bootstrap-empty.sh'),
        programs: binaries(version),
        // Sorted by PostgreSQL itself where it can: an image with another libc would break every index on text.
        ...(version >= 17 ? { provider: 'builtin' } : {}),
        // Until 15, initdb takes no parameters: it asks the node for huge pages.
        ...(version >= 16 ? { set: 'huge_pages=off' } : {}),
      },
    };
  }
  const { prefix, to } = recovery;
  return {
    method: 'walg',
    walg: {
      command: script('bootstrap.sh'),
      prefix,
      target: to ?? '',
      keep_existing_recovery_conf: false,
      recovery_conf: {
        restore_command: restoreCommand(prefix),
        recovery_target_action: 'promote',
        recovery_target_timeline: 'latest',
        ...(to === undefined ? {} : { recovery_target_time: to }),
      },
    },
  };
}

/** Who may log in, from where, and how. Network policies say which pods get that far. */
function hostBasedAuthentication({ databases, authority }: PatroniSettings): string[] {
  const host = authority ? 'hostssl' : 'host';
  return [
    'local all postgres peer map=superuser',
    'local all monitoring peer map=monitoring',
    `${host} replication replication all scram-sha-256`,
    `${host} postgres rewind all scram-sha-256`,
    ...databases.flatMap(({ name, owner, user }) => [
      `${host} ${name} ${user} all scram-sha-256`,
      `${host} ${name} ${owner} all scram-sha-256`,
    ]),
  ];
}
