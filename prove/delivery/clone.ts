import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { secretInventory } from '../../apps/inventory.ts';
import { buildPlatform } from '../../apps/platform.ts';
import { generationsFile, loadEnvironment } from '../../config/index.ts';
import type { GenerationsInput } from '../../config/schema.ts';
import type { Platform } from '../../constructs/core/platform.ts';
import type { SecretSource } from '../../constructs/core/secret.ts';
import { LogStore } from '../../constructs/log-stack/index.ts';
import { PatroniCluster } from '../../constructs/patroni-cluster/index.ts';
import { RedisSentinel } from '../../constructs/redis-sentinel/index.ts';
import { SambaDC } from '../../constructs/samba-dc/index.ts';
import { OffsiteCopy } from '../../constructs/stateful/index.ts';
import type { Bucket } from '../../constructs/stateful/index.ts';
import type { Cluster } from '../cluster/handle.ts';
import { storeOf } from '../cluster/plan.ts';
import { ProvingError } from '../machine/error.ts';
import { must } from '../machine/run.ts';
import { bareRepository, copyWorkingTree, git, gitEnvironment } from '../stand-ins/internet/repositories.ts';
import { repositoryFolder, worldFolder } from '../stand-ins/internet/start.ts';
import { credentials } from '../stand-ins/object-storage/index.ts';
import type { SealingKeyFiles } from './sealing-key.ts';
import { typedValue } from './typed.ts';

type JsonObject = Readonly<Record<string, unknown>>;

/**
 * A clone of the platform's repository as somebody has it who works on it. Its remote is the stand-in for GitHub that
 * Argo CD reads.
 */
export class PlatformClone {
  readonly folder: string;
  readonly environment: string;
  private readonly branch: string;
  private readonly cluster: Cluster;

  private constructor(cluster: Cluster, folder: string, environment: string, branch: string) {
    this.cluster = cluster;
    this.folder = folder;
    this.environment = environment;
    this.branch = branch;
  }

  /** The clone of a cluster that runs already. */
  static of(cluster: Cluster): PlatformClone {
    const { name } = cluster.plan;
    const folder = path.join(worldFolder(cluster), 'clone');
    return new PlatformClone(cluster, folder, name, loadEnvironment(name).repository.branch);
  }

  /**
   * Makes the clone from a working tree, with what isn't committed there, or brings it to where that tree is now; then
   * seals what isn't sealed, and pushes. What the tree's own `secrets/` holds is sealed for another cluster and left out.
   * @param commits what to name in place of commits of upstream's repositories
   * @param prepare changes sources of the clone before its synthesis. @default nothing
   * @returns the clone, and the files of `dist/` and `argocd/` that its synthesis wrote other than they are in the tree
   */
  static async make(
    cluster: Cluster,
    root: string,
    key: SealingKeyFiles,
    commits: ReadonlyMap<string, string>,
    prepare?: (clone: PlatformClone) => void,
  ): Promise<{ readonly clone: PlatformClone; readonly changed: readonly string[] }> {
    const clone = PlatformClone.of(cluster);
    const { folder, environment, branch } = clone;
    const { repository, releaseTag } = loadEnvironment(environment);
    if (!repository.url.startsWith('https:'))
      throw new ProvingError(`${repository.url} is read by SSH, and the stand-in for its server serves HTTPS alone`);
    const remote = repositoryFolder(cluster, new URL(repository.url).pathname.slice(1));
    await bareRepository(remote);
    fs.mkdirSync(folder, { recursive: true });
    if (!fs.existsSync(path.join(folder, '.git'))) {
      await git(folder, ['init', '--quiet', `--initial-branch=${branch}`]);
      await git(folder, ['remote', 'add', 'origin', remote]);
      fs.appendFileSync(path.join(folder, '.git', 'info', 'exclude'), '/node_modules\n');
    }
    for (const name of fs.readdirSync(folder).filter((each) => !['.git', 'secrets', 'node_modules'].includes(each))) {
      fs.rmSync(path.join(folder, name), { recursive: true });
    }
    copyWorkingTree(root, folder, (file) => !file.startsWith('secrets/'));
    await clone.commit('The working tree', { push: false });
    prepare?.(clone);
    await clone.npm('synth');
    // Before it is sealed: the certificates of authorities, and the pods that read them, are others in each cluster; so
    // are the commits of upstream's repositories.
    const changed = (await git(folder, ['status', '--porcelain', '--', 'dist', 'argocd']))
      .split('\n')
      .map((line) => line.slice(3))
      .filter((file) => file !== '' && !/\/sealedsecret-[^/]*$/.test(file));
    for (const [theirs, here] of commits) clone.edit('config/upstream.ts', theirs, () => here);
    await clone.seal(['--cert', key.certificate]);
    await clone.npm('synth');
    // Pinned applications read a release: this tree stands for it.
    await clone.commit('Seal the secrets', { push: false });
    if (releaseTag !== undefined) await clone.git(['tag', '--force', releaseTag]);
    await clone.git(['push', '--quiet', '--force', 'origin', branch, '--tags']);
    return { clone, changed };
  }

  /** Names of all applications of its tree, the root among them. */
  applications(): readonly string[] {
    const folder = path.join(this.folder, 'argocd', this.environment, 'applications');
    return ['root', ...fs.readdirSync(folder).map((file) => path.basename(file, '.yaml'))];
  }

  /** What its tree describes, with each store in the life that its configuration gives it now. */
  platform(): Platform {
    const generations = JSON.parse(
      fs.readFileSync(path.join(this.folder, generationsFile), 'utf8'),
    ) as GenerationsInput;
    return buildPlatform(this.environment, { generations });
  }

  /** Commits everything, if there is anything, and pushes the branch. @returns the commit */
  async commit(message: string, { push = true }: { readonly push?: boolean } = {}): Promise<string> {
    await this.git(['add', '--all']);
    if ((await this.git(['status', '--porcelain'])) !== '') await this.git(['commit', '--quiet', '--message', message]);
    if (push) await this.git(['push', '--quiet', 'origin', this.branch]);
    return this.git(['rev-parse', 'HEAD']);
  }

  git(args: readonly string[]): Promise<string> {
    return git(this.folder, args);
  }

  /** Replaces the first part of a file that is found. @throws ProvingError where it is not there */
  edit(file: string, part: string | RegExp, change: (found: string) => string): void {
    const full = path.join(this.folder, file);
    const text = fs.readFileSync(full, 'utf8');
    const changed = text.replace(part, change);
    if (changed === text) throw new ProvingError(`${file} of the clone has no ${String(part)} to change`);
    fs.writeFileSync(full, changed);
  }

  /** Changes a JSON file as a whole. */
  editJson(file: string, change: (content: JsonObject) => JsonObject): void {
    const full = path.join(this.folder, file);
    const content = JSON.parse(fs.readFileSync(full, 'utf8')) as JsonObject;
    fs.writeFileSync(full, `${JSON.stringify(change(content), null, 2)}\n`);
  }

  /** Gives an image of the table another tag. */
  setImage(name: string, tag: string): void {
    this.editJson('config/images.json', (table) => ({ ...table, [name]: { ...(table[name] as object), tag } }));
  }

  /** Runs a program of the clone's own `package.json`. @returns what it printed. @throws ProvingError */
  npm(script: 'recover' | 'release' | 'seal' | 'synth', args: readonly string[] = [], input?: string): Promise<string> {
    const program = script === 'synth' ? 'main.ts' : `scripts/${script}.ts`;
    return must(process.execPath, [path.join(this.folder, 'scripts', 'run.cjs'), program, ...args], {
      env: gitEnvironment,
      timeout: 120,
      cwd: this.folder,
      input,
    });
  }

  /** Runs `npm run seal`, with values for what people would type. */
  seal(args: readonly string[]): Promise<string> {
    const values = Object.fromEntries(
      secretInventory(this.environment).flatMap(({ name, keys }) => {
        const human = Object.entries(keys).filter(([, { kind }]) => kind === 'human');
        return human.length === 0
          ? []
          : [[name, Object.fromEntries(human.map(([key, source]) => [key, this.typed(name, key, source)]))]];
      }),
    );
    return this.npm('seal', ['--environment', this.environment, ...args, '--values', '-'], JSON.stringify(values));
  }

  /** Every bucket that constructs have keys of. */
  private buckets(): readonly Bucket[] {
    const platform = buildPlatform(this.environment);
    return [
      ...platform.all(PatroniCluster).flatMap(({ archive }) => (archive === false ? [] : [archive.bucket])),
      ...platform.all(RedisSentinel).flatMap(({ archive }) => (archive === false ? [] : [archive.bucket])),
      ...platform.all(SambaDC).flatMap(({ archive }) => (archive === false ? [] : [archive.bucket])),
      ...platform.all(LogStore).map(({ bucket }) => bucket),
      ...platform.all(OffsiteCopy).flatMap(({ source, target }) => [source, target]),
    ];
  }

  /** What a person would have got from the provider: the keys of the stand-ins for object storage. */
  private typed(secret: string, key: string, source: SecretSource): string {
    const holders = this.buckets().flatMap((bucket) => [
      { keys: bucket, store: bucket.store.name, holder: 'owner' as const },
      { keys: bucket.reader(), store: bucket.store.name, holder: 'reader' as const },
    ]);
    const found = holders.find(({ keys }) => keys.accessKeyId.secret.name === secret);
    if (found === undefined) return typedValue(secret, key, source);
    const { accessKey, secretKey } = credentials(this.cluster, storeOf(this.cluster.plan, found.store), found.holder);
    return key === found.keys.accessKeyId.key ? accessKey : secretKey;
  }
}
