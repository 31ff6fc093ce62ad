import type { Application } from '../../constructs/core/application.ts';
import type { Platform } from '../../constructs/core/platform.ts';
import type { PodOwner } from '../../constructs/core/pod-owner.ts';
import { Workload } from '../../constructs/core/workload.ts';
import { ProvingError } from '../machine/error.ts';

/** Whoever has pods in an application, in the order in which it makes them. @throws ProvingError where nobody has */
export function ownersOf(
  { owners }: Platform,
  { name }: Pick<Application<unknown>, 'name'>,
): [PodOwner, ...PodOwner[]] {
  const [first, ...more] = owners.filter(({ application }) => application === name);
  if (first === undefined) throw new ProvingError(`the application ${name} has no pods`);
  return [first, ...more];
}

/** The job that an application runs before everything else of it. @throws ProvingError where it has none */
export function jobOf(platform: Platform, application: Pick<Application<unknown>, 'name'>): Workload {
  const found = ownersOf(platform, application)
    .filter((owner) => owner instanceof Workload)
    .find(({ props }) => props.controller.kind === 'Job');
  if (found === undefined) throw new ProvingError(`the application ${application.name} has no job`);
  return found;
}
