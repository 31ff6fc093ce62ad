import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { Cluster } from '../cluster/handle.ts';
import { must } from '../machine/run.ts';
import { taggedRepository } from '../stand-ins/internet/repositories.ts';
import { repositoryFolder, worldFolder } from '../stand-ins/internet/start.ts';
import { upstreamCharts, upstreamRepositories } from '../stand-ins/internet/upstream/index.ts';
import type { UpstreamChart } from '../stand-ins/internet/upstream/index.ts';

/** What was published in place of what others publish. */
export interface Published {
  /** What stands in for something else. */
  readonly standIns: readonly string[];
  /** The commit here for each that the tree names: theirs can't be made without their whole history. */
  readonly commits: ReadonlyMap<string, string>;
}

/** Puts what others publish where Argo CD reads it. */
export async function publishUpstreams(cluster: Cluster): Promise<Published> {
  const repositories = upstreamRepositories();
  const charts = upstreamCharts();
  const commits = new Map<string, string>();
  for (const { url, tag, commit, files } of repositories) {
    const here = await taggedRepository(repositoryFolder(cluster, new URL(url).pathname.slice(1)), tag, files);
    if (commit !== undefined) commits.set(commit, here);
  }
  await publishCharts(path.join(worldFolder(cluster), 'charts'), charts);
  const standIns = [...repositories, ...charts].flatMap(({ standIn }) => standIn ?? []);
  return { standIns: [...standIns, 'commits of upstream repositories, which have no history here'], commits };
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
