import type { AlertProps } from '../core/alert.ts';
import { serviceNames } from './parts.ts';

/** What the alerts of a store are made of. */
export interface AlertSettings {
  readonly scope: string;
  readonly namespace: string;
  readonly use: 'cache' | 'sessions' | 'mixed';
  readonly sentinels: number;
  readonly quorum: number;
  /** Whether there are exporters whose numbers can be asked for. */
  readonly exporter: boolean;
  /** Whether there are proxies, which ask everybody for their view. */
  readonly proxy: boolean;
}

/** What can go wrong with a store, as PromQL over the numbers of redis_exporter 1.74, HAProxy and kube-state-metrics. */
export function redisAlerts(settings: AlertSettings): readonly AlertProps[] {
  return [
    ...podAlerts(settings),
    ...(settings.proxy ? viewAlerts(settings) : settings.exporter ? roleAlerts(settings) : []),
    ...(settings.exporter ? [...replicationAlerts(settings), ...keyAlerts(settings), ...serverAlerts(settings)] : []),
  ];
}

const members = 2;

function podAlerts({ scope, namespace, sentinels, quorum }: AlertSettings): readonly AlertProps[] {
  const ready = (name: string): string =>
    `(min(kube_statefulset_status_replicas_ready{namespace="${namespace}",statefulset="${name}"}) or vector(0))`;
  const { sentinel } = serviceNames(scope);
  return [
    {
      name: 'RedisMemberDown',
      expression: `${ready(scope)} < ${members}`,
      forMinutes: 5,
      severity: 'ticket',
      summary: `a member of ${scope} is away, waits, or is not in step: the loss of the other one would stop it`,
      runbook: 'redis-member-down',
    },
    {
      name: 'RedisQuorumLost',
      // One is ready when enough of them know each other.
      expression: `${ready(sentinel)} < ${quorum}`,
      forMinutes: 2,
      severity: 'page',
      summary: `too few Sentinels of ${scope} agree: nobody would be promoted`,
      runbook: 'redis-sentinels',
    },
    {
      name: 'RedisSentinelDown',
      expression: `${ready(sentinel)} < ${sentinels}`,
      forMinutes: 10,
      severity: 'ticket',
      summary: `fewer than ${sentinels} Sentinels of ${scope} are there`,
      runbook: 'redis-sentinels',
    },
  ];
}

/** As the proxies see it: who says that it is the primary, and whom the Sentinels name. */
function viewAlerts({ scope, namespace, quorum }: AlertSettings): readonly AlertProps[] {
  const { proxy } = serviceNames(scope);
  const up = (backend: string): string =>
    `sum by (pod) (haproxy_server_status{namespace="${namespace}",pod=~"${proxy}-.+",proxy=~"${backend}",state="UP"})`;
  // Any proxy: one on a lost node says nothing.
  const disagree = [0, 1]
    .map((member) => `(max(${up(`says-${member}`)}) >= ${quorum} and max(${up(`member-${member}`)}) < 1)`)
    .join(' or ');
  return [
    ...primaryAlerts(scope, `max(${up('member-.')})`),
    // A failover looks like this for some seconds, which one scrape may see.
    disagrees(scope, `count_over_time((${disagree})[20s:5s]) >= 4`, 0),
  ];
}

/** Where nobody asks everybody: what each member says of itself, and each Sentinel of the primary. */
function roleAlerts({ scope, namespace, quorum }: AlertSettings): readonly AlertProps[] {
  const primaries = `redis_instance_info{namespace="${namespace}",pod=~"${scope}-[0-9]+",role="master"}`;
  const said = `redis_sentinel_master_status{namespace="${namespace}",pod=~"${serviceNames(scope).sentinel}-[0-9]+"}`;
  const services = `kube_service_info{namespace="${namespace}",service=~"${scope}-[0-9]+"}`;
  // Sentinels name addresses, of Services that are called as their pods.
  const named =
    `count by (service) (max by (pod, cluster_ip) (label_replace(${said}, "cluster_ip", "$1", "master_address", "(.+):.+")) ` +
    `* on (cluster_ip) group_left (service) max by (cluster_ip, service) (${services}))`;
  const are = `label_replace(count by (pod) (${primaries}), "service", "$1", "pod", "(.+)")`;
  return [
    ...primaryAlerts(scope, `count(${primaries})`),
    // Members and Sentinels are scraped at different moments, between which a failover may lie.
    disagrees(scope, `count(${named} >= ${quorum} unless on (service) ${are}) > 0`, 1),
  ];
}

function disagrees(scope: string, expression: string, forMinutes: number): AlertProps {
  return {
    name: 'RedisViewDisagrees',
    expression,
    forMinutes,
    severity: 'page',
    summary: `the Sentinels of ${scope} name a primary that says that it is none`,
    runbook: 'redis-no-primary',
  };
}

/** @param primaries how many there are, as PromQL */
function primaryAlerts(scope: string, primaries: string): readonly AlertProps[] {
  const runbook = 'redis-no-primary';
  return [
    {
      name: 'RedisNoPrimary',
      expression: `(${primaries} or vector(0)) < 1`,
      forMinutes: 1,
      severity: 'page',
      summary: `${scope} has no primary: nothing can be written`,
      runbook,
    },
    {
      name: 'RedisTwoPrimaries',
      expression: `${primaries} > 1`,
      forMinutes: 1,
      severity: 'page',
      summary: `two members of ${scope} say that they are the primary: what is written to one of them will be lost`,
      runbook,
    },
  ];
}

function replicationAlerts({ scope, namespace }: AlertSettings): readonly AlertProps[] {
  const own = `namespace="${namespace}",pod=~"${scope}-[0-9]+"`;
  const { sentinel } = serviceNames(scope);
  return [
    {
      name: 'RedisReplicaMissing',
      expression: `(count(redis_master_link_up{${own}} == 1) or vector(0)) < 1`,
      forMinutes: 5,
      severity: 'ticket',
      summary: `${scope} has no replica in step: the loss of its primary would lose everything since`,
      runbook: 'redis-member-down',
    },
    {
      name: 'RedisReplicaLags',
      expression: `max(redis_connected_slave_lag_seconds{${own}}) > 10`,
      forMinutes: 5,
      severity: 'ticket',
      summary: `the replica of ${scope} is more than ten seconds behind`,
      runbook: 'redis-member-down',
    },
    {
      name: 'RedisSentinelTilt',
      expression: `max by (pod) (redis_sentinel_tilt{namespace="${namespace}",pod=~"${sentinel}-[0-9]+"}) > 0`,
      forMinutes: 2,
      severity: 'ticket',
      summary: `a Sentinel of ${scope} does not trust its clock, and promotes nobody: its node stands still for moments`,
      runbook: 'redis-sentinels',
    },
    {
      name: 'RedisNotWatched',
      // Where a number is missing, what asks for it keeps quiet.
      expression: `(count(redis_up{${own}} == 1) or vector(0)) < ${members}`,
      forMinutes: 15,
      severity: 'ticket',
      summary: `numbers of a member of ${scope} are missing: alerts that need them keep quiet`,
      runbook: 'redis-member-down',
    },
  ];
}

/** What is asked of a store depends on what it is for: one that forgets on purpose is always full, or empty. */
function keyAlerts({ scope, namespace, use }: AlertSettings): readonly AlertProps[] {
  const own = `{namespace="${namespace}",pod=~"${scope}-[0-9]+"}`;
  const keys = `sum(redis_db_keys${own})`;
  const full: AlertProps = {
    name: 'RedisMemoryNearlyFull',
    expression: `max(redis_memory_used_bytes${own} / (redis_memory_max_bytes${own} > 0)) > 0.8`,
    forMinutes: 10,
    severity: 'ticket',
    summary: `four fifths of the memory of ${scope} are in use: full, it refuses writes`,
    runbook: 'redis-memory',
  };
  const lost: AlertProps = {
    name: 'RedisLostAllKeys',
    // More than end in an hour by themselves.
    expression: `${keys} == 0 and max_over_time(${keys}[1h:1m]) > 100`,
    forMinutes: 1,
    severity: 'page',
    summary: `${scope} has no keys any more: somebody deleted them, or both volumes are lost and it began empty`,
    runbook: 'redis-lost-keys',
  };
  return { cache: [], mixed: [lost], sessions: [full, lost] }[use];
}

function serverAlerts({ scope, namespace }: AlertSettings): readonly AlertProps[] {
  const own = `{namespace="${namespace}",pod=~"${scope}-[0-9]+"}`;
  return [
    {
      name: 'RedisRefusesWrites',
      expression: `max(increase(redis_errors_total{namespace="${namespace}",pod=~"${scope}-[0-9]+",err="OOM"}[10m])) > 0`,
      forMinutes: 0,
      severity: 'page',
      summary: `${scope} is full, and refuses writes`,
      runbook: 'redis-memory',
    },
    {
      name: 'RedisRejectsConnections',
      expression: `max(increase(redis_rejected_connections_total${own}[10m])) > 0`,
      forMinutes: 0,
      severity: 'ticket',
      summary: `${scope} has as many connections as it takes, and rejects others`,
      runbook: 'redis-connections',
    },
    {
      name: 'RedisLogNotWritten',
      expression: `min(redis_aof_last_write_status${own}) < 1 or min(redis_aof_last_bgrewrite_status${own}) < 1`,
      forMinutes: 1,
      severity: 'page',
      summary: `a member of ${scope} can't write its log: what it acknowledges is not on the disk`,
      runbook: 'redis-log',
    },
  ];
}
