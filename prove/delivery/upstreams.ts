import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { Cluster } from '../cluster/handle.ts';
import { must } from '../machine/run.ts';
import { taggedRepository } from '../stand-ins/internet/repositories.ts';
import { repositoryFolder, worldFolder } from '../stand-ins/internet/start.ts';
import { upstreamCharts, upstreamRepositories } from '../stand-ins/internet/upstream/index.ts';
import type { UpstreamChart } from '../stand-ins/internet/upstream/index.ts';

/** Puts what others publish where Argo CD reads it. @returns what stands in for something else */
export async function publishUpstreams(cluster: Cluster): Promise<readonly string[]> {
  const repositories = upstreamRepositories();
  const charts = upstreamCharts();
  for (const { url, tag, files } of repositories) {
    await taggedRepository(repositoryFolder(cluster, new URL(url).pathname.slice(1)), tag, files);
  }
  await publishCharts(path.join(worldFolder(cluster), 'charts'), charts);
  return [...repositories, ...charts].flatMap(({ standIn }) => standIn ?? []);
}

/** A chart repository: the archives, and the index that `helm` asks for first. */
async function publishCharts(folder: string, charts: readonly UpstreamChart[]): Promise<void> {
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder, { recursive: true });
  const entries: Record<string, unknown[]> = {};
  for (const { name, version, files } of charts) {
    const archive = `${name}-${version}.tgz`;
    const work = fs.mkdtempSync(path.join(folder, 'work-'));
    for (const [file, text] of Object.entries(files)) {
      const target = path.join(work, name, file);
      fs.mkdirSync(path.dirname(target), { recursive: true });
      fs.writeFileSync(target, text);
    }
    await must('tar', ['--create', '--gzip', `--file=${path.join(folder, archive)}`, `--directory=${work}`, name]);
    fs.rmSync(work, { recursive: true });
    const digest = crypto
      .createHash('sha256')
      .update(fs.readFileSync(path.join(folder, archive)))
      .digest('hex');
    (entries[name] ??= []).push({ apiVersion: 'v2', name, version, digest, urls: [archive] });
  }
  // YAML takes JSON.
  fs.writeFileSync(path.join(folder, 'index.yaml'), JSON.stringify({ apiVersion: 'v1', entries }));
}
