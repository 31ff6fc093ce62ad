/** For unshare(1): namespaces of everything that a machine has one of; they end with their first process. */
export const ownNamespaces = [
  ...['--net', '--mount', '--uts', '--ipc', '--pid'],
  ...['--fork', '--kill-child', '--propagation', 'private'],
] as const;
