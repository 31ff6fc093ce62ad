import fs from 'node:fs';
import path from 'node:path';
import { unpackImage } from '../../images/unpack.ts';
import { run } from '../../machine/run.ts';
import type { DrillCheck } from '../../results/index.ts';
import { toolsHere } from '../../tools/cache.ts';
import { Checks } from './checks.ts';

/** Debian's codename of what machines are made from by default: `image` of terraform/variables.tf. */
const release = 'trixie';

/** Has cloud-init itself look at what machines are made with, and at the same with mistakes. */
export async function cloudInitOf(root: string, folder: string): Promise<readonly DrillCheck[]> {
  const system = path.join(folder, 'cloud-init');
  fs.rmSync(system, { recursive: true, force: true });
  // The second one has what another that it needs asks for by a name of no package, which debootstrap does not look for.
  const layer = { name: 'cloud-init', packages: ['cloud-init', 'python3-cffi-backend'], release };
  const image = { reference: 'proving.local/cloud-init:1', layers: [layer] };
  await unpackImage(path.join(toolsHere().cache, 'images'), image, system);
  const asked = (text: string) => {
    fs.writeFileSync(path.join(system, 'root/user-data'), text);
    const clean = ['env', '-i', 'PATH=/usr/sbin:/usr/bin:/sbin:/bin', 'HOME=/root'];
    return run('chroot', [system, ...clean, 'cloud-init', 'schema', '--config-file', '/root/user-data']);
  };
  const checks = new Checks();
  const text = fs.readFileSync(path.join(root, 'terraform/cloud-init.yaml'), 'utf8');
  checks.succeeds('cloud-init schema of cloud-init.yaml', await asked(text));
  const wrong = text.replace(/^packages: .*$/m, 'packages: 5');
  checks.fails('the same with packages that are none', await asked(wrong), "5 is not of type 'array'");
  const unknown = text.replace(/^ssh_pwauth:/m, 'ssh_pwauht:');
  checks.fails('the same with a name that it does not know', await asked(unknown), "'ssh_pwauht' was unexpected");
  return checks.all;
}
