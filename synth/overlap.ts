import type { IJobSpec } from 'kubernetes-models/batch/v1/JobSpec';
import type { Finding } from '../constructs/core/error.ts';
import type { Manifest } from '../constructs/core/manifest.ts';

/** A pod that is told to stop goes on until it is gone: by default a Job starts the next one meanwhile. */
export function overlapFindings({ kind, spec }: Manifest): readonly Omit<Finding, 'where'>[] {
  if (kind !== 'Job' && kind !== 'CronJob') return [];
  const { podReplacementPolicy, jobTemplate } = (spec ?? {}) as Partial<IJobSpec> & {
    readonly jobTemplate?: { readonly spec?: IJobSpec };
  };
  const policy = podReplacementPolicy ?? jobTemplate?.spec?.podReplacementPolicy;
  if (policy === 'Failed') return [];
  return [
    {
      what: `its podReplacementPolicy is ${policy ?? 'left to the API server'}: two of its pods may run at once`,
      allowed: 'Failed: the next pod starts when the one before is gone',
      remedy: 'set it, or make the Job with a Workload, which does',
    },
  ];
}
