import type { Finding } from '../constructs/core/error.ts';
import { repositoryRemote } from './remote.ts';
import type { Values } from './untyped.ts';

/**
 * Servers whose keys come with Argo CD.
 * @see https://github.com/argoproj/argo-cd/blob/v3.5.3/manifests/base/config/argocd-ssh-known-hosts-cm.yaml (v3.5)
 */
const known = [
  ...['bitbucket.org:22', 'github.com:22', 'ssh.github.com:443', 'gitlab.com:22'],
  ...['ssh.dev.azure.com:22', 'vs-ssh.visualstudio.com:22'],
];

/** How Argo CD knows that the repository's server is the one: a fetch from another one would deploy what that has. */
export function repositoryFindings(file: string, { url, hostKeys, certificates }: Values): Finding[] {
  const remote = typeof url === 'string' ? repositoryRemote(url) : '';
  if (typeof remote === 'string') return [];
  const bySsh = !String(url).startsWith('https:');
  const unused = bySsh ? certificates : hostKeys;
  const [name, other] = bySsh ? ['certificates', 'hostKeys'] : ['hostKeys', 'certificates'];
  if (unused !== undefined) {
    return [
      {
        where: `${file}: repository.${name}`,
        what: `${String(url)} is read by ${bySsh ? 'SSH' : 'HTTPS'}, where nobody looks at them`,
        allowed: `${other}, or another address`,
        remedy: 'remove it, or change repository.url',
      },
    ];
  }
  if (!bySsh || hostKeys !== undefined || known.includes(`${remote.host}:${remote.port}`)) return [];
  const scan = `ssh-keyscan ${remote.port === 22 ? '' : `-p ${remote.port} `}${remote.host}`;
  return [
    {
      where: `${file}: repository.hostKeys`,
      what: `Argo CD knows no key of ${remote.host}, and would fetch nothing from it`,
      allowed: `the keys of that server, or one of ${known.join(', ')}`,
      remedy: `add what ${scan} prints behind the host, compared with what its administrator says`,
    },
  ];
}
