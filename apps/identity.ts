import { application } from '../constructs/core/application.ts';
import { serviceHost } from '../constructs/core/endpoint.ts';
import type { DirectoryEndpoint } from '../constructs/core/endpoint.ts';
import { ForeignWorkload } from '../constructs/core/foreign-workload.ts';
import { SecretRef } from '../constructs/core/secret-ref.ts';
import { namespaceOf } from './namespaces.ts';

/**
 * The Samba Active Directory. Its construct comes later and hands out the same endpoint; until then the pods are
 * declared here, so that whoever uses them is wired already.
 */
export const identity = application(
  'identity',
  { namespace: namespaceOf('identity'), layer: 'identity' },
  (scope, environment): { readonly samba: DirectoryEndpoint } => {
    const peer = new ForeignWorkload(scope, 'samba', {
      name: 'samba',
      madeBy: 'the identity tier, whose construct is not written yet',
      podLabels: { 'app.kubernetes.io/name': 'samba-dc', 'app.kubernetes.io/instance': 'samba' },
      ports: [
        { name: 'kerberos', port: 88 },
        { name: 'kerberos-udp', port: 88, protocol: 'UDP' },
        { name: 'ldaps', port: 636 },
      ],
    });
    const bind = new SecretRef(scope, 'directory-bind', {
      name: 'directory-bind',
      purpose: 'searches the directory for the user who signs in',
      keys: { password: { kind: 'random', bytes: 24, encoding: 'base64url' } },
    });
    const host = serviceHost('samba', scope.destination.name);
    const directoryDomain = `ad.${environment.domain}`;
    return {
      samba: {
        name: 'Active Directory',
        url: `ldaps://${host}:636`,
        realm: directoryDomain.toUpperCase(),
        baseDn: directoryDomain
          .split('.')
          .map((part) => `DC=${part}`)
          .join(','),
        credentials: { user: `backend@${directoryDomain}`, password: bind.key('password') },
        targets: [
          { peer, host, port: 636 },
          { peer, host, port: 88 },
          { peer, host, port: 88, protocol: 'UDP' },
        ],
      },
    };
  },
);
