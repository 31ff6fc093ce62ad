import { backupName, SambaDC } from '../../../constructs/samba-dc/index.ts';
import type { Cluster } from '../../cluster/handle.ts';
import { exec, getJson, kubectl, tryKubectl } from '../../cluster/kubectl.ts';
import { inNode } from '../../cluster/nodes.ts';
import { storeOf } from '../../cluster/plan.ts';
import type { StorePlan } from '../../cluster/plan.ts';
import type { PlatformClone } from '../../delivery/clone.ts';
import { seconds } from '../../instruments/figures.ts';
import { ProvingError } from '../../machine/error.ts';
import { waitFor } from '../../machine/wait-for.ts';
import { runCronJob } from '../cron-jobs.ts';

interface Pod {
  readonly metadata: { readonly uid: string };
  readonly spec: { readonly nodeName?: string };
  readonly status: {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly containerStatuses?: readonly { readonly restartCount: number }[];
  };
}

interface Volume {
  readonly spec: { readonly hostPath?: { readonly path: string }; readonly local?: { readonly path: string } };
}

/** The domain controller, as its construct describes it, asked in its own pod. */
export class DirectoryServer {
  readonly cluster: Cluster;
  readonly directory: SambaDC;

  constructor(cluster: Cluster, directory: SambaDC) {
    this.cluster = cluster;
    this.directory = directory;
  }

  get namespace(): string {
    return this.directory.life.namespace;
  }

  get pod(): string {
    return `${this.directory.life.scope}-0`;
  }

  /** Where its backups are, in their bucket. */
  get archive(): { readonly store: StorePlan; readonly folder: string } {
    const { archive, life } = this.directory;
    if (archive === false) throw new ProvingError(`${life.scope} has no archive`);
    return { store: storeOf(this.cluster.plan, archive.bucket.store.name), folder: `${archive.folder()}/` };
  }

  /** Makes a backup now, by the job that does it by its schedule. @param id of the job. @returns its log. @throws ProvingError */
  backUp(id: string, signal: AbortSignal): Promise<string> {
    return runCronJob(this, backupName(this.directory.life.scope), id, { signal });
  }

  /** Runs a command in the pod. Never throws for what it ends with. */
  tryRun(command: readonly string[], input?: string) {
    const where = { namespace: this.namespace, name: this.pod, container: 'samba' };
    return exec(this.cluster, where, command, { timeout: 60, input });
  }

  /** The same. @returns what it printed. @throws ProvingError where it fails */
  async run(command: readonly string[], input?: string): Promise<string> {
    const { status, stdout, stderr } = await this.tryRun(command, input);
    if (status !== 0) throw new ProvingError(`${command.join(' ')}: exit code ${status}\n${stderr.trim()}`);
    return stdout;
  }

  /** A script in the pod, with lines that it reads. */
  script(text: string, ...lines: readonly string[]): Promise<string> {
    return this.run(['bash', '-c', text], lines.map((line) => `${line}\n`).join(''));
  }

  /** Of the domain, as its database says. */
  async sid(): Promise<string> {
    return (await this.run(['python3', '-c', sidProgram])).trim();
  }

  async users(): Promise<readonly string[]> {
    return (await this.run(['samba-tool', 'user', 'list'])).trim().split('\n').sort();
  }

  async log(): Promise<string> {
    const { stdout } = await tryKubectl(this.cluster, [
      ...['logs', this.pod, `--namespace=${this.namespace}`, '--container=samba', '--tail=200'],
    ]);
    return stdout;
  }

  private get(): Promise<Pod | undefined> {
    return getJson<Pod>(this.cluster, ['pod', this.pod, `--namespace=${this.namespace}`]).catch(() => undefined);
  }

  async restarts(): Promise<number> {
    return (await this.get())?.status.containerStatuses?.[0]?.restartCount ?? 0;
  }

  /** Waits until it is ready. @param other than this pod. @returns seconds that it took */
  async ready(signal?: AbortSignal, other?: string): Promise<number> {
    const start = performance.now();
    await waitFor('the directory to be ready', { atMost: 300, every: 500, signal }, async () => {
      const pod = await this.get();
      const ready = pod?.status.conditions?.find(({ type }) => type === 'Ready')?.status === 'True';
      return ready && pod.metadata.uid !== other;
    });
    return seconds(performance.now() - start);
  }

  async uid(): Promise<string | undefined> {
    return (await this.get())?.metadata.uid;
  }

  async remove(): Promise<void> {
    await kubectl(this.cluster, ['delete', 'pod', this.pod, `--namespace=${this.namespace}`, '--wait=false']);
  }

  /** Deletes its pod, and waits for the next one. @returns seconds until that is ready */
  async restart(signal?: AbortSignal): Promise<number> {
    const before = await this.uid();
    await this.remove();
    return this.ready(signal, before);
  }

  /** Its volume, and the node that has it, for what is done behind its back. */
  async volume(): Promise<{ readonly node: string; readonly folder: string }> {
    const node = (await this.get())?.spec.nodeName;
    const claim = await getJson<{ readonly spec: { readonly volumeName: string } }>(this.cluster, [
      ...['pvc', `data-${this.pod}`, `--namespace=${this.namespace}`],
    ]);
    const { spec } = await getJson<Volume>(this.cluster, ['pv', claim.spec.volumeName]);
    const folder = spec.hostPath?.path ?? spec.local?.path;
    if (node === undefined || folder === undefined)
      throw new ProvingError(`${this.pod} has no node, or no folder there`);
    return { node, folder };
  }

  /** A shell on the node, in the folder of the volume. */
  async onVolume({ node, folder }: { readonly node: string; readonly folder: string }, text: string): Promise<string> {
    return inNode(this.cluster, node, ['sh', '-c', `cd "${folder}" && ${text}`]);
  }
}

const sidProgram = `
import os
from samba.auth import system_session
from samba.param import LoadParm
from samba.samdb import SamDB
settings = LoadParm()
settings.load(os.environ['SMB_CONF_PATH'])
database = SamDB(url=settings.private_path('sam.ldb'), session_info=system_session(), lp=settings)
print(database.get_domain_sid())
`;

/** The platform's own. @throws ProvingError without one */
export function directoryOf({
  cluster,
  clone,
}: {
  readonly cluster: Cluster;
  readonly clone: PlatformClone;
}): DirectoryServer {
  const [directory] = clone.platform().all(SambaDC);
  if (directory === undefined) throw new ProvingError(`${clone.environment} has no directory`);
  return new DirectoryServer(cluster, directory);
}
