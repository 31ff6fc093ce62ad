import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { podLogs } from '../../../constructs/log-stack/index.ts';
import type { Disk } from './disk.ts';

/** Whose lines they are. */
export interface Container {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

/** Nanoseconds of the last line, which no other line has. */
let last = 0n;

/** The file of a container's lines, as containerd writes it and the kubelet rotates it. */
export class ContainerLog {
  private readonly file: string;
  private rotations = 0;

  /** @param disk of the node */
  constructor(disk: Disk, { namespace, pod, container }: Container) {
    this.file = path.join(disk.folder(podLogs, `${namespace}_${pod}_${crypto.randomUUID()}`, container), '0.log');
    fs.writeFileSync(this.file, '');
  }

  write(lines: readonly string[], at = new Date()): void {
    fs.appendFileSync(this.file, lines.map((line) => `${moment(at)} stdout F ${line}\n`).join(''));
  }

  /** A line that is longer than what containerd reads at once. */
  writeInParts(parts: readonly string[]): void {
    const records = parts.map((part, index) => `stdout ${index < parts.length - 1 ? 'P' : 'F'} ${part}`);
    fs.appendFileSync(this.file, records.map((record) => `${moment(new Date())} ${record}\n`).join(''));
  }

  /** Beginning with the next line there is another file. */
  rotate(): void {
    this.rotations += 1;
    fs.renameSync(this.file, `${this.file}.20261201-0000${String(this.rotations).padStart(2, '0')}`);
    fs.writeFileSync(this.file, '');
  }
}

/** With nanoseconds, as containerd has it. */
function moment(at: Date): string {
  const wanted = BigInt(at.getTime()) * 1_000_000n;
  // Whoever writes of an older time is alone with it.
  last = wanted > last || wanted < last - 60_000_000_000n ? wanted : last + 1n;
  const digits = String(last % 1_000_000_000n).padStart(9, '0');
  return `${new Date(Number(last / 1_000_000n)).toISOString().slice(0, 19)}.${digits}Z`;
}
