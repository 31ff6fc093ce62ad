/** A parameter of PostgreSQL, as Patroni knows it: what it doesn't know, and values of another form, it leaves out. */
export type ParameterType =
  | { readonly kind: 'text' }
  | { readonly kind: 'bool' }
  | { readonly kind: 'word'; readonly words: readonly string[]; readonly bool: boolean }
  | { readonly kind: 'number'; readonly least: number; readonly most: number; readonly unit: string };

// After a slash stand the major versions that have it, where not all from 15 to 18 do.

const bools = `
allow_alter_system/17- allow_in_place_tablespaces allow_system_table_mods array_nulls autovacuum bonjour
check_function_bodies data_sync_retry db_user_namespace/-16 debug_pretty_print debug_print_parse debug_print_plan
debug_print_rewritten default_transaction_deferrable default_transaction_read_only enable_async_append
enable_bitmapscan enable_distinct_reordering/18- enable_gathermerge enable_group_by_reordering/17- enable_hashagg
enable_hashjoin enable_incremental_sort enable_indexonlyscan enable_indexscan enable_material enable_memoize
enable_mergejoin enable_nestloop enable_parallel_append enable_parallel_hash enable_partition_pruning
enable_partitionwise_aggregate enable_partitionwise_join enable_presorted_aggregate/16-
enable_self_join_elimination/18- enable_seqscan enable_sort enable_tidscan escape_string_warning event_triggers/17-
exit_on_error fsync full_page_writes geqo gss_accept_delegation/16- hot_standby hot_standby_feedback
ignore_checksum_failure ignore_invalid_pages ignore_system_indexes jit jit_debugging_support jit_dump_bitcode
jit_expressions jit_profiling_support jit_tuple_deforming krb_caseins_users lo_compat_privileges log_checkpoints
log_connections/-17 log_disconnections log_duration log_executor_stats log_hostname log_lock_failures/18-
log_lock_waits log_parser_stats log_planner_stats log_recovery_conflict_waits log_replication_commands
log_statement_stats log_truncate_on_rotation logging_collector md5_password_warnings/18-
parallel_leader_participation quote_all_identifiers remove_temp_files_after_crash restart_after_crash row_security
send_abort_for_crash/16- send_abort_for_kill/16- ssl ssl_passphrase_command_supports_reload
ssl_prefer_server_ciphers standard_conforming_strings summarize_wal/17- sync_replication_slots/17-
synchronize_seqscans syslog_sequence_numbers syslog_split_messages trace_connection_negotiation/17- trace_notify
trace_sort track_activities track_commit_timestamp track_cost_delay_timing/18- track_counts track_io_timing
track_wal_io_timing transaction_deferrable transaction_read_only transform_null_equals update_process_title
vacuum_truncate/18- wal_init_zero wal_log_hints wal_receiver_create_temp_slot wal_recycle zero_damaged_pages`;

const texts = `
application_name archive_command archive_library backtrace_functions bonjour_name client_encoding cluster_name
config_file createrole_self_grant/16- data_directory DateStyle debug_io_direct/16- default_table_access_method
default_tablespace default_text_search_config dynamic_library_path event_source extension_control_path/18-
extension_destdir/-17 external_pid_file hba_file ident_file jit_provider krb_server_keyfile lc_messages lc_monetary
lc_numeric lc_time listen_addresses local_preload_libraries log_connections/18- log_destination log_directory
log_filename log_line_prefix log_timezone oauth_validator_libraries/18- restrict_nonsystem_relation_kind search_path
session_preload_libraries shared_preload_libraries ssl_ca_file ssl_cert_file ssl_ciphers ssl_crl_dir ssl_crl_file
ssl_dh_params_file ssl_ecdh_curve/-17 ssl_groups/18- ssl_key_file ssl_passphrase_command ssl_tls13_ciphers/18-
synchronized_standby_slots/17- synchronous_standby_names syslog_ident temp_tablespaces TimeZone
timezone_abbreviations unix_socket_directories unix_socket_group wal_consistency_checking`;

/** `bool` beside its words stands for on, off and how else they are written. */
const words = `
archive_mode bool|always
backslash_quote bool|safe_encoding
bytea_output escape|hex
client_min_messages debug5|debug4|debug3|debug2|debug1|log|notice|warning|error
compute_query_id bool|auto|regress
constraint_exclusion bool|partition
debug_logical_replication_streaming/17- buffered|immediate
debug_parallel_query/16- bool|regress
default_toast_compression pglz|lz4
default_transaction_isolation serializable|repeatable read|read committed|read uncommitted
dynamic_shared_memory_type posix|sysv|mmap
file_copy_method/18- copy|clone
force_parallel_mode/-15 bool|regress
huge_pages bool|try
icu_validation_level/16- disabled|debug5|debug4|debug3|debug2|debug1|log|notice|warning|error
IntervalStyle postgres|postgres_verbose|sql_standard|iso_8601
io_method/18- sync|worker|io_uring
log_error_verbosity terse|default|verbose
log_min_error_statement debug5|debug4|debug3|debug2|debug1|info|notice|warning|error|log|fatal|panic
log_min_messages debug5|debug4|debug3|debug2|debug1|info|notice|warning|error|log|fatal|panic
log_statement none|ddl|mod|all
logical_replication_mode/16-16 buffered|immediate
password_encryption md5|scram-sha-256
plan_cache_mode auto|force_generic_plan|force_custom_plan
recovery_init_sync_method fsync|syncfs
recovery_prefetch bool|try
session_replication_role origin|replica|local
shared_memory_type sysv|mmap
ssl_max_protocol_version |tlsv1|tlsv1.1|tlsv1.2|tlsv1.3
ssl_min_protocol_version tlsv1|tlsv1.1|tlsv1.2|tlsv1.3
stats_fetch_consistency none|cache|snapshot
synchronous_commit bool|local|remote_write|remote_apply
syslog_facility local0|local1|local2|local3|local4|local5|local6|local7
trace_recovery_messages/-16 debug5|debug4|debug3|debug2|debug1|log|notice|warning|error
track_functions none|pl|all
transaction_isolation serializable|repeatable read|read committed|read uncommitted
wal_compression bool|pglz|lz4|zstd
wal_level minimal|replica|logical
wal_sync_method fsync|fdatasync|open_sync|open_datasync
xmlbinary base64|hex
xmloption content|document`;

/** Least, most, and the unit of a value without one. */
const numbers = `
archive_timeout 0 1073741823 s
authentication_timeout 1 600 s
autovacuum_analyze_scale_factor 0 100
autovacuum_analyze_threshold 0 2147483647
autovacuum_freeze_max_age 100000 2000000000
autovacuum_max_workers 1 262143
autovacuum_multixact_freeze_max_age 10000 2000000000
autovacuum_naptime 1 2147483 s
autovacuum_vacuum_cost_delay -1 100 ms
autovacuum_vacuum_cost_limit -1 10000
autovacuum_vacuum_insert_scale_factor 0 100
autovacuum_vacuum_insert_threshold -1 2147483647
autovacuum_vacuum_max_threshold/18- -1 2147483647
autovacuum_vacuum_scale_factor 0 100
autovacuum_vacuum_threshold 0 2147483647
autovacuum_work_mem -1 2147483647 kB
autovacuum_worker_slots/18- 1 262143
backend_flush_after 0 256 8kB
bgwriter_delay 10 10000 ms
bgwriter_flush_after 0 256 8kB
bgwriter_lru_maxpages 0 1073741823
bgwriter_lru_multiplier 0 10
checkpoint_completion_target 0 1
checkpoint_flush_after 0 256 8kB
checkpoint_timeout 30 86400 s
checkpoint_warning 0 2147483647 s
client_connection_check_interval 0 2147483647 ms
commit_delay 0 100000
commit_siblings 0 1000
commit_timestamp_buffers/17- 0 131072 8kB
cpu_index_tuple_cost 0 inf
cpu_operator_cost 0 inf
cpu_tuple_cost 0 inf
cursor_tuple_fraction 0 1
deadlock_timeout 1 2147483647 ms
debug_discard_caches 0 0
default_statistics_target 1 10000
effective_cache_size 1 2147483647 8kB
effective_io_concurrency 0 1000
extra_float_digits -15 3
from_collapse_limit 1 2147483647
geqo_effort 1 10
geqo_generations 0 2147483647
geqo_pool_size 0 2147483647
geqo_seed 0 1
geqo_selection_bias 1.5 2
geqo_threshold 2 2147483647
gin_fuzzy_search_limit 0 2147483647
gin_pending_list_limit 64 2147483647 kB
hash_mem_multiplier 1 1000
huge_page_size 0 2147483647 kB
idle_in_transaction_session_timeout 0 2147483647 ms
idle_replication_slot_timeout/18- 0 2147483647 s
idle_session_timeout 0 2147483647 ms
io_combine_limit/17-17 1 32 8kB
io_combine_limit/18- 1 128 8kB
io_max_combine_limit/18- 1 128 8kB
io_max_concurrency/18- -1 1024
io_workers/18- 1 32
jit_above_cost -1 inf
jit_inline_above_cost -1 inf
jit_optimize_above_cost -1 inf
join_collapse_limit 1 2147483647
lock_timeout 0 2147483647 ms
log_autovacuum_min_duration -1 2147483647 ms
log_file_mode 0 511
log_min_duration_sample -1 2147483647 ms
log_min_duration_statement -1 2147483647 ms
log_parameter_max_length -1 1073741823 B
log_parameter_max_length_on_error -1 1073741823 B
log_rotation_age 0 35791394 min
log_rotation_size/-17 0 2097151 kB
log_rotation_size/18- 0 2147483647 kB
log_startup_progress_interval 0 2147483647 ms
log_statement_sample_rate 0 1
log_temp_files -1 2147483647 kB
log_transaction_sample_rate 0 1
logical_decoding_work_mem 64 2147483647 kB
maintenance_io_concurrency 0 1000
maintenance_work_mem/-17 1024 2147483647 kB
maintenance_work_mem/18- 64 2147483647 kB
max_active_replication_origins/18- 0 262143
max_connections 1 262143
max_files_per_process 64 2147483647
max_locks_per_transaction 10 2147483647
max_logical_replication_workers 0 262143
max_notify_queue_pages/17- 64 2147483647
max_parallel_apply_workers_per_subscription/16- 0 1024
max_parallel_maintenance_workers 0 1024
max_parallel_workers 0 1024
max_parallel_workers_per_gather 0 1024
max_pred_locks_per_page 0 2147483647
max_pred_locks_per_relation -2147483648 2147483647
max_pred_locks_per_transaction 10 2147483647
max_prepared_transactions 0 262143
max_replication_slots 0 262143
max_slot_wal_keep_size -1 2147483647 MB
max_stack_depth 100 2147483647 kB
max_standby_archive_delay -1 2147483647 ms
max_standby_streaming_delay -1 2147483647 ms
max_sync_workers_per_subscription 0 262143
max_wal_senders 0 262143
max_wal_size 2 2147483647 MB
max_worker_processes 0 262143
min_dynamic_shared_memory 0 2147483647 MB
min_parallel_index_scan_size 0 715827882 8kB
min_parallel_table_scan_size 0 715827882 8kB
min_wal_size 2 2147483647 MB
multixact_member_buffers/17- 16 131072 8kB
multixact_offset_buffers/17- 16 131072 8kB
notify_buffers/17- 16 131072 8kB
old_snapshot_threshold/-16 -1 86400 min
parallel_setup_cost 0 inf
parallel_tuple_cost 0 inf
port 1 65535
post_auth_delay 0 2147 s
pre_auth_delay 0 60 s
random_page_cost 0 inf
recursive_worktable_factor 0.001 1000000
reserved_connections/16- 0 262143
scram_iterations/16- 1 2147483647
seq_page_cost 0 inf
serializable_buffers/17- 16 131072 8kB
shared_buffers 16 1073741823 8kB
statement_timeout 0 2147483647 ms
subtransaction_buffers/17- 0 131072 8kB
superuser_reserved_connections 0 262143
tcp_keepalives_count 0 2147483647
tcp_keepalives_idle 0 2147483647 s
tcp_keepalives_interval 0 2147483647 s
tcp_user_timeout 0 2147483647 ms
temp_buffers 100 1073741823 8kB
temp_file_limit -1 2147483647 kB
track_activity_query_size 100 1048576 B
transaction_buffers/17- 0 131072 8kB
transaction_timeout/17- 0 2147483647 ms
unix_socket_permissions 0 511
vacuum_buffer_usage_limit/16- 0 16777216 kB
vacuum_cost_delay 0 100 ms
vacuum_cost_limit 1 10000
vacuum_cost_page_dirty 0 10000
vacuum_cost_page_hit 0 10000
vacuum_cost_page_miss 0 10000
vacuum_defer_cleanup_age/-15 0 1000000
vacuum_failsafe_age 0 2100000000
vacuum_freeze_min_age 0 1000000000
vacuum_freeze_table_age 0 2000000000
vacuum_max_eager_freeze_failure_rate/18- 0 1
vacuum_multixact_failsafe_age 0 2100000000
vacuum_multixact_freeze_min_age 0 1000000000
vacuum_multixact_freeze_table_age 0 2000000000
wal_buffers -1 262143 8kB
wal_decode_buffer_size 65536 1073741823 B
wal_keep_size 0 2147483647 MB
wal_receiver_status_interval 0 2147483 s
wal_receiver_timeout 0 2147483647 ms
wal_retrieve_retry_interval 1 2147483647 ms
wal_sender_timeout 0 2147483647 ms
wal_skip_threshold 0 2147483647 kB
wal_summary_keep_time/17- 0 35791394 min
wal_writer_delay 1 10000 ms
wal_writer_flush_after 0 2147483647 8kB
work_mem 64 2147483647 kB`;

const table = new Map<string, { readonly versions: readonly [number, number]; readonly type: ParameterType }[]>();

function add(text: string, type: ParameterType): void {
  const [, name = '', from = '', to = ''] = /^(\w+)(?:\/(\d*)-(\d*))?$/.exec(text) ?? [];
  const versions = [Number(from), to === '' ? Infinity : Number(to)] as const;
  const key = name.toLowerCase();
  table.set(key, [...(table.get(key) ?? []), { versions, type }]);
}

for (const name of bools.trim().split(/\s+/)) add(name, { kind: 'bool' });
for (const name of texts.trim().split(/\s+/)) add(name, { kind: 'text' });
for (const line of words.trim().split('\n')) {
  const [, name = '', list = ''] = /^(\S+) (.*)$/.exec(line) ?? [];
  const all = list.split('|');
  add(name, { kind: 'word', words: all.filter((word) => word !== 'bool'), bool: all.includes('bool') });
}
for (const line of numbers.trim().split('\n')) {
  const [name = '', least = '', most = '', unit = ''] = line.split(' ');
  add(name, { kind: 'number', least: Number(least), most: most === 'inf' ? Infinity : Number(most), unit });
}

/**
 * What a parameter is in a major version; undefined where it has none of that name. Names are compared in small letters.
 * @see https://github.com/patroni/patroni/blob/v4.1.0/patroni/postgresql/available_parameters/0_postgres.yml
 */
export function parameterType(name: string, version: number): ParameterType | undefined {
  return table.get(name.toLowerCase())?.find(({ versions: [from, to] }) => from <= version && version <= to)?.type;
}

/** The names in small letters, of all versions. */
export const parameterNames: readonly string[] = [...table.keys()];
