import * as v from 'valibot';
import { InputError } from '../../constructs/core/error.ts';
import { RestoreTest, restoreTestName } from '../../constructs/stateful/index.ts';
import { saidByKubectl } from '../release/child-process.ts';
import type { ArchivesContext, Needs } from './needs.ts';

const listing = v.object({
  own: v.string(),
  archives: v.array(
    v.object({
      address: v.string(),
      files: v.number(),
      bytes: v.number(),
      written: v.nullable(v.string()),
      fulls: v.array(v.object({ name: v.string(), finished: v.string() })),
      keptByHand: v.array(v.string()),
      everySecondSince: v.nullable(v.string()),
      missing: v.nullable(v.array(v.string())),
    }),
  ),
});

/** What the archive of a generation holds. */
export type Archive = v.InferOutput<typeof listing>['archives'][number];

/** The archives of a store, as its running cluster lists them. @throws InputError, also where it is another cluster */
export async function listArchives({ kubectl }: ArchivesContext, { used }: Needs): Promise<readonly Archive[]> {
  const { list } = used.commands.archives;
  const found = v.safeParse(v.pipe(v.string(), v.parseJson(), listing), await ask(kubectl, list));
  const own = used.archive.prefix(used.life.generation);
  if (found.success && found.output.own === own) return found.output.archives;
  throw new InputError({
    where: `kubectl ${list.join(' ')}`,
    what: found.success ? `that cluster archives to ${found.output.own}` : 'its answer is not what it should be',
    allowed: found.success ? `the one that archives to ${own}, as is committed here` : 'a list of archives',
    remedy: found.success
      ? 'name the environment, choose its context of kubectl, or release what is committed'
      : 'release what is committed, and see what it prints',
  });
}

/** Whether pods of a generation are there, or wait to be removed. @throws InputError */
export async function stillThere({ kubectl }: ArchivesContext, { used }: Needs, generation: number): Promise<boolean> {
  const name = used.life.scopeOf(generation);
  const get = ['-n', used.life.namespace, 'get', 'statefulset', name, '--ignore-not-found', '-o', 'name'];
  return (await ask(kubectl, get)).trim() !== '';
}

/** When a backup of the generation in use was last restored and read; `never tested` where no test is scheduled. @throws InputError */
export async function restored(
  { kubectl }: ArchivesContext,
  { used, platform }: Needs,
): Promise<Date | undefined | 'never tested'> {
  const name = restoreTestName(used.life);
  if (!platform.all(RestoreTest).some(({ job }) => job.workload.name === name)) return 'never tested';
  const get = ['-n', used.life.namespace, 'get', 'cronjob', name, '-o', 'jsonpath={.status.lastSuccessfulTime}'];
  const time = (await ask(kubectl, get)).trim();
  return time === '' ? undefined : new Date(time);
}

/** Deletes an archive for good. @throws InputError with what the cluster says */
export async function pruneArchive({ kubectl }: ArchivesContext, { used }: Needs, address: string): Promise<void> {
  await ask(
    kubectl,
    used.commands.archives.prune(address),
    'what it has deleted is gone, and again deletes the rest: ',
  );
}

async function ask(kubectl: ArchivesContext['kubectl'], args: readonly string[], meanwhile = ''): Promise<string> {
  const ended = await kubectl(args);
  if (ended.code === 0) return ended.stdout;
  throw new InputError({
    where: `kubectl ${args.join(' ')}`,
    what: `it ended with ${ended.code}: ${saidByKubectl(ended)}`,
    allowed: "a cluster that answers by kubectl's current context, and the pod running in it",
    remedy: `${meanwhile}choose the context (kubectl config use-context NAME), see that the pod runs, and run this again`,
  });
}
