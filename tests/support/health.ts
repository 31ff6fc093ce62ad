import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { dump, load } from 'js-yaml';

const settings = path.join(import.meta.dirname, '../../dist/production/argocd/configmap-argocd-cm.yaml');

export interface Verdict {
  readonly status: string;
  readonly message?: string;
}

/** What Argo CD itself says of an object's health with the committed settings. */
export function healthOf(argocd: string, object: unknown, argocdCm = settings): Verdict {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'health-'));
  try {
    const file = path.join(folder, 'object.yaml');
    fs.writeFileSync(file, JSON.stringify(object));
    const args = ['admin', 'settings', 'resource-overrides', 'health', file, '--argocd-cm-path', argocdCm];
    const env = { ...process.env, KUBECONFIG: path.join(folder, 'none') };
    const options = { encoding: 'utf8', env, maxBuffer: 2 ** 26 } as const;
    const printed = execFileSync(argocd, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    const [, status = printed, message] = /^STATUS: (\S+)\s*(?:^MESSAGE: ([^]*))?/m.exec(printed) ?? [];
    return { status, message };
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

/** How many objects a run takes: Argo CD ends a script after a second, in which a busy machine gets through fewer. */
const aRun = 800;

/**
 * What the committed script of a kind says of many objects, in Argo CD's own interpreter: several in one run, because each
 * start of the program takes longer than the scripts.
 * @param kind as settings name it, such as `apps_StatefulSet`
 */
export function healthOfEach(argocd: string, kind: string, objects: readonly unknown[]): readonly Verdict[] {
  const { data } = load(fs.readFileSync(settings, 'utf8')) as { data: Readonly<Record<string, string>> };
  const script = `
local script = function()
${data[`resource.customizations.health.${kind}`]}
end
local lines = {}
for i, each in ipairs(obj.objects) do
  obj = each
  local verdict = script()
  lines[i] = verdict.status .. " " .. string.gsub(verdict.message or "", "\\n", " ")
end
return {status = "Healthy", message = table.concat(lines, "\\n")}
`;
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'health-'));
  try {
    const file = path.join(folder, 'settings.yaml');
    const overrides = {
      'resource.customizations.health.tests_Many': script,
      'resource.customizations.useOpenLibs.tests_Many': data[`resource.customizations.useOpenLibs.${kind}`],
    };
    const metadata = { name: 'argocd-cm', labels: { 'app.kubernetes.io/part-of': 'argocd' } };
    fs.writeFileSync(file, dump({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: overrides }));
    return Array.from({ length: Math.ceil(objects.length / aRun) }, (_, run) => {
      const some = objects.slice(run * aRun, (run + 1) * aRun);
      return verdictsOf(argocd, some, file);
    }).flat();
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

function verdictsOf(argocd: string, objects: readonly unknown[], argocdCm: string): readonly Verdict[] {
  const many = { apiVersion: 'tests/v1', kind: 'Many', metadata: { name: 'many' }, objects };
  let printed: Verdict;
  try {
    printed = healthOf(argocd, many, argocdCm);
  } catch (error) {
    if (objects.length === 1 || !String(error).includes('context deadline exceeded')) throw error;
    const half = objects.length / 2;
    return [objects.slice(0, half), objects.slice(half)].flatMap((some) => verdictsOf(argocd, some, argocdCm));
  }
  const { status, message = '' } = printed;
  if (status !== 'Healthy') throw new Error(`${status}: ${message}`);
  return message
    .trim()
    .split('\n')
    .map((line) => ({ status: line.split(' ')[0] ?? '', message: line.slice(line.indexOf(' ') + 1) }));
}
