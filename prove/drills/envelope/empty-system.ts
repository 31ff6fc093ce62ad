import fs from 'node:fs';
import path from 'node:path';
import { unpackImage } from '../../images/unpack.ts';
import { run } from '../../machine/run.ts';
import { toolsHere } from '../../tools/cache.ts';

/** All that the envelope asks for, beside a minimal Debian. */
const packages = ['age', 'curl'];

/** A minimal Debian with the programs that the envelope asks for, and nothing of this repository. */
export class EmptySystem {
  private readonly root: string;

  private constructor(root: string) {
    this.root = root;
  }

  static async make(folder: string): Promise<EmptySystem> {
    fs.rmSync(folder, { recursive: true, force: true });
    const layer = { name: 'envelope', packages };
    const image = { reference: 'proving.local/envelope:1', layers: [layer] };
    await unpackImage(path.join(toolsHere().cache, 'images'), image, folder);
    return new EmptySystem(folder);
  }

  /** Types the files of a page, and then its commands, until one fails. @returns `done`, or what was said */
  async follow(page: string): Promise<string> {
    const desk = path.join(this.root, 'root/desk');
    fs.mkdirSync(desk, { recursive: true });
    for (const [name, text] of blocksOf(page)) {
      if (name !== 'commands') fs.writeFileSync(path.join(desk, name), `${text}\n`);
    }
    for (const command of (blocksOf(page).get('commands') ?? '').split('\n')) {
      const { status, stdout, stderr } = await this.inside(command);
      if (status !== 0) return `exit code ${status}: ${command}: ${stdout}${stderr}`;
    }
    return 'done';
  }

  /** As before the first page was followed. */
  async empty(): Promise<void> {
    await this.inside('rm -rf /root/desk /root/.diptych');
    fs.mkdirSync(path.join(this.root, 'root/desk'), { recursive: true });
  }

  /** What is in the folder that the commands make. */
  secrets(environment: string): ReadonlyMap<string, string> {
    return filesBelow(path.join(this.root, 'root/.diptych', environment));
  }

  /** Namespaces of its own, but for the network, in which the bucket is. */
  private inside(command: string) {
    const shell = [
      'env',
      '-i',
      'PATH=/usr/sbin:/usr/bin:/sbin:/bin',
      'HOME=/root',
      'sh',
      '-c',
      `cd /root/desk && ${command}`,
    ];
    const enter = ['--mount', '--pid', '--fork', '--uts', '--ipc', 'chroot', this.root];
    return run('unshare', [...enter, ...shell], { timeout: 60 });
  }
}

/** What stands between `---- NAME` and `----`. */
function blocksOf(page: string): ReadonlyMap<string, string> {
  const blocks = page.matchAll(/^---- (\S+)\n([\s\S]*?)\n----$/gm);
  return new Map([...blocks].map(([, name = '', text = '']) => [name, text]));
}

/** Files below a folder by their path in it, in hexadecimal digits. */
export function filesBelow(folder: string): ReadonlyMap<string, string> {
  if (!fs.existsSync(folder)) return new Map();
  const entries = fs.readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
  return new Map(files.map((file) => [path.relative(folder, file), fs.readFileSync(file).toString('hex')]));
}
