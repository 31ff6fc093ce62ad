import type { Finding } from '../core/error.ts';
import { nearest } from '../core/nearest.ts';

/** Directives that take yes or no: what `CONFIG GET *` of Redis 7.0 says, which newer ones and Valkey have too. */
const switches = [
  ...['activedefrag', 'activerehashing', 'aof-disable-auto-gc', 'aof-rewrite-incremental-fsync'],
  ...['aof-timestamp-enabled', 'crash-log-enabled', 'crash-memcheck-enabled', 'disable-thp', 'dynamic-hz'],
  ...['io-threads-do-reads'],
  ...['jemalloc-bg-thread', 'latency-tracking', 'lazyfree-lazy-eviction', 'lazyfree-lazy-expire'],
  ...['lazyfree-lazy-server-del', 'lazyfree-lazy-user-del', 'lazyfree-lazy-user-flush'],
  ...['no-appendfsync-on-rewrite', 'rdb-del-sync-files', 'rdb-save-incremental-fsync', 'rdbcompression'],
  ...['repl-disable-tcp-nodelay', 'replica-ignore-disk-write-errors', 'replica-ignore-maxmemory'],
  ...['replica-lazy-flush', 'set-proc-title', 'stop-writes-on-bgsave-error'],
  ...['syslog-enabled'],
];

/** Those that take a whole number, some of them also with a unit such as `16mb`. */
const numbers = [
  ...['acllog-max-len', 'active-defrag-cycle-max', 'active-defrag-cycle-min', 'active-defrag-ignore-bytes'],
  ...['active-defrag-max-scan-fields', 'active-defrag-threshold-lower', 'active-defrag-threshold-upper'],
  ...['active-expire-effort', 'auto-aof-rewrite-min-size', 'auto-aof-rewrite-percentage'],
  ...['busy-reply-threshold', 'client-query-buffer-limit', 'databases', 'hash-max-listpack-entries'],
  ...['hash-max-listpack-value', 'hll-sparse-max-bytes', 'hz', 'io-threads', 'latency-monitor-threshold'],
  ...['lfu-decay-time', 'lfu-log-factor', 'list-compress-depth', 'list-max-listpack-size', 'lua-time-limit'],
  ...['maxclients', 'maxmemory-clients', 'maxmemory-eviction-tenacity', 'maxmemory-samples'],
  ...['proto-max-bulk-len', 'repl-backlog-size', 'repl-backlog-ttl', 'repl-diskless-sync-max-replicas'],
  ...['set-max-intset-entries', 'slowlog-log-slower-than', 'slowlog-max-len', 'stream-node-max-bytes'],
  ...['stream-node-max-entries', 'tcp-backlog', 'tcp-keepalive', 'timeout', 'tracking-table-max-keys'],
  ...['zset-max-listpack-entries', 'zset-max-listpack-value'],
];

const others = [
  ...['acl-pubsub-default', 'aof_rewrite_cpulist', 'bgsave_cpulist', 'bind-source-addr', 'bio_cpulist'],
  ...['client-output-buffer-limit', 'latency-tracking-info-percentiles', 'loglevel'],
  ...['notify-keyspace-events', 'oom-score-adj', 'oom-score-adj-values', 'proc-title-template'],
  ...['propagation-error-behavior', 'server_cpulist', 'syslog-facility', 'syslog-ident'],
  // Switches that have a third position.
  ...[
    'supervised',
    'enable-debug-command',
    'enable-module-command',
    'enable-protected-configs',
    'sanitize-dump-payload',
  ],
];

/**
 * What is wrong with a directive that the server would end for at its start. Names that are like none of these are a newer
 * version's, or a module's.
 */
export function directiveProblem(name: string, value: string | number): Omit<Finding, 'where'> | undefined {
  const small = name.toLowerCase();
  const known = [...switches, ...numbers, ...others];
  const meant = known.includes(small) ? undefined : nearest(small, known);
  if (meant !== undefined) {
    return {
      what: `parameters: ${name}, which the server does not have`,
      allowed: `${meant}, or another directive of it: it would end at its start`,
      remedy: `write ${meant}, if that is meant`,
    };
  }
  const allowed = valuesOf(small, String(value));
  if (allowed === undefined) return undefined;
  return {
    what: `parameters: ${name}: ${value}`,
    allowed: `${allowed}: with anything else the server ends at its start`,
    remedy: `correct ${name} in parameters`,
  };
}

/** What a value would have to be; undefined where it is that, or where nobody knows. */
function valuesOf(name: string, value: string): string | undefined {
  if (switches.includes(name)) return /^(yes|no)$/i.test(value) ? undefined : 'yes or no';
  if (numbers.includes(name)) return /^-?\d+([kmg]b?|b|%)?$/i.test(value) ? undefined : 'a whole number';
  return undefined;
}
