import { InputError } from '../../core/error.ts';
import type { Objective } from '../../core/objective.ts';

/**
 * A line for each thing that users know, with a tab between its name and labels of whatever has to be well for it: whoever feeds the
 * page looks for them among the alerts that fire, and among what is measured.
 * @throws InputError where there is none
 */
export function statusLines(objectives: readonly Objective[], publicPaths: readonly string[]): string {
  const lines = new Map<string, string[]>();
  for (const { id, props } of [...objectives].sort((a, b) => (a.id < b.id ? -1 : 1))) {
    if (props.forUsers === undefined) continue;
    lines.set(props.forUsers, [...(lines.get(props.forUsers) ?? []), `sloth_id="${id}"`]);
  }
  for (const url of publicPaths) lines.get(new URL(url).host)?.push(`instance="${url}"`);
  if (lines.size === 0) {
    throw new InputError({
      where: 'StatusPage',
      what: 'no objective is for users, and the page would say nothing',
      allowed: 'one or more with forUsers, such as those of routes',
      remedy: 'add forUsers to an objective, or leave the page out',
    });
  }
  return [...lines].map(([name, members]) => `${name}\t${members.join(' ')}\n`).join('');
}
