/** A stage as Alloy and, before it, Promtail know it: the same names and the same arguments. */
export type Stage = Readonly<Record<string, Readonly<Record<string, StageSetting>>>>;

type StageSetting = string | readonly string[] | Readonly<Record<string, string>>;

/** Where the kubelet has the lines of every container: NAMESPACE_POD_UID/CONTAINER/RESTARTS.log. */
export const podLogs = '/var/log/pods';

/** Not those that are rotated away: they were read under their first name, and would be lines twice. */
export const podLogFiles = `${podLogs}/*/*/*.log`;

/** Of the lines of a pod. With more of them, each would multiply the streams; what else a line says is found in it. */
export const labels = ['namespace', 'pod', 'container', 'app'] as const;

/** The letters of what Kubernetes makes up: no vowels, and no digits that look like some. */
const madeUp = '[bcdfghjklmnpqrstvwxz2456789]';

/**
 * The workload's name, without what its controller adds: a Deployment's two random parts, a DaemonSet's or Job's one, the minute
 * of a CronJob, the number in a StatefulSet.
 */
export const appOfPod = `^(?P<app>.+?)(?:(?:-[0-9]{8}|-${madeUp}{6,10})?-${madeUp}{5}|-[0-9]{1,3})?$`;

/** Whose file it is, by its path alone: nobody has to be asked, and lines are read while the API is gone. */
export const ownerOfFile = `^${podLogs}/(?P<namespace>[^/_]+)_(?P<pod>[^/_]+)_[^/]+/(?P<container>[^/]+)/[0-9]+\\.log$`;

/** What becomes of a line. None is dropped. */
export const stages: readonly Stage[] = [
  { regex: { source: 'filename', expression: ownerOfFile } },
  { regex: { source: 'pod', expression: appOfPod } },
  // Also joins what the runtime has cut at 16 KiB.
  { cri: {} },
  // A line that begins with a space belongs to the one before: traces of Node.js, Python and PostgreSQL.
  { multiline: { firstline: '^\\S', max_wait_time: '1s' } },
  { json: { expressions: { level: 'level' } } },
  { structured_metadata: { values: { level: '' } } },
  { labels: { values: Object.fromEntries(labels.map((label) => [label, ''])) } },
  // The path has the pod's id in it, and two streams of one container are one log.
  { label_drop: { values: ['filename', 'stream'] } },
];

/** How lines are handed over: again and again, for as long as nobody takes them. Meanwhile the files are what waits. */
export const delivery = { batchWait: '1s', backoffLeast: '500ms', backoffMost: '30s' } as const;
