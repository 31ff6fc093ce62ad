import { loadEnvironment } from '../../../config/index.ts';
import type { PlatformImage } from './platform.ts';

/** What the directory's pod and its jobs ask for: Samba and its clients of Debian 13. */
export function sambaImages(environment: string): readonly PlatformImage[] {
  const { repository, tag } = loadEnvironment(environment).image('samba');
  return [
    {
      reference: `${repository}:${tag}`,
      layers: [
        {
          name: 'samba',
          release: 'trixie',
          packages: [
            ...['ca-certificates', 'krb5-user', 'ldap-utils', 'ldb-tools', 'samba-ad-dc', 'samba-ad-provision'],
            // debootstrap doesn't know who provides what: what python3-cryptography asks for by another name.
            ...['python3-cffi-backend', 'python3-samba', 'samba-dsdb-modules', 'tdb-tools'],
          ],
          folders: ['data', 'run/samba'],
        },
      ],
      user: 10001,
      standIn:
        "Samba: Debian's 4.22, with Heimdal's Kerberos, where the platform asks for an image of its makers, with MIT's",
      versions: { samba: '4.22' },
    },
  ];
}
