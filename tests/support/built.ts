import { binary } from '../../prove/tools/build.ts';

/** A built program; undefined where there is no Go, or nobody has built it. */
export function built(name: Parameters<typeof binary>[0]): string | undefined {
  try {
    return binary(name);
  } catch {
    return undefined;
  }
}
