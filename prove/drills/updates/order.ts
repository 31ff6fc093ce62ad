import { ProvingError } from '../../machine/error.ts';

/** An object of the API, as far as it tells when it came to be, and when it was ready. Times are whole seconds. */
export interface Timed {
  readonly metadata: {
    readonly name: string;
    readonly creationTimestamp: string;
    readonly deletionTimestamp?: string;
  };
  readonly status?: {
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly lastTransitionTime: string;
    }[];
  };
}

/**
 * When the last of the pods that a release made was ready, in milliseconds; Infinity where one is not.
 * @param released when the release began, in milliseconds
 * @throws ProvingError where the release made none, or left an older one
 */
export function readyAfter(released: number, pods: readonly Timed[]): number {
  const staying = pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const second = Math.floor(released / 1000) * 1000;
  const older = staying.filter(({ metadata }) => Date.parse(metadata.creationTimestamp) < second);
  if (staying.length === 0 || older.length > 0) {
    const found = older.map(({ metadata }) => metadata.name).join(', ') || 'none';
    throw new ProvingError(`the release made no new pods of the database: found ${found}`);
  }
  return Math.max(
    ...staying.map(({ status }) => {
      const ready = status?.conditions?.find(({ type, status: state }) => type === 'Ready' && state === 'True');
      return ready === undefined ? Infinity : Date.parse(ready.lastTransitionTime);
    }),
  );
}
