import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import type { Manifest } from '../../../constructs/core/manifest.ts';
import { ProvingError } from '../../machine/error.ts';
import { run } from '../../machine/run.ts';
import { EVERY_PORT, PROTOCOLS } from './connections.ts';
import type { Connection, End, Span } from './connections.ts';

/** One line of what np-guard's analyzer prints. */
interface Line {
  readonly src: string;
  readonly dst: string;
  readonly conn: string;
}

/**
 * What np-guard's netpol-analyzer makes of network policies, namespaces and pods.
 * @param folder is emptied and then holds what it was given
 * @throws ProvingError where it complains: its exit code is 0 all the same, and what it couldn't read is left out
 */
export async function analyze(program: string, manifests: readonly Manifest[], folder: string): Promise<Connection[]> {
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder, { recursive: true });
  const list = { apiVersion: 'v1', kind: 'List', items: manifests };
  fs.writeFileSync(path.join(folder, 'manifests.json'), JSON.stringify(list));
  const { status, stdout, stderr } = await run(program, ['list', '--dirpath', folder, '--quiet', '--output', 'json']);
  if (status !== 0 || stderr !== '') throw new ProvingError(`netpol-analyzer: exit code ${status}\n${stderr.trim()}`);
  return parseAnalysis(stdout);
}

/** Reads the analyzer's JSON; pods are named like `shop/backend-1`. @throws ProvingError for words it doesn't know */
export function parseAnalysis(json: string): Connection[] {
  return (JSON.parse(json) as readonly Line[]).flatMap(({ src, dst, conn }) => {
    const [from, to] = [endOf(src), endOf(dst)];
    return spansOf(conn).map(([protocol, ports]) => ({ from, to, protocol, ports }));
  });
}

/** `shop/backend-1[Pod]`, or `10.0.0.0-10.255.255.255`. */
function endOf(text: string): End {
  const [, pod] = /^([^/[\]]+\/[^/[\]]+)\[Pod\]$/.exec(text) ?? [];
  if (pod !== undefined) return pod;
  const [first = '', last = ''] = text.split('-');
  if (!net.isIPv4(first) || !net.isIPv4(last)) throw unknown(text);
  return { first: numberOf(first), last: numberOf(last) };
}

/** `All Connections`, or `TCP 80,90-100,UDP 53`: a protocol holds until the next one. */
function spansOf(text: string): (readonly [string, Span])[] {
  if (text === 'All Connections') return PROTOCOLS.map((protocol) => [protocol, EVERY_PORT]);
  let protocol: string | undefined;
  return text.split(',').map((part) => {
    const [, named, first, last = first] = /^(?:(TCP|UDP|SCTP) )?(\d+)(?:-(\d+))?$/.exec(part) ?? [];
    protocol = named ?? protocol;
    if (protocol === undefined || first === undefined) throw unknown(text);
    return [protocol, { first: Number(first), last: Number(last) }];
  });
}

const numberOf = (address: string): number => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);

const unknown = (text: string): ProvingError => new ProvingError(`netpol-analyzer: "${text}" is not known here`);
