import type { ObjectiveProps } from '../core/objective.ts';
import type { Overdue } from './overdue.ts';

/**
 * How much of the time there is a backup that is young enough. Its own alert wakes somebody when it isn't; this one tells when
 * that happens again and again.
 * @param age PromQL that gives its seconds, without labels
 */
export function backupAge(store: string, age: string, { seconds, inWords }: Overdue): ObjectiveProps {
  return {
    service: store,
    name: 'backup-age',
    percent: 99,
    description: `Of all minutes, those in which the newest backup of ${store} is younger than ${inWords}.`,
    bad: `sum_over_time((${age} > bool ${seconds})[{{.window}}:1m])`,
    all: `count_over_time((${age})[{{.window}}:1m])`,
    // An hour of minutes.
    leastEvents: 60,
    alert: 'BackupAgeBurns',
    pages: false,
    runbook: 'objective-backup-age',
  };
}
