import path from 'node:path';
import { pkiFolder } from '../../cluster/handle.ts';
import type { Cluster } from '../../cluster/handle.ts';
import { initPid, inNetworkOf } from '../../cluster/nodes.ts';
import { serversOf } from '../../cluster/plan.ts';
import { ProvingError } from '../../machine/error.ts';
import { must } from '../../machine/run.ts';

/** A request to the Kubernetes API. */
export interface Call {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** From `/`, with its query. */
  readonly target: string;
  /** Of a PATCH, a strategic merge patch: containers are told by their names. */
  readonly body?: object;
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/**
 * Asks the API, with one request and nothing else: kubectl would look at what it is to change first, which takes a right of
 * its own.
 * @param token of who asks; undefined for the administrator
 */
export async function callApi(
  cluster: Cluster,
  { method, target, body }: Call,
  token: string | undefined,
): Promise<Answer> {
  const server = serversOf(cluster.plan).find(({ name }) => initPid(cluster, name) !== undefined);
  if (server === undefined) throw new ProvingError('no node with an API server has power');
  const pki = (file: string): string => path.join(pkiFolder(cluster), file);
  const type = method === 'PATCH' ? 'application/strategic-merge-patch+json' : 'application/json';
  const [program, ...args] = [
    ...inNetworkOf(cluster, server.name),
    ...['curl', '--silent', '--show-error', '--max-time', '30', '--config', '-', '--request', method],
    // With a certificate, the API would look at nothing else.
    ...[
      '--cacert',
      pki('ca.crt'),
      ...(token === undefined ? ['--cert', pki('admin.crt'), '--key', pki('admin.key')] : []),
    ],
    ...['--header', 'Accept: application/json', '--write-out', '\n%{http_code}'],
    ...(body === undefined ? [] : ['--header', `Content-Type: ${type}`, '--data-binary', JSON.stringify(body)]),
    `https://${server.address}:6443${target}`,
  ];
  // Not in the command line, which everybody on the machine can read.
  const input = token === undefined ? '' : `header = "Authorization: Bearer ${token}"\n`;
  const printed = await must(program, args, { input });
  const end = printed.lastIndexOf('\n');
  const text = printed.slice(0, end);
  // Numbers, and what a kubelet says, are no JSON.
  return { status: Number(printed.slice(end)), body: text.startsWith('{') ? (JSON.parse(text) as unknown) : text };
}
