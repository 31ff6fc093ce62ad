import type { DashboardProps } from '../core/dashboard.ts';

const bad = (what: string): string => `count(argocd_app_info{${what}}) or vector(0)`;

/** Is the cluster as git has it? By the numbers of Argo CD's controller. */
export const argoCdDashboard: DashboardProps = {
  name: 'gitops',
  title: 'GitOps',
  description: 'Is the cluster as git has it?',
  rows: [
    {
      title: 'Applications',
      now: [
        {
          title: 'Not as git has them',
          description: 'For a moment after each release; else none.',
          unit: 'count',
          bad: { from: 1 },
          queries: { applications: bad('sync_status!="Synced"') },
        },
        {
          title: 'Not well',
          description: 'None, but while they are rolled out.',
          unit: 'count',
          bad: { from: 1 },
          queries: { applications: bad('health_status!="Healthy"') },
        },
        {
          title: 'Held by somebody',
          description: 'That do not synchronise by themselves, as after a rollback.',
          unit: 'count',
          bad: { from: 1 },
          queries: { applications: bad('autosync_enabled="false"') },
        },
      ],
      curves: [
        {
          title: 'Not as git has them, by application',
          description: 'One that stays is stuck.',
          unit: 'count',
          many: true,
          empty: 'none',
          queries: {
            '{{name}} is {{sync_status}}': 'max by (name, sync_status) (argocd_app_info{sync_status!="Synced"})',
          },
        },
        {
          title: 'Not well, by application',
          description: 'One that stays does not run as it should.',
          unit: 'count',
          many: true,
          empty: 'none',
          queries: {
            '{{name}} is {{health_status}}': 'max by (name, health_status) (argocd_app_info{health_status!="Healthy"})',
          },
        },
      ],
    },
  ],
};
