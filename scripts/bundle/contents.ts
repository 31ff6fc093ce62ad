import fs from 'node:fs';
import path from 'node:path';
import { secretInventory } from '../../apps/inventory.ts';
import { environmentInput } from '../../config/index.ts';
import { InputError } from '../../constructs/core/error.ts';
import type { Finding } from '../../constructs/core/error.ts';
import { tokenFiles } from '../../synth/install/tokens.ts';

/** A file of the bundle, by its path in it. */
export type Contents = ReadonlyMap<string, Uint8Array>;

/** What belongs in, of the operator's folder. */
export interface Wanted {
  readonly path: string;
  readonly purpose: string;
  /** Without it nothing is restored; else it is only told that it isn't there. */
  readonly isNeeded: boolean;
}

/** Where `install/secrets` keeps the secrets of an environment, outside of the tree. */
export function folderOf(environment: string, env: Readonly<Record<string, string | undefined>>): string {
  return path.join(env.DIPTYCH_SECRETS ?? path.join(env.HOME ?? '', '.diptych'), environment);
}

/** What a restored platform needs that no commit has. */
export function wantedFiles(environment: string): Wanted[] {
  const { nodes, k3s } = environmentInput(environment);
  const names = nodes.map(({ name }) => name);
  const pairs = names.flatMap((name, index) => names.slice(index + 1).map((other) => [name, other].sort().join('--')));
  const needed = (file: string, purpose: string): Wanted => ({ path: file, purpose, isNeeded: true });
  const useful = (file: string, purpose: string): Wanted => ({ path: file, purpose, isNeeded: false });
  return [
    needed('sealing.key', 'opens what is sealed in git: without it every password is lost'),
    needed('sealing.crt', 'its certificate'),
    needed('k3s/token', 'lets servers join, and opens snapshots of etcd'),
    needed('k3s/agent-token', 'lets agents join'),
    needed('ssh/id_ed25519', 'logs in at the machines'),
    ...(k3s?.snapshots ? ['access-key', 'secret-key'] : []).map((name) =>
      needed(`snapshots/${name}`, 'with which K3s keeps its snapshots in their bucket'),
    ),
    ...names.map((name) => needed(`wireguard/${name}.key`, `the end of the tunnel at ${name}`)),
    ...pairs.map((pair) => needed(`wireguard/${pair}.psk`, 'the second key of a tunnel')),
    ...names.map((name) =>
      useful(
        `node-passwords/${name}`,
        `lets a machine be ${name} again; else the secret ${name}.node-password.k3s is deleted`,
      ),
    ),
    ...tokenFiles(environment).map(({ path: file, purpose }) => useful(file, purpose)),
  ];
}

/** Of others, whatever their folder is: what is half written, and what is of no use elsewhere. */
const leftOut = /(^|\/)(lock|known_hosts|[^/]+\.new|(key|new)\.[A-Za-z0-9]{6})(\/|$)|^wireguard\/old\//;

/** In bytes, and characters: a tar has room for no more in a name. */
const [largest, longest] = [1024 * 1024, 99];

/**
 * Everything in the operator's folder, and what is missing there.
 * @param whence says where a secret comes from that is not there
 * @throws InputError where something is missing that is needed
 */
export function filesOf(
  environment: string,
  folder: string,
  whence = `run install/secrets ${environment}, or name the folder in DIPTYCH_SECRETS`,
): { readonly contents: Contents; readonly missing: readonly Wanted[] } {
  if (!fs.existsSync(folder)) throw new InputError(lackOf(folder, 'there is no such folder', whence));
  const found = new Map<string, Uint8Array>();
  const entries = fs.readdirSync(folder, { recursive: true, withFileTypes: true });
  const findings: Finding[] = [];
  for (const entry of entries) {
    const full = path.join(entry.parentPath, entry.name);
    const name = path.relative(folder, full).split(path.sep).join('/');
    if (!entry.isFile() || leftOut.test(name)) continue;
    if (fs.statSync(full).size > largest || name.length > longest) findings.push(unfit(full));
    else found.set(name, new Uint8Array(fs.readFileSync(full)));
  }
  const missing = wantedFiles(environment).filter(({ path: file }) => (found.get(file)?.length ?? 0) === 0);
  const lacking = missing.filter(({ isNeeded }) => isNeeded);
  findings.push(
    ...lacking.map(({ path: file, purpose }) =>
      lackOf(path.join(folder, file), `it is not there, or empty: ${purpose}`, whence),
    ),
  );
  if (findings.length > 0) throw new InputError(findings);
  return { contents: found, missing };
}

function lackOf(where: string, what: string, remedy: string): Finding {
  return { where, what, allowed: 'what install/secrets makes, and what people bring', remedy };
}

function unfit(where: string): Finding {
  const what = 'it has more than a mebibyte, or a name of more than 99 characters';
  return { where, what, allowed: 'secrets, which are small', remedy: 'move it out of the folder' };
}

/** Secrets that decrypt backups, of every kind of store, with the namespaces that have them. */
export function archiveKeys(environment: string): { readonly namespace: string; readonly name: string }[] {
  const entries = secretInventory(environment).filter(({ name }) => name.endsWith('-encryption'));
  return entries.flatMap(({ name, copies }) => copies.slice(0, 1).map(({ namespace }) => ({ namespace, name })));
}
