import fs from 'node:fs';
import path from 'node:path';
import type { Part } from '../../results/index.ts';
import type { Hetzner } from '../../stand-ins/hetzner/index.ts';
import type { Thing } from '../../stand-ins/hetzner/world.ts';
import { Checks } from './checks.ts';
import { list } from './life.ts';
import type { Values } from './life.ts';
import type { Tofu, Variables } from './tofu.ts';

export interface OperationsGround {
  readonly tofu: Tofu;
  readonly hetzner: Hetzner;
  readonly values: Values;
  /** With which everything was made. */
  readonly variables: Variables;
}

/** What terraform/README.md says to do with a machine that there is: another type, and a new one in its place. */
export async function operationsOf(
  { tofu, hetzner, values, variables }: OperationsGround,
  report: (line: string) => void,
): Promise<Part> {
  const checks = new Checks();
  // The one with a volume: the others have less to lose.
  const [node, machine] = Object.entries(values.nodes).find(([, { volumes }]) => Object.keys(volumes).length > 0) ?? [];
  if (node === undefined || machine === undefined) return { figures: {}, checks: [] };
  const name = `${values.environment}-${node}`;
  const target = [`-target=hcloud_server.node["${node}"]`];
  const found = (): Thing | undefined => hetzner.world.all('servers').find((server) => server.name === name);
  const others = (): string =>
    String(hetzner.world.all('servers').flatMap(({ id, name: each }) => (each === name ? [] : id)));
  const [before, neighbours] = [shownOf(hetzner, found()), others()];
  const ofType = (server_type: string) => ({
    ...values,
    nodes: { ...values.nodes, [node]: { ...machine, server_type } },
  });

  report(`${node}: another type, and back`);
  const larger = machine.server_type === 'ccx43' ? 'ccx33' : 'ccx43';
  for (const type of [larger, machine.server_type]) {
    tofu.values = ofType(type);
    checks.succeeds(`apply of ${node} as ${type}`, await tofu.apply(variables, target));
    checks.same(`${node} then`, shownOf(hetzner, found()), before.replace(machine.server_type, type));
    checks.same(`a plan of all as ${type}`, list(await tofu.changes(variables)), 'nothing');
  }
  tofu.values = ofType('cx22');
  checks.fails(`a plan of ${node} as a type that is not sold`, await tofu.plan(variables), 'sells no server type cx22');
  tofu.values = values;

  report(`${node}: a new machine in its place`);
  const id = found()?.id;
  const replace = [...target, `-replace=hcloud_server.node["${node}"]`];
  checks.fails('replacing it as it is', await tofu.apply(variables, replace), 'has prevent_destroy set');
  const override = path.join(tofu.folder, 'teardown_override.tf');
  fs.copyFileSync(path.join(tofu.folder, 'teardown.tf.example'), override);
  const unprotected = { ...variables, protect: false };
  checks.succeeds('apply without its protection', await tofu.apply(unprotected, target));
  checks.succeeds('replacing it', await tofu.apply(unprotected, replace));
  fs.rmSync(override);
  checks.succeeds('apply of all after it', await tofu.apply(variables));
  checks.same('it is another machine', String(found()?.id !== id), 'true');
  checks.same('with the type, addresses and volumes that it had', shownOf(hetzner, found()), before);
  checks.same('the others are those that they were', others(), neighbours);
  checks.same('a plan after it', list(await tofu.changes(variables)), 'nothing');
  return { figures: {}, checks: checks.all };
}

/** What of a server is to stay. */
function shownOf({ world }: Hetzner, server: Thing | undefined): string {
  if (server === undefined) return 'there is none';
  const { ipv4, ipv6 } = server.public_net as Record<'ipv4' | 'ipv6', { ip: string }>;
  const [own] = server.private_net as { ip: string }[];
  const volumes = world.all('volumes').filter((volume) => volume.server === server.id);
  const floating = world.all('floating_ips').filter((address) => address.server === server.id);
  const type = (server.server_type as { name: string }).name;
  const state = `${String(server.status)}, ${server.protection.delete ? 'protected' : 'unprotected'}`;
  const attached = [...volumes, ...floating].map((each) => each.name).sort();
  return `${type} ${state}, ${own?.ip ?? ''} ${ipv4.ip} ${ipv6.ip}, ${attached.join(', ')}`;
}
