/** Directives that an option sets, or that a promise hangs on: by what they are changed instead, or why they are not. */
export const ownParameters: Readonly<Record<string, string>> = {
  maxmemory: 'the option maxMemory',
  'maxmemory-policy': 'the options use and evictionPolicy',
  ...each(
    '0: with two members, 1 refuses every write while either is away, and also after a failover that succeeded (measured)',
    ['min-replicas-to-write'],
  ),
  ...each('none: it goes with min-replicas-to-write', ['min-replicas-max-lag']),
  ...each('none: what is acknowledged is on the disk a second later, where start.sh looks for it', [
    ...['appendonly', 'appendfsync', 'appenddirname', 'appendfilename', 'aof-load-truncated', 'aof-use-rdb-preamble'],
    ...['dir', 'dbfilename', 'save', 'rdbchecksum'],
  ]),
  ...each('none: members and Sentinels decide who is the primary', [
    ...['replicaof', 'replica-priority', 'replica-announce-ip', 'replica-announce-port', 'replica-announced'],
    ...['cluster-enabled', 'repl-timeout', 'repl-ping-replica-period'],
  ]),
  ...each('none: a replica takes no writes, and keeps what it had until a new copy is there as a whole', [
    ...['replica-read-only', 'replica-serve-stale-data'],
    ...['repl-diskless-sync', 'repl-diskless-sync-delay', 'repl-diskless-load'],
  ]),
  ...each('none: a primary that is told to stop hands over before, and ends with everything on the disk', [
    ...['shutdown-timeout', 'shutdown-on-sigterm', 'shutdown-on-sigint'],
  ]),
  ...each('the option users: passwords are secrets', [
    ...['requirepass', 'aclfile', 'user', 'masterauth', 'masteruser', 'primaryauth', 'primaryuser', 'protected-mode'],
  ]),
  ...each('none: scripts and Sentinels call commands by their names; users are kept from them by the option users', [
    'rename-command',
  ]),
  ...each('none: the pod is made for it', [
    ...['port', 'bind', 'unixsocket', 'unixsocketperm', 'daemonize', 'include', 'loadmodule', 'logfile', 'pidfile'],
  ]),
  ...each('the option authority', [
    ...['tls-port', 'tls-cert-file', 'tls-key-file', 'tls-ca-cert-file', 'tls-auth-clients', 'tls-replication'],
    'tls-protocols',
  ]),
};

/** Also by the names that some of them had before. */
function each(because: string, names: readonly string[]): Readonly<Record<string, string>> {
  const all = names.flatMap((name) => [name, name.replace('replica', 'slave')]);
  return Object.fromEntries(all.map((name) => [name, because]));
}
