import type { Finding } from '../core/error.ts';
import { patroniClusterDefaults } from './defaults.ts';
import { memoryFindings, unknownProblem } from './known-parameters.ts';
import { asBoolean, asMebibytes, asNumber, asSeconds } from './parameter-values.ts';
import type { ParameterValue } from './parameter-values.ts';
import { postgresqlParameters } from './parameters.ts';
import type { PatroniClusterProps } from './props.ts';

/** What a parameter has to be for a promise to hold. */
interface Promised {
  readonly allowed: string;
  readonly fits: (value: ParameterValue) => boolean;
  readonly promise: string;
}

/** What is wrong with the parameters that were given: what a promise of the cluster needs can't be changed by them. */
export function parameterFindings(props: PatroniClusterProps): Omit<Finding, 'where'>[] {
  const { parameters = {}, version = patroniClusterDefaults.version } = props;
  const promised = promisedParameters(props);
  const refused = Object.entries(parameters).flatMap(([name, value]) => {
    const rule = promised[name.toLowerCase()];
    if (rule === undefined || rule.fits(value)) return unknownProblem(name, value, version, rule !== undefined) ?? [];
    return [
      {
        what: `parameters: ${name}: ${value}`,
        allowed: `${rule.allowed}: ${rule.promise}`,
        remedy: `remove ${name} from parameters`,
      },
    ];
  });
  return [...refused, ...volumeFindings(props), ...memoryFindings(props)];
}

const names = (list: string, rule: Promised): Record<string, Promised> =>
  Object.fromEntries(list.split(/\s+/).map((name) => [name, rule]));
const on = (promise: string): Promised => ({ allowed: 'on', fits: (value) => asBoolean(value) === true, promise });
const off = (promise: string): Promised => ({ allowed: 'off', fits: (value) => asBoolean(value) === false, promise });
const never = (promise: string): Promised => ({ allowed: 'nothing', fits: () => false, promise });
const oneOf = (values: readonly string[], promise: string): Promised => ({
  allowed: values.join(' or '),
  fits: (value) => values.some((each) => each.toLowerCase() === String(value).toLowerCase()),
  promise,
});
const atLeast = (least: number, promise: string): Promised => ({
  allowed: `${least} or more`,
  fits: (value) => (asNumber(value) ?? 0) >= least,
  promise,
});
const seconds = (least: number, most: number, unit: 'ms' | 's', promise: string): Promised => ({
  allowed: `${least} to ${most} s`,
  fits: (value) => {
    const given = asSeconds(value, unit);
    return given !== undefined && given >= least && given <= most;
  },
  promise,
});

const noLoss = 'what was committed is on the disk, and survives a crash';
const damage = 'what a disk forgot is found and told of (PostgresChecksumFailures)';
const follows = 'a standby follows, and takes over in under 20 s';
const logs = 'logs are read by kubectl, and by whoever collects them';

/** By the name in small letters, as PostgreSQL compares them. */
function promisedParameters(props: PatroniClusterProps): Readonly<Record<string, Promised>> {
  const { backups, authority, synchronous = patroniClusterDefaults.synchronous } = props;
  const { members = patroniClusterDefaults.members } = props;
  const isSynchronous = synchronous !== 'off';
  // A standby streams with one and is copied with two; so is one of another generation that follows.
  const senders = Math.max(4, 2 * members);
  return {
    ...names('fsync full_page_writes', on(noLoss)),
    ...names('data_sync_retry ignore_invalid_pages', off(noLoss)),
    ...names('zero_damaged_pages ignore_checksum_failure', off(damage)),
    track_counts: on(damage),
    ...(isSynchronous
      ? {
          synchronous_commit: {
            allowed: 'on or remote_apply',
            fits: (value) => asBoolean(value) === true || String(value).toLowerCase() === 'remote_apply',
            promise: 'no commit that a client was told of is lost at a failover; synchronous: off gives that up',
          },
        }
      : {}),
    synchronous_standby_names: never('Patroni names them, as the option synchronous says'),

    wal_level: oneOf(['replica', 'logical'], `${follows}, and WAL is archived`),
    ...names('hot_standby wal_log_hints', on(`${follows}; the old primary is rewound`)),
    ...names('max_wal_senders max_replication_slots', atLeast(senders, `${follows}, and so may another cluster`)),
    max_connections: atLeast(25, 'Patroni takes no fewer'),
    superuser_reserved_connections: atLeast(3, 'Patroni and the agent get in when applications hold all connections'),
    recovery_min_apply_delay: seconds(0, 0, 'ms', `${follows}: first it replays what it has`),
    ...names(
      'max_standby_streaming_delay max_standby_archive_delay',
      seconds(0, 30, 'ms', `${follows}: a query on it may hold that up`),
    ),
    ...names('wal_sender_timeout wal_receiver_timeout', seconds(1, 30, 'ms', 'commits wait no longer for a lost node')),

    archive_mode: on('WAL is archived as it is written; backups: false makes it go nowhere'),
    ...(backups ? { archive_timeout: seconds(1, 60, 's', 'what is written is archived after 60 s at most') } : {}),
    ...(backups
      ? {
          // PostgreSQL keeps whole segments, and of less than one none.
          wal_keep_size: {
            allowed: 'a size of 16 MB or more',
            fits: (value) => (asMebibytes(value) ?? 0) >= 16,
            promise: 'the new primary still has what the lost one had not archived',
          },
        }
      : {}),
    ...names(
      'archive_command archive_library restore_command archive_cleanup_command recovery_end_command',
      never('WAL goes to the archive that the option backups names, and is kept as long as it says'),
    ),
    ...names(
      'recovery_target recovery_target_action recovery_target_inclusive recovery_target_lsn recovery_target_name ' +
        'recovery_target_time recovery_target_timeline recovery_target_xid',
      never('to what moment it is recovered stands in config/generations.json'),
    ),
    ...names(
      'primary_conninfo primary_slot_name promote_trigger_file trigger_file standby_mode',
      never('Patroni says who follows whom'),
    ),
    max_slot_wal_keep_size: {
      allowed: 'a size, not -1',
      fits: (value) => (asMebibytes(value) ?? -1) >= 0,
      promise: 'a member that is gone for long costs a copy, not the volume of the one that works',
    },

    ssl: authority === false ? off('there is no authority: set authority') : on('clients and members talk TLS'),
    ssl_min_protocol_version: oneOf(['TLSv1.2', 'TLSv1.3'], 'TLS is none that was broken'),
    ssl_max_protocol_version: oneOf(['', 'TLSv1.3'], 'members and pooler talk TLS 1.3'),
    ...names(
      'ssl_cert_file ssl_key_file ssl_ca_file ssl_crl_file ssl_crl_dir ssl_dh_params_file ssl_passphrase_command',
      never('certificates are those of the option authority'),
    ),
    password_encryption: oneOf(['scram-sha-256'], 'passwords are stored and asked for as SCRAM'),
    db_user_namespace: off('roles are called as declared'),

    ...names(
      'listen_addresses port unix_socket_directories unix_socket_group cluster_name data_directory config_file hba_file ' +
        'ident_file external_pid_file bonjour',
      never('they are what the pod, its services and Patroni know it by'),
    ),
    logging_collector: off(logs),
    log_destination: oneOf(['stderr'], logs),
    huge_pages: oneOf(['off'], 'PostgreSQL starts, also on a node that has some: a pod has none'),
    ...names(
      'block_size data_checksums data_directory_mode debug_assertions in_hot_standby integer_datetimes lc_collate ' +
        'lc_ctype max_function_args max_identifier_length max_index_keys segment_size server_encoding server_version ' +
        'server_version_num shared_memory_size shared_memory_size_in_huge_pages ssl_library wal_block_size ' +
        'wal_segment_size transaction_deferrable transaction_isolation transaction_read_only',
      never('PostgreSQL starts: it takes it from no file'),
    ),
  };
}

/** WAL alone, with what it is kept for, never fills a volume. */
function volumeFindings({ parameters = {}, size, storage }: PatroniClusterProps): Omit<Finding, 'where'>[] {
  const kept = ['max_wal_size', 'max_slot_wal_keep_size', 'wal_keep_size'];
  const given = Object.entries(parameters).filter(([name]) => kept.includes(name.toLowerCase()));
  if (given.length === 0) return [];
  const ours = postgresqlParameters(size?.memory ?? patroniClusterDefaults.size.memory, storage, true);
  const all = { ...ours, ...Object.fromEntries(given.map(([name, value]) => [name.toLowerCase(), value])) };
  const mebibytes = kept.map((name) => asMebibytes(all[name] ?? 0) ?? 0).reduce((sum, each) => sum + each, 0);
  const most = Math.floor(storage.toMebibytes() / 2);
  if (mebibytes <= most) return [];
  return [
    {
      what: `parameters: ${given.map(([name, value]) => `${name}: ${value}`).join(', ')}: ${kept.join(', ')} are ${mebibytes} MB`,
      allowed: `${most} MB together, half of the volume: WAL alone never fills it`,
      remedy: 'lower them, or raise storage',
    },
  ];
}
