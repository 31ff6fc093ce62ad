import { dump } from 'js-yaml';
import type { LogStoreOptions } from './options.ts';
import { paths, ports } from './paths.ts';

/** Hours that lines of one pod may come later than its newest: what agents send after an outage of that length is taken. */
const lateHours = 2;

/**
 * One process with all parts. The storage's client is named, with its own keys: a default that changes between versions would
 * read none of the others, and write nowhere.
 * @see https://grafana.com/docs/loki/v3.7.x/configure/
 */
export function lokiConfiguration(options: LogStoreOptions): string {
  const { store, cluster, retentionDays, longestLine, mebibytesPerSecond, mostStreams } = options;
  const { host, port, protocol } = new URL(store.endpoint);
  const isPlain = protocol === 'http:';
  return dump(
    {
      auth_enabled: false,
      server: {
        http_listen_port: ports.http,
        grpc_listen_address: '127.0.0.1',
        grpc_listen_port: ports.grpc,
        log_format: 'json',
        log_level: 'warn',
      },
      common: {
        instance_addr: '127.0.0.1',
        path_prefix: paths.data,
        replication_factor: 1,
        ring: { kvstore: { store: 'inmemory' } },
      },
      schema_config: {
        configs: [
          {
            // Before the first line of anybody: another format begins at a day of its own, and this one stays.
            from: '2026-01-01',
            store: 'tsdb',
            object_store: 's3',
            schema: 'v13',
            index: { prefix: 'index_', period: '24h' },
          },
        ],
      },
      storage_config: {
        use_thanos_objstore: true,
        object_store: {
          s3: {
            bucket_name: store.bucket,
            endpoint: port === '' ? `${host}:${isPlain ? 80 : 443}` : host,
            region: store.region,
            bucket_lookup_type: 'path',
            dualstack_enabled: false,
            insecure: isPlain,
            // Instead of a checksum behind the body, which others than Amazon refuse or keep as part of it.
            send_content_md5: true,
          },
        },
        tsdb_shipper: {
          active_index_directory: `${paths.data}/index`,
          cache_location: `${paths.data}/index-cache`,
        },
      },
      ingester: {
        chunk_encoding: 'snappy',
        chunk_idle_period: '30m',
        max_chunk_age: `${2 * lateHours}h`,
        wal: { dir: `${paths.data}/wal`, flush_on_shutdown: true, replay_memory_ceiling: replayCeiling(options) },
      },
      // For as long as a line may be nowhere else: the default is less, and an hour of lines would not be found.
      querier: { query_ingesters_within: `${2 * lateHours + 1}h` },
      compactor: {
        working_directory: `${paths.data}/compactor`,
        compaction_interval: '10m',
        retention_enabled: true,
        retention_delete_delay: '2h',
        delete_request_store: 's3',
        // Their lines are in no index any more: on the volume, whoever loses it never knows of them again.
        deletion_marker_object_store_prefix: 'deletion-markers/',
      },
      limits_config: {
        retention_period: `${retentionDays * 24}h`,
        // By the compactor alone: nobody in the cluster removes lines by asking.
        deletion_mode: 'disabled',
        ingestion_rate_mb: mebibytesPerSecond,
        ingestion_burst_size_mb: 2 * mebibytesPerSecond,
        per_stream_rate_limit: `${mebibytesPerSecond}MB`,
        per_stream_rate_limit_burst: `${2 * mebibytesPerSecond}MB`,
        max_global_streams_per_user: mostStreams,
        max_line_size: `${longestLine.toKibibytes()}KB`,
        max_line_size_truncate: true,
        max_label_names_per_series: 8,
        max_label_value_length: 256,
        reject_old_samples: true,
        reject_old_samples_max_age: `${Math.min(7, retentionDays) * 24}h`,
        discover_service_name: [],
        max_query_length: `${retentionDays * 24 + 1}h`,
        max_query_parallelism: 4,
        tsdb_max_query_parallelism: 8,
        query_timeout: '1m',
      },
      frontend: { compress_responses: true },
      query_range: { results_cache: { cache: { embedded_cache: { enabled: true, max_size_mb: 16 } } } },
      pattern_ingester: { enabled: false },
      ruler_storage: { backend: 'local', local: { directory: paths.rules } },
      ruler: {
        rule_path: `${paths.data}/rules`,
        alertmanager_url: options.alertmanagers.targets
          .map((target) => `http://${target.host}:${target.port}`)
          .join(','),
        external_labels: { cluster },
        enable_api: false,
        evaluation_interval: '1m',
        ring: { kvstore: { store: 'inmemory' } },
      },
      analytics: { reporting_enabled: false },
    },
    { lineWidth: -1, noRefs: true },
  );
}

/** Beyond it, what is read again after a crash is written to the bucket meanwhile; the default is more than it has. */
function replayCeiling({ resources }: LogStoreOptions): string {
  return `${Math.floor(resources.memory.toMebibytes() / 2)}MB`;
}
