import { createHash } from 'node:crypto';
import { InputError } from '../../constructs/core/error.ts';
import type { Finding } from '../../constructs/core/error.ts';
import { describeManifest } from '../../constructs/core/manifest.ts';
import type { GeneratedFile, Tree } from './index.ts';
import { toYaml } from '../yaml.ts';
import { HEADER } from './own-file.ts';

const SAFE_PATH = /^[a-z0-9][a-z0-9.-]*(?:\/[a-z0-9][a-z0-9.-]*)*$/;

export interface Wanted {
  readonly path: string;
  readonly text: string;
  /** `Deployment shop/backend from apps/backend.ts` */
  readonly origin: string;
}

/** Every file that is to be there, by its path; throws all findings about paths and objects at once. */
export function renderTrees(trees: readonly Tree[]): Map<string, Wanted> {
  const findings: Finding[] = [];
  const wanted = new Map<string, Wanted>();
  const checkPath = (where: string, safe: boolean) => {
    const allowed = 'a relative path of a-z, 0-9, ".", "-" and "/", for files with the ending .yaml';
    if (!safe) findings.push({ where, what: 'not a safe path', allowed, remedy: 'rename the object or its file' });
  };
  for (const tree of trees) {
    const { folder, files } = tree;
    checkPath(folder, SAFE_PATH.test(folder));
    if (trees.some((other) => other !== tree && `${folder}/`.startsWith(`${other.folder}/`))) {
      const allowed = 'trees side by side';
      findings.push({
        where: folder,
        what: 'lies within another tree',
        allowed,
        remedy: 'give it a folder of its own',
      });
    }
    for (const each of files) {
      const { path: name, source, manifest } = each;
      const file = `${folder}/${name}`;
      const origin = `${describeManifest(manifest)} from ${source}`;
      checkPath(`${file} (${origin})`, SAFE_PATH.test(name) && name.endsWith('.yaml') && !/[\n\r]/.test(source));
      const other = wanted.get(file.toLowerCase());
      if (other) {
        const what = `generated twice: ${other.origin} and ${origin}`;
        const allowed = 'one object a file, also where letter case makes no difference';
        findings.push({ where: file, what, allowed, remedy: 'give one of them another name' });
      }
      try {
        const body = bodyOf(each);
        const text = `${HEADER}${source}; change that, not this file. ${sealOf(body)}${body}`;
        wanted.set(file.toLowerCase(), { path: file, text, origin });
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        findings.push(...error.findings);
      }
    }
  }
  if (findings.length > 0) throw new InputError(findings);
  return wanted;
}

const bodies = new WeakMap<GeneratedFile, string>();

/** What stands below the header of a file; made once, for all who compare with it. @throws InputError */
export function bodyOf(file: GeneratedFile): string {
  const body = bodies.get(file) ?? toYaml(file.manifest);
  bodies.set(file, body);
  return body;
}

/** The end of the header, by which a file tells whether somebody changed what follows. */
function sealOf(body: string): string {
  return `[${createHash('sha256').update(body).digest('hex').slice(0, 12)}]\n`;
}

export function isEdited(text: string): boolean {
  const endOfHeader = text.indexOf('\n') + 1;
  return !text.slice(0, endOfHeader).endsWith(sealOf(text.slice(endOfHeader)));
}
