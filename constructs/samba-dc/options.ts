import type { OptionNames, OptionParts } from '../core/option-names.ts';
import { sized } from '../core/workload-size.ts';
import { backupNames } from '../stateful/index.ts';
import { sambaDCDefaults as defaults, usualPasswordPolicy } from './defaults.ts';
import type { DirectoryGroup, PasswordPolicy, SambaDCProps, ServiceAccount } from './props.ts';

export type DirectoryOptions = ReturnType<typeof resolveOptions>;

/** What was given, and the defaults of what wasn't. */
export function resolveOptions(props: SambaDCProps) {
  const { realm, size } = props;
  const zone = realm.toLowerCase();
  return {
    realm,
    zone,
    baseDn: zone
      .split('.')
      .map((part) => `DC=${part}`)
      .join(','),
    domain: props.domain ?? realm.split('.')[0] ?? '',
    server: props.server ?? defaults.server,
    address: props.address,
    ...sized(size, defaults.size, 'Estimate until a load test says better.'),
    storageClass: props.storageClass ?? defaults.storageClass,
    dnsForwarder: props.dnsForwarder ?? defaults.dnsForwarder,
    units: props.units ?? defaults.units,
    groups: props.groups ?? defaults.groups,
    serviceAccounts: props.serviceAccounts ?? defaults.serviceAccounts,
    passwordPolicy: { ...usualPasswordPolicy, ...props.passwordPolicy },
  };
}

export const optionNames: OptionNames<SambaDCProps> = {
  name: true,
  image: 'required',
  realm: 'required',
  publicDomain: 'required',
  domain: true,
  server: true,
  address: 'required',
  authority: 'required',
  storage: 'required size',
  storageClass: true,
  size: true,
  dnsForwarder: true,
  units: true,
  groups: true,
  serviceAccounts: true,
  passwordPolicy: true,
  backups: 'required',
  generation: true,
  patches: true,
};

const groupNames: OptionNames<DirectoryGroup> = { name: 'required', unit: true, description: true, members: true };
const accountNames: OptionNames<ServiceAccount> = {
  name: 'required',
  purpose: 'required',
  password: 'required',
  principals: true,
  groups: true,
  unit: true,
};
const policyNames: OptionNames<PasswordPolicy> = {
  minimumLength: true,
  complexity: true,
  history: true,
  maximumAgeDays: true,
  minimumAgeDays: true,
  lockoutThreshold: true,
  lockoutMinutes: true,
};

export const optionParts: OptionParts<SambaDCProps> = {
  groups: groupNames,
  serviceAccounts: accountNames,
  passwordPolicy: policyNames,
  backups: backupNames,
};
