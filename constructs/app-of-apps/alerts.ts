import type { AlertProps } from '../core/alert.ts';

/** Applications that synchronise by themselves, and those that don't, as Argo CD's controller counts them. */
const by = (enabled: boolean): string => `autosync_enabled="${enabled}"`;

/**
 * What somebody has to do that Argo CD can't do by itself, of each application by its name, the root among them.
 * @see https://argo-cd.readthedocs.io/en/stable/operator-manual/metrics/ (v3.5)
 */
export const argoCdAlerts: readonly AlertProps[] = [
  {
    name: 'ArgoApplicationHeld',
    // Other labels change meanwhile: it is the name that counts.
    expression: `max by (name) (argocd_app_info{${by(false)}}) == 1`,
    forMinutes: 24 * 60,
    severity: 'ticket',
    summary: '{{ $labels.name }} has not synchronised by itself for a day: releases and corrections do not reach it',
    runbook: 'argocd-held',
  },
  {
    name: 'ArgoApplicationStuck',
    expression:
      `max by (name) (argocd_app_info{${by(true)},sync_status!="Synced"} ` +
      `or argocd_app_info{${by(true)},health_status!="Healthy"}) == 1`,
    forMinutes: 30,
    severity: 'ticket',
    summary: '{{ $labels.name }} is not as git has it, or not well, for half an hour',
    runbook: 'argocd-stuck',
  },
  {
    name: 'ArgoNotWatched',
    expression: 'absent(argocd_app_info)',
    forMinutes: 15,
    severity: 'ticket',
    summary: 'Argo CD tells nothing of its applications: it is gone, or nobody reads its numbers',
    runbook: 'argocd-stuck',
  },
];
