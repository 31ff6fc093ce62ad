export { sambaDCDefaults, usualPasswordPolicy } from './defaults.ts';
export { script } from './paths.ts';
export type { DirectoryGroup, PasswordPolicy, SambaDCProps, ServiceAccount } from './props.ts';
export { SambaDC } from './samba-dc.ts';
