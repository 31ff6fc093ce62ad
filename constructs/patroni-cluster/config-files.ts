import fs from 'node:fs';
import path from 'node:path';
import type { Construct } from 'constructs';
import { ConfigFiles } from '../core/config-files.ts';

const folder = path.join(import.meta.dirname, 'files');

/** All files of a folder of `files/`. */
function all(name: string): string[] {
  const names = fs.readdirSync(path.join(folder, name)).filter((file) => /\.(py|sh|sql)$/.test(file));
  return names.map((file) => `${name}/${file}`);
}

/** What each consumer is given of `files/`. What two of them need stands once, in `common/`. */
export const consumers = {
  /** Patroni and what it calls, and the agent beside it: they call each other. */
  members: [...all('member'), ...all('agent'), ...all('common')],
  restoreTest: [...all('jobs'), ...all('common')],
} as const satisfies Record<string, readonly string[]>;

/** A consumer's scripts and SQL, in a ConfigMap of its own. */
export function scriptsOf(consumer: keyof typeof consumers, construct: Construct, name: string): ConfigFiles {
  return new ConfigFiles(construct, `scripts-of-${consumer}`, {
    name,
    folder,
    pick: consumers[consumer],
    executable: true,
  });
}
