import fs from 'node:fs';
import path from 'node:path';
import type { Cluster } from '../../cluster/handle.ts';
import { toldFile } from '../../stand-ins/internet/names.ts';
import { worldFolder } from '../../stand-ins/internet/start.ts';

/** What somebody was told of one alert. */
export interface Told {
  readonly at: Date;
  readonly alert: string;
  readonly status: 'firing' | 'resolved';
  readonly labels: Readonly<Record<string, string>>;
  /** When it had held for as long as it has to. */
  readonly fired: Date;
}

interface Request {
  readonly at: string;
  readonly hostname: string;
  readonly body: string;
}

interface Notification {
  readonly alerts: readonly (Pick<Told, 'status' | 'labels'> & { readonly startsAt: string })[];
}

/** Everything that a host was told since a moment, in its order. */
export function toldTo(cluster: Cluster, host: string, since: Date): readonly Told[] {
  return requestsTo(cluster, host, since).flatMap(({ at, body }) => {
    const { alerts } = JSON.parse(body) as Notification;
    return alerts.map(({ status, labels, startsAt }) => {
      return { at: new Date(at), alert: labels.alertname ?? '', status, labels, fired: new Date(startsAt) };
    });
  });
}

/** When a host was asked since a moment. */
export function askedAt(cluster: Cluster, host: string, since: Date): readonly Date[] {
  return requestsTo(cluster, host, since).map(({ at }) => new Date(at));
}

function requestsTo(cluster: Cluster, host: string, since: Date): readonly Request[] {
  const file = path.join(worldFolder(cluster), toldFile);
  if (!fs.existsSync(file)) return [];
  return fs
    .readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Request)
    .filter(({ hostname, at }) => hostname === host && new Date(at) >= since);
}
