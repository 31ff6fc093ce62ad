import fs from 'node:fs';
import path from 'node:path';
import { dump } from 'js-yaml';
import { k3sConfiguration, k3sFiles, k3sRegistries, kernelParameters } from './k3s.ts';
import { admissionConfiguration, auditPolicy } from './kubernetes.ts';
import { firewallRules } from './nftables.ts';
import { installPlan } from './plan.ts';
import type { InstallPlan, NodePlan } from './plan.ts';
import { tokenLines } from './tokens.ts';
import { environmentValues, nodeValues } from './values.ts';
import { wireguardConfiguration } from './wireguard.ts';

/** Folder of what install/ reads of each environment. */
export const installFolder = 'install/environments';

/** Files of a node by their path on it, without the secrets. */
export function filesOfNode(plan: InstallPlan, node: NodePlan): Readonly<Record<string, string>> {
  const yaml = (value: unknown): string => dump(value, { lineWidth: -1 });
  const registries = k3sRegistries(plan);
  return {
    '/etc/diptych/firewall.nft': firewallRules(plan, node),
    '/etc/wireguard/wg0.conf': wireguardConfiguration(plan, node),
    '/etc/sysctl.d/90-kubelet.conf': kernelParameters(),
    '/etc/rancher/k3s/config.yaml': `# Written by npm run synth.\n${yaml(k3sConfiguration(plan, node))}`,
    ...(registries === undefined ? {} : { '/etc/rancher/k3s/registries.yaml': yaml(registries) }),
    ...(node.role === 'server'
      ? { [k3sFiles.admission]: yaml(admissionConfiguration), [k3sFiles.audit]: yaml(auditPolicy) }
      : {}),
  };
}

/** Files of an environment by their path in its folder; none for one that install/ has nothing to do with. */
export function installFiles(plan: InstallPlan | undefined): Readonly<Record<string, string>> {
  if (plan === undefined) return {};
  const nodes = plan.nodes.flatMap((node) => [
    [`${node.name}/node.env`, nodeValues(plan, node)] as const,
    ...Object.entries(filesOfNode(plan, node)).map(([file, text]) => [`${node.name}/files${file}`, text] as const),
  ]);
  return {
    'environment.env': environmentValues(plan),
    'tokens.txt': tokenLines(plan.environment),
    ...Object.fromEntries(nodes),
  };
}

/** Brings the files of these environments up to date. @returns what is told of those that weren't */
export function writeInstall(
  root: string,
  names: readonly string[],
  { dryRun }: { readonly dryRun: boolean },
): string[] {
  return names.flatMap((name) => {
    const folder = `${installFolder}/${name}`;
    const wanted = installFiles(installPlan(name));
    const there = filesBelow(path.join(root, folder));
    return [...new Set([...there, ...Object.keys(wanted)])].sort().flatMap((file) => {
      const full = path.join(root, folder, file);
      const now = wanted[file];
      const then = there.includes(file) ? fs.readFileSync(full, 'utf8') : undefined;
      if (then === now) return [];
      if (!dryRun) write(full, now);
      return `${now === undefined ? '-' : then === undefined ? '+' : '~'} ${folder}/${file}`;
    });
  });
}

function write(full: string, now: string | undefined): void {
  if (now === undefined) {
    fs.rmSync(full);
    return;
  }
  fs.mkdirSync(path.dirname(full), { recursive: true });
  // Whole or not at all: install/run may be reading it.
  fs.writeFileSync(`${full}.new`, now);
  fs.renameSync(`${full}.new`, full);
}

function filesBelow(folder: string): string[] {
  if (!fs.existsSync(folder)) return [];
  return fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'));
}
