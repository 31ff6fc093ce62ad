import { application } from '../constructs/core/application.ts';
import { addressIn } from '../constructs/core/cidr.ts';
import type { DirectoryEndpoint } from '../constructs/core/endpoint.ts';
import { SecretRef } from '../constructs/core/secret-ref.ts';
import { SambaDC } from '../constructs/samba-dc/index.ts';
import { namespaceOf } from './namespaces.ts';

/** The directory that people sign in against: who they are, and which groups they belong to. */
export const identity = application(
  'identity',
  { namespace: namespaceOf('identity'), layer: 'identity' },
  (scope, environment): { readonly samba: DirectoryEndpoint; readonly names: SambaDC['names'] } => {
    const bind = new SecretRef(scope, 'directory-bind', {
      name: 'directory-bind',
      purpose: 'searches the directory for the user who signs in',
      keys: { password: { kind: 'random', bytes: 24, encoding: 'base64url' } },
    });
    const { domain, networks, sharesCluster, directoryAddress } = environment;
    const samba = new SambaDC(scope, 'samba', {
      image: environment.image('samba'),
      realm: `AD.${domain.toUpperCase()}`,
      publicDomain: domain,
      // Below the 256 that Kubernetes keeps for addresses that are chosen; one cluster, two environments.
      address: directoryAddress ?? addressIn(networks.services, sharesCluster ? 54 : 53),
      authority: environment.authority('samba-ca'),
      storage: environment.storage('samba'),
      size: environment.size('samba'),
      generation: environment.generation('samba'),
      backups: { ...environment.backups('samba'), rclone: environment.image('rclone') },
      // Whom the sample of a backend lets change prices: ROLE_GROUPS.
      groups: [{ name: 'shop-editors', description: 'change prices in the shop' }],
      serviceAccounts: [
        {
          name: 'backend',
          purpose: 'searches for users who sign in, and takes their tickets',
          password: bind.key('password'),
          // Browsers ask for a ticket for the host that they are at; the frontend hands it on.
          principals: (['backend', 'frontend'] as const).map((name) => `HTTP/${environment.host(name)}`),
        },
      ],
    });
    return { samba: samba.directory('backend'), names: samba.names };
  },
);
