import { Size } from 'cdk8s';
import type { PatroniClusterProps } from '../../constructs/patroni-cluster/index.ts';
import { asBoolean, asMebibytes, asSeconds } from '../../constructs/patroni-cluster/parameter-values.ts';
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

// Read through one by one, with PostgreSQL 15. A new one of a later version stands in neither list.
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
const free = `
DateStyle IntervalStyle TimeZone allow_in_place_tablespaces allow_system_table_mods application_name array_nulls
authentication_timeout autovacuum autovacuum_analyze_scale_factor autovacuum_analyze_threshold
autovacuum_freeze_max_age autovacuum_max_workers autovacuum_multixact_freeze_max_age autovacuum_naptime
autovacuum_vacuum_cost_delay autovacuum_vacuum_cost_limit autovacuum_vacuum_insert_scale_factor
autovacuum_vacuum_insert_threshold autovacuum_vacuum_scale_factor autovacuum_vacuum_threshold autovacuum_work_mem
backend_flush_after backslash_quote backtrace_functions bgwriter_delay bgwriter_flush_after bgwriter_lru_maxpages
bgwriter_lru_multiplier bonjour_name bytea_output check_function_bodies checkpoint_completion_target
checkpoint_flush_after checkpoint_timeout checkpoint_warning client_connection_check_interval client_encoding
client_min_messages commit_delay commit_siblings compute_query_id constraint_exclusion cpu_index_tuple_cost
cpu_operator_cost cpu_tuple_cost cursor_tuple_fraction deadlock_timeout debug_discard_caches debug_pretty_print
debug_print_parse debug_print_plan debug_print_rewritten default_statistics_target default_table_access_method
default_tablespace default_text_search_config default_toast_compression default_transaction_deferrable
default_transaction_isolation default_transaction_read_only dynamic_library_path dynamic_shared_memory_type
effective_cache_size effective_io_concurrency enable_async_append enable_bitmapscan enable_gathermerge enable_hashagg
enable_hashjoin enable_incremental_sort enable_indexonlyscan enable_indexscan enable_material enable_memoize
enable_mergejoin enable_nestloop enable_parallel_append enable_parallel_hash enable_partition_pruning
enable_partitionwise_aggregate enable_partitionwise_join enable_seqscan enable_sort enable_tidscan
escape_string_warning event_source exit_on_error extra_float_digits force_parallel_mode from_collapse_limit geqo
geqo_effort geqo_generations geqo_pool_size geqo_seed geqo_selection_bias geqo_threshold gin_fuzzy_search_limit
gin_pending_list_limit hash_mem_multiplier hot_standby_feedback huge_page_size idle_in_transaction_session_timeout
idle_session_timeout ignore_system_indexes jit jit_above_cost jit_debugging_support jit_dump_bitcode jit_expressions
jit_inline_above_cost jit_optimize_above_cost jit_profiling_support jit_provider jit_tuple_deforming
join_collapse_limit krb_caseins_users krb_server_keyfile lc_messages lc_monetary lc_numeric lc_time
lo_compat_privileges local_preload_libraries lock_timeout log_autovacuum_min_duration log_checkpoints log_connections
log_directory log_disconnections log_duration log_error_verbosity log_executor_stats log_file_mode log_filename
log_hostname log_line_prefix log_lock_waits log_min_duration_sample log_min_duration_statement log_min_error_statement
log_min_messages log_parameter_max_length log_parameter_max_length_on_error log_parser_stats log_planner_stats
log_recovery_conflict_waits log_replication_commands log_rotation_age log_rotation_size log_startup_progress_interval
log_statement log_statement_sample_rate log_statement_stats log_temp_files log_timezone log_transaction_sample_rate
log_truncate_on_rotation logical_decoding_work_mem maintenance_io_concurrency maintenance_work_mem
max_files_per_process max_locks_per_transaction max_logical_replication_workers max_parallel_maintenance_workers
max_parallel_workers max_parallel_workers_per_gather max_pred_locks_per_page max_pred_locks_per_relation
max_pred_locks_per_transaction max_prepared_transactions max_stack_depth max_sync_workers_per_subscription
max_wal_size max_worker_processes min_dynamic_shared_memory min_parallel_index_scan_size min_parallel_table_scan_size
min_wal_size old_snapshot_threshold parallel_leader_participation parallel_setup_cost parallel_tuple_cost
plan_cache_mode post_auth_delay pre_auth_delay quote_all_identifiers random_page_cost recovery_init_sync_method
recovery_prefetch recursive_worktable_factor remove_temp_files_after_crash restart_after_crash
restrict_nonsystem_relation_kind row_security search_path seq_page_cost session_preload_libraries
session_replication_role shared_buffers shared_memory_type shared_preload_libraries ssl_ciphers ssl_ecdh_curve
ssl_passphrase_command_supports_reload ssl_prefer_server_ciphers standard_conforming_strings statement_timeout
stats_fetch_consistency synchronize_seqscans syslog_facility syslog_ident syslog_sequence_numbers
syslog_split_messages tcp_keepalives_count tcp_keepalives_idle tcp_keepalives_interval tcp_user_timeout temp_buffers
temp_file_limit temp_tablespaces timezone_abbreviations trace_notify trace_recovery_messages trace_sort
track_activities track_activity_query_size track_commit_timestamp track_functions track_io_timing track_wal_io_timing
transform_null_equals unix_socket_permissions update_process_title vacuum_cost_delay vacuum_cost_limit
vacuum_cost_page_dirty vacuum_cost_page_hit vacuum_cost_page_miss vacuum_defer_cleanup_age vacuum_failsafe_age
vacuum_freeze_min_age vacuum_freeze_table_age vacuum_multixact_failsafe_age vacuum_multixact_freeze_min_age
vacuum_multixact_freeze_table_age wal_buffers wal_compression wal_consistency_checking wal_decode_buffer_size
wal_init_zero wal_receiver_create_temp_slot wal_receiver_status_interval wal_recycle
wal_retrieve_retry_interval wal_skip_threshold wal_sync_method wal_writer_delay wal_writer_flush_after work_mem
xmlbinary xmloption`
  .trim()
  .split(/\s+/);

test('every parameter of PostgreSQL 15 either keeps a promise or breaks none', () => {
  const nonsense = Object.fromEntries([...free, ...bound].map((name) => [name, 'nonsense']));
  expect(refused(nonsense).sort()).toEqual([...bound].sort());
});
