import { Size } from 'cdk8s';
import type { PatroniClusterProps } from '../../constructs/patroni-cluster/index.ts';
import { asBoolean, asMebibytes, asSeconds } from '../../constructs/patroni-cluster/parameter-values.ts';
import { parameterNames } from '../../constructs/patroni-cluster/parameter-table.ts';
import { parameterFindings } from '../../constructs/patroni-cluster/promised-parameters.ts';
import { refusal } from '../support/harness.ts';
import { backups, clusterWith, minimal, patroniFile } from '../support/patroni-cluster.ts';

type Parameters = NonNullable<PatroniClusterProps['parameters']>;

/** The names of those that are refused. */
const refused = (parameters: Parameters, changes: Partial<PatroniClusterProps> = { backups }): string[] =>
  parameterFindings({ ...minimal, ...changes, parameters }).map(({ what }) => what.split(': ')[1]!);

describe('a parameter that would undo a promise is refused', () => {
  test('with where, what, the promise and the remedy', () => {
    const parameters = { fsync: 'off', archive_mode: 'off', work_mem: '64MB' };
    expect(refusal(() => clusterWith({ backups, parameters }))).toEqual([
      {
        where: 'PatroniCluster postgres',
        what: 'parameters: fsync: off',
        allowed: 'on: what was committed is on the disk, and survives a crash',
        remedy: 'remove fsync from parameters',
      },
      {
        where: 'PatroniCluster postgres',
        what: 'parameters: archive_mode: off',
        allowed: 'on: WAL is archived as it is written; backups: false makes it go nowhere',
        remedy: 'remove archive_mode from parameters',
      },
    ]);
  });

  test.each<[string, Parameters]>([
    [
      'losing what was committed',
      { fsync: 0, full_page_writes: 'f', data_sync_retry: 'on', synchronous_commit: 'local' },
    ],
    ['losing it at a failover', { synchronous_commit: 'remote_write', synchronous_standby_names: '' }],
    ['hiding damage', { zero_damaged_pages: 'on', ignore_checksum_failure: 'yes', track_counts: 'off' }],
    ['having no standby', { wal_level: 'minimal', max_wal_senders: 0, max_replication_slots: 3, hot_standby: 'off' }],
    ['a slow failover', { recovery_min_apply_delay: '1h', max_standby_streaming_delay: -1, wal_sender_timeout: 0 }],
    [
      'no way in',
      { superuser_reserved_connections: 0, max_connections: 10, listen_addresses: 'localhost', port: 5433 },
    ],
    [
      'no archive',
      { archive_mode: 'always', archive_timeout: '5min', archive_command: 'true', restore_command: 'false' },
    ],
    ['another archive', { archive_library: 'basic_archive', recovery_target_time: 'x', primary_conninfo: 'host=x' }],
    [
      'no TLS',
      { ssl: 'off', ssl_min_protocol_version: 'TLSv1', ssl_max_protocol_version: 'TLSv1.2', ssl_ca_file: 'x' },
    ],
    ['weak passwords', { password_encryption: 'md5', db_user_namespace: 'on' }],
    ['silence', { logging_collector: 'on', log_destination: 'csvlog' }],
    ['no start', { data_checksums: 'on', huge_pages: 'try', config_file: '/x' }],
    ['a gap in the archive after a failover', { wal_keep_size: '15MB', Archive_Timeout: 0 }],
    ['a full volume', { max_slot_wal_keep_size: '-1' }],
    ['unknown', { shared_bufers: '1GB', Work_Memory: '4MB', 'io-method': 'sync' }],
    ['of another version', { io_method: 'worker', force_parallel_mode: 'on' }],
    [
      'not what its value says',
      { autovacuum: 'maybe', random_page_cost: 'high', max_wal_size: '1gb', wal_compression: 'zip' },
    ],
    ['out of its range', { checkpoint_timeout: '2d', work_mem: '1kB', statement_timeout: -2, log_file_mode: '01000' }],
    ['another spelling', { Fsync: 'OFF', SSL: 'False' }],
  ])('that is %s', (_, parameters) => {
    expect(refused(parameters)).toEqual(Object.keys(parameters));
  });

  test('together with what WAL may take of the volume', () => {
    const storage = Size.gibibytes(10);
    expect(refused({ wal_keep_size: '1500MB' }, { storage })).toEqual([]);
    const [finding] = parameterFindings({ ...minimal, storage, parameters: { Max_WAL_size: '4GB' } });
    expect(finding).toMatchObject({
      what: 'parameters: Max_WAL_size: 4GB: max_wal_size, max_slot_wal_keep_size, wal_keep_size are 6144 MB',
      allowed: '5120 MB together, half of the volume: WAL alone never fills it',
    });
  });

  test('only where that was promised', () => {
    expect(refused({ synchronous_commit: 'off' }, { synchronous: 'off' })).toEqual([]);
    expect(refused({ archive_timeout: 0 }, { backups: false })).toEqual([]);
    expect(refused({ ssl: 'on' }, { authority: false })).toEqual(['ssl']);
  });
});

test('what keeps the promises is taken, however it is written', () => {
  const parameters = {
    fsync: 'ON',
    full_page_writes: 1,
    synchronous_commit: 'remote_apply',
    wal_level: 'logical',
    max_wal_senders: 20,
    archive_timeout: '1min',
    wal_sender_timeout: 10_000,
    max_standby_archive_delay: '30s',
    ssl_min_protocol_version: 'tlsv1.2',
    max_slot_wal_keep_size: '1GB',
    default_transaction_read_only: 'on',
    DateStyle: 'ISO, DMY',
    log_file_mode: '0640',
    unix_socket_permissions: '0x1ff',
  };
  expect(refused(parameters)).toEqual([]);
});

test('a spelling of a name replaces ours, in place of standing beside it', () => {
  const { manifests } = clusterWith({ parameters: { Work_Mem: '64MB' } });
  const { parameters } = patroniFile(manifests).bootstrap.dcs.postgresql;
  expect(Object.entries(parameters).filter(([name]) => name.toLowerCase() === 'work_mem')).toEqual([
    ['work_mem', '64MB'],
  ]);
});

test('values are read as PostgreSQL reads them', () => {
  expect(['on', 'of', 'TRUE', 'n', 'o', '', '1', 0, 'x'].map(asBoolean)).toEqual([
    ...[true, false, true, false, undefined, undefined, true, false, undefined],
  ]);
  expect([asSeconds('1min', 's'), asSeconds(1500, 'ms'), asSeconds('x', 's')]).toEqual([60, 1.5, undefined]);
  expect([asMebibytes('2GB'), asMebibytes(512), asMebibytes('1 mb')]).toEqual([2048, 512, undefined]);
});

test('a name that nobody knows is refused with the one that it most likely is', () => {
  expect(parameterFindings({ ...minimal, parameters: { shared_bufers: '1GB' } })).toEqual([
    {
      what: 'parameters: shared_bufers: PostgreSQL 17 has none of that name',
      allowed: 'shared_buffers; or another one of PostgreSQL 17, or of an extension, with a dot in its name',
      remedy: 'correct or remove it',
    },
  ]);
});

describe('memory that a member has not', () => {
  const size = { memory: Size.gibibytes(2) };
  const problems = (parameters: Parameters) => parameterFindings({ ...minimal, size, parameters });

  test('is refused, whether all share it or one process takes it', () => {
    expect(problems({ shared_buffers: '64GB' })).toEqual([
      {
        what: 'parameters: shared_buffers: 64GB: what all share and what one process takes are 65664 MB',
        allowed:
          "1536 MB together, three quarters of a member's memory: connections and the page cache live in the rest",
        remedy: 'lower them, or raise memoryMebibytes of its size in the configuration',
      },
    ]);
    expect(refused({ Shared_Buffers: 131_073 + 65_536, work_mem: '2MB' }, { size })).toHaveLength(1);
    expect(refused({ maintenance_work_mem: '2GB' }, { size })).toHaveLength(1);
  });

  test('is none up to three quarters', () => {
    expect(problems({ shared_buffers: '1GB', maintenance_work_mem: 524_288, autovacuum_work_mem: -1 })).toEqual([]);
  });
});

// Read through one by one, with PostgreSQL 15. Of all others, nobody has said that they break no promise.
const bound = `
archive_cleanup_command archive_command archive_library archive_mode archive_timeout block_size bonjour cluster_name
config_file data_checksums data_directory data_directory_mode data_sync_retry db_user_namespace debug_assertions
external_pid_file fsync full_page_writes hba_file hot_standby huge_pages ident_file ignore_checksum_failure
ignore_invalid_pages in_hot_standby integer_datetimes lc_collate lc_ctype listen_addresses log_destination
logging_collector max_connections max_function_args max_identifier_length max_index_keys max_replication_slots
max_slot_wal_keep_size max_standby_archive_delay max_standby_streaming_delay max_wal_senders password_encryption port
primary_conninfo primary_slot_name promote_trigger_file recovery_end_command recovery_min_apply_delay recovery_target
recovery_target_action recovery_target_inclusive recovery_target_lsn recovery_target_name recovery_target_time
recovery_target_timeline recovery_target_xid restore_command segment_size server_encoding server_version
server_version_num shared_memory_size shared_memory_size_in_huge_pages ssl ssl_ca_file ssl_cert_file ssl_crl_dir
ssl_crl_file ssl_dh_params_file ssl_key_file ssl_library ssl_max_protocol_version ssl_min_protocol_version
ssl_passphrase_command superuser_reserved_connections synchronous_commit synchronous_standby_names track_counts
transaction_deferrable transaction_isolation transaction_read_only unix_socket_directories unix_socket_group
wal_block_size wal_keep_size wal_level wal_log_hints wal_receiver_timeout wal_segment_size wal_sender_timeout zero_damaged_pages`
  .trim()
  .split(/\s+/);

test('every parameter either keeps a promise or breaks none', () => {
  const nonsense = Object.fromEntries([...parameterNames, ...bound].map((name) => [name, 'nonsense']));
  const promises = parameterFindings({ ...minimal, backups, parameters: nonsense })
    .filter(({ remedy }) => remedy.startsWith('remove'))
    .map(({ what }) => what.split(': ')[1]!);
  expect(promises.sort()).toEqual([...bound].sort());
});
