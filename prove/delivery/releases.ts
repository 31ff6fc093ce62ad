import type { Cluster } from '../cluster/handle.ts';
import { applicationOf, refresh, waitForSync } from '../components/argocd/applications.ts';
import { ProvingError } from '../machine/error.ts';
import { waitFor } from '../machine/wait-for.ts';
import type { PlatformClone } from './clone.ts';

/** The tree's values are examples, and no registry has its images. */
const acceptedHere = ['examples', 'images'].flatMap((check) => ['--accept', check]);

/** Releases of the clone, made as a person makes them, and the way back to what was there before. */
export class Releases {
  private readonly cluster: Cluster;
  private readonly clone: PlatformClone;
  private readonly before: string;

  private constructor(cluster: Cluster, clone: PlatformClone, before: string) {
    this.cluster = cluster;
    this.clone = clone;
    this.before = before;
  }

  /** Remembers what is there. */
  static async of(cluster: Cluster, clone: PlatformClone): Promise<Releases> {
    return new Releases(cluster, clone, await clone.git(['rev-parse', 'HEAD']));
  }

  /** Pins every application to a release of what is there. */
  async pin(): Promise<void> {
    const { clone } = this;
    // The tree may be one from before its first release, while the clone has tags of earlier rounds.
    const last = lastRelease(clone.environment, await clone.git(['tag', '--list']));
    clone.editJson('config/releases.json', (all) => ({ ...all, [clone.environment]: last }));
    await clone.npm('synth');
    await clone.commit(`As after release ${last}`, { push: false });
    await clone.npm('release', acceptedHere);
    // Where nothing changed since the last one, there is none to make.
    await clone.git(['push', '--quiet', 'origin', 'HEAD']);
    await refresh(this.cluster, 'root');
  }

  /**
   * Changes sources, and releases what becomes of them.
   * @param options `tagged: false` leaves the tag unpushed, which everything is pinned to
   */
  async release(
    message: string,
    change: (clone: PlatformClone) => void,
    { tagged = true }: { readonly tagged?: boolean } = {},
  ): Promise<void> {
    const { cluster, clone } = this;
    change(clone);
    await clone.npm('synth');
    await clone.commit(message, { push: false });
    await clone.npm('release', [...acceptedHere, ...(tagged ? [] : ['--no-push'])]);
    if (!tagged) await clone.git(['push', '--quiet', 'origin', 'HEAD']);
    await refresh(cluster, 'root');
  }

  /** Name of the last release's tag. */
  async tag(): Promise<string> {
    const { environment } = this.clone;
    return `${environment}-${lastRelease(environment, await this.clone.git(['tag', '--list']))}`;
  }

  /** Waits until the root has walked all waves at the clone's commit, and these applications are Synced and Healthy. */
  async applied(names: readonly string[], signal?: AbortSignal): Promise<void> {
    const { cluster, clone } = this;
    const head = await clone.git(['rev-parse', 'HEAD']);
    await waitFor(`the root to be at ${head}`, { atMost: 300, every: 500, signal }, async () => {
      const { status } = await applicationOf(cluster, 'root');
      // Only then has every child the pin that this commit gives it.
      return status?.sync?.revision === head && status.sync.status === 'Synced';
    });
    await waitForSync(cluster, names, { atMost: 600, signal });
  }

  /** Commits and pushes what was there before. */
  async undo(): Promise<void> {
    const { clone, before } = this;
    await clone.git(['restore', `--source=${before}`, '--staged', '--worktree', '--', '.']);
    await clone.commit('As before the drill');
    await refresh(this.cluster, 'root');
  }

  /** The version of an application's image that a commit holds. @throws ProvingError where it holds none */
  async versionAt(commit: string, application: string): Promise<string> {
    const file = `dist/${this.clone.environment}/${application}/deployment-${application}.yaml`;
    const version = imageVersion(await this.clone.git(['show', `${commit}:${file}`]));
    if (version === undefined) throw new ProvingError(`${file} has no image at ${commit}`);
    return version;
  }
}

/** The highest number of an environment's release tags; 0 without any. */
export function lastRelease(environment: string, tags: string): number {
  const numbers = tags.split('\n').flatMap((tag) => {
    const number = tag.startsWith(`${environment}-`) ? tag.slice(environment.length + 1) : '';
    return /^\d+$/.test(number) ? [Number(number)] : [];
  });
  return Math.max(0, ...numbers);
}

/** The tag of the first image in a manifest, without a digest behind it. */
export function imageVersion(manifest: string): string | undefined {
  return /^\s*(?:- )?image: [^\s@]+:([^\s:/@]+)(?:@\S+)?$/m.exec(manifest)?.[1];
}
