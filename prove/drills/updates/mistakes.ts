import { backend } from '../../../apps/backend.ts';
import { data } from '../../../apps/data.ts';
import { namespacesApplication } from '../../../apps/namespaces.ts';
import type { ApplicationObject } from '../../components/argocd/applications.ts';
import { isDegradedSince } from '../../components/argocd/applications.ts';
import type { PlatformClone } from '../../delivery/clone.ts';
import { changeDatabase } from '../gitops/database.ts';

/** Versions of the stand-in applications that are published; the last never becomes ready. */
export const published = { good: '0.2.0', next: '0.2.1', neverReady: '0.3.0-never-ready' } as const;

/** A version that nobody published. */
const missing = '9.9.9';

/** A release that can't work. */
export interface Mistake {
  readonly what: string;
  /** Where the root stops. */
  readonly application: string;
  readonly change: (clone: PlatformClone) => void;
  /** Whether its tag is pushed. @default true */
  readonly tagged?: boolean;
}

/**
 * In the order of the waves: the release that mends one brings the next, which the root reaches only where the one before
 * is mended.
 */
export const mistakes: readonly Mistake[] = [
  {
    what: 'a tag that was never pushed',
    application: namespacesApplication.name,
    change: (clone) => changeDatabase(clone, '3'),
    tagged: false,
  },
  {
    what: 'PostgreSQL whose image is missing',
    application: data.name,
    change: (clone) => {
      clone.setImage('spilo', missing);
      clone.setImage('backend', published.next);
    },
  },
  {
    what: 'PostgreSQL that is started with a configuration which is not there',
    application: data.name,
    change: (clone) => {
      const start = 'constructs/patroni-cluster/files/member/start.sh';
      clone.edit(start, 'exec patroni /etc/patroni/patroni.yml', () => 'exec patroni /etc/patroni/patroni.yaml');
      clone.setImage('backend', published.next);
    },
  },
  {
    what: 'a backend that never becomes ready',
    application: backend.name,
    change: (clone) => clone.setImage('backend', published.neverReady),
  },
];

/** What the mistakes and their mending change, for `git restore`. */
export const changedByMistakes = ['apps', 'config/images.json', 'constructs'] as const;

/** Gives up after a minute without progress, in place of three and four: every mistake waits for it. */
export function shortenDeadlines(clone: PlatformClone): void {
  const patched = (file: string, behind: string, patch: string): void => {
    clone.edit(file, /^/, () => "import { JsonPatch } from 'cdk8s';\n");
    clone.edit(file, behind, (found) => `${found}\n    patches: [JsonPatch.${patch}],`);
  };
  const annotation = '/metadata/annotations/diptych~1progress-deadline-seconds';
  patched('apps/data.ts', "size: environment.size('postgres'),", `replace('${annotation}', '60')`);
  patched('apps/backend.ts', "size: environment.size('backend'),", "replace('/spec/progressDeadlineSeconds', 60)");
}

/** Keeps the frontend at a number of replicas, without an autoscaler. */
export function fixReplicas(clone: PlatformClone, replicas: number): void {
  const size = "environment.size('frontend')";
  const fixed = `{ ...${size}, minReplicas: ${replicas} }, autoscaleAtCpuPercent: false`;
  clone.edit('apps/frontend.ts', `size: ${size},`, () => `size: ${fixed},`);
}

export interface Released {
  /** Name of its tag. */
  readonly tag: string;
  /** When it was pushed, in milliseconds. */
  readonly moment: number;
}

/** Whether Argo CD says of an application that it can't go on with what a release brought. */
export function isStuck(
  { tag, moment }: Released,
  { spec, status }: Pick<ApplicationObject, 'spec' | 'status'>,
): boolean {
  const { source, sources = [] } = spec;
  const pins = [...(source === undefined ? [] : [source]), ...sources];
  if (!pins.some(({ targetRevision }) => targetRevision === `refs/tags/${tag}`)) return false;
  if (isDegradedSince(moment, { status })) return true;
  // Its objects run on as they were.
  return status?.sync?.status === 'Unknown' && (status.conditions ?? []).some(({ type }) => type === 'ComparisonError');
}
