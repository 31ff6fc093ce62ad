export { AppOfApps, kustomizePatch } from './app-of-apps.ts';
export type { AppOfAppsProps, ApplicationEntry } from './app-of-apps.ts';
export { argoCdRequests, ArgoCdSettings } from './settings.ts';
export type { ArgoCdSettingsProps } from './settings.ts';
