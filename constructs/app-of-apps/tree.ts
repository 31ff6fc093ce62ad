import type { AppOfAppsProps } from './app-of-apps.ts';

/** What the objects of a tree have in common. */
export const server = 'https://kubernetes.default.svc';

/**
 * Policies come first, then the root, its projects, and the applications. Argo CD waits two seconds between waves, and the
 * API server judges by a changed policy after one to three: a release is known before the first application is pinned to it.
 */
export const policyWave = -30;
export const rootWave = -20;
export const projectWave = -10;

/** Losing the root by a mistaken commit would prune the platform. */
export const kept = { 'argocd.argoproj.io/sync-options': 'Prune=false,Delete=false' };

export function wave(number: number): Record<string, string> {
  return { 'argocd.argoproj.io/sync-wave': String(number) };
}

export function named({ prefix = '' }: Pick<AppOfAppsProps, 'prefix'>, name: string): string {
  return prefix + name;
}
