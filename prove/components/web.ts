import type { Platform } from '../../constructs/core/platform.ts';
import type { Workload } from '../../constructs/core/workload.ts';
import { NestBackend } from '../../constructs/nest-backend/index.ts';
import { NextFrontend } from '../../constructs/next-frontend/index.ts';
import { ProvingError } from '../machine/error.ts';
import { selectorArgument } from './endpoints.ts';

/** An application of the product, as its construct describes it. */
export interface Web {
  /** Of the workload, and of its objects. */
  readonly name: string;
  readonly namespace: string;
  /** Of Argo CD, which applies it. */
  readonly application: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Within the cluster, with a slash behind it. */
  readonly url: string;
  readonly port: number;
  /** Its pods, for kubectl. */
  readonly selector: string;
  readonly workload: Workload;
}

/** How a client asks it. @param path from the slash on */
export function askOf({ namespace, url, labels, port }: Web, path: string) {
  return { namespace, url: new URL(path, url).href, target: labels, port };
}

/** The first backend or frontend of a platform. @throws ProvingError where there is none */
export function webOf(platform: Platform, kind: 'backend' | 'frontend'): Web {
  const [found] = kind === 'backend' ? platform.all(NestBackend) : platform.all(NextFrontend);
  if (found === undefined) throw new ProvingError(`${platform.environment.name} has no ${kind}`);
  const { workload, http } = found;
  const [target] = http.targets;
  if (target === undefined) throw new ProvingError(`nothing is behind ${http.name}`);
  const { name, namespace, application, selector } = workload;
  return {
    ...{ name, namespace, application, workload, labels: selector, selector: selectorArgument(selector) },
    ...{ url: `${http.url}/`, port: target.port },
  };
}
