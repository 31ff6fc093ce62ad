import type { Size } from 'cdk8s';
import { InputError } from '../core/error.ts';
import { glanceAt } from '../core/kube-object.ts';
import { memoryLimit } from '../core/pod-demand.ts';
import type { Workload } from '../core/workload.ts';

/** PostgreSQL's parameters say how much memory it uses for what: a patch of the one would leave the others. @throws InputError */
export function refuseOtherMemory({ object, namespace, name }: Workload, container: string, memory: Size): void {
  const left = memoryLimit(glanceAt(object), container);
  if (left === memory.toMebibytes()) return;
  throw new InputError({
    where: `workload ${namespace}/${name}: patches`,
    what: `they leave PostgreSQL ${left === undefined ? 'without a limit of' : `${left}Mi of`} memory, and its parameters are made for ${memory.asString()}`,
    allowed: 'the memory of its size, which the parameters follow',
    remedy: 'set memoryMebibytes of its size in the configuration, and leave the memory out of the patches',
  });
}
