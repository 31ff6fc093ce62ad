export { backupName } from './backup.ts';
export { directoryBackupDefaults, sambaDCDefaults, usualPasswordPolicy } from './defaults.ts';
export { script } from './paths.ts';
export type { DirectoryBackupProps, DirectoryGroup, PasswordPolicy, SambaDCProps, ServiceAccount } from './props.ts';
export { SambaDC } from './samba-dc.ts';
