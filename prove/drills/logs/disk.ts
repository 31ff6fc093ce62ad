import fs from 'node:fs';
import path from 'node:path';
import type { IPodSpec } from 'kubernetes-models/v1/PodSpec';

/** What a program sees as its whole disk, as in its container: the paths of its configuration are right as they are. */
export class Disk {
  private readonly root: string;

  /** @param root a folder, which begins empty */
  constructor(root: string) {
    fs.rmSync(root, { recursive: true, force: true });
    this.root = root;
    for (const name of ['tmp', 'etc']) fs.mkdirSync(path.join(root, name), { recursive: true });
  }

  at(...names: readonly string[]): string {
    return path.join(this.root, ...names);
  }

  folder(...names: readonly string[]): string {
    const folder = this.at(...names);
    fs.mkdirSync(folder, { recursive: true });
    return folder;
  }

  write(name: string, text: string): void {
    this.folder(path.dirname(name));
    fs.writeFileSync(this.at(name), text);
  }

  /** Puts a program there; it needs nothing beside itself. */
  program(name: string, file: string): void {
    this.folder(path.dirname(name));
    fs.copyFileSync(file, this.at(name), fs.constants.COPYFILE_FICLONE);
  }

  /** Files of a ConfigMap as the kubelet mounts them: each is a link into a folder that is a link. */
  mount(where: string, files: Readonly<Record<string, string>>): void {
    const version = '..2026_12_01_00_00_00.1';
    for (const [name, text] of Object.entries(files)) {
      this.write(path.join(where, version, name), text);
      fs.symlinkSync(path.join('..data', name), this.at(where, name));
    }
    fs.symlinkSync(version, this.at(where, '..data'));
  }

  remove(name: string): void {
    fs.rmSync(this.at(name), { recursive: true, force: true });
  }

  /** A command line that runs a command on it, with these variables and no others. */
  enter(command: readonly string[], variables: Readonly<Record<string, string>>): readonly [string, ...string[]] {
    const set = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
    return ['env', '-i', ...set, '/usr/sbin/chroot', this.root, ...command];
  }
}

/** Variables of the first container whose values are written down. */
export function variablesOf({ containers: [container] }: IPodSpec): Readonly<Record<string, string>> {
  return Object.fromEntries(
    (container?.env ?? []).flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]])),
  );
}
