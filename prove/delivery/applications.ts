import type { LoadOptions } from '../instruments/load.ts';
import type { PlatformImage } from '../images/recipes/platform.ts';
import { applicationImage } from '../images/recipes/platform.ts';
import { sampleImage } from '../images/recipes/samples.ts';

export type ApplicationName = 'backend' | 'frontend';

/** What runs as backend and frontend in a drill. */
export interface Applications {
  /** What a client without a name may ask of each, from the slash on. */
  readonly paths: Readonly<Record<ApplicationName, string>>;
  /** Requests that cost so much CPU that all replicas have to run. */
  readonly load: Readonly<Record<ApplicationName, Pick<LoadOptions, 'clients' | 'path' | 'every'>>>;
  /** One of them that works, as this version. */
  readonly image: (name: ApplicationName, version: string) => Promise<PlatformImage>;
}

/**
 * The stand-ins, whose clients say how much CPU a request is to cost. The last step up needs the most: 5 pods have to use 1.1 of
 * their target, 847 millicores of the backend's; 3 of the frontend's 462.
 */
export const standInApplications = (environment: string): Applications => ({
  paths: { backend: '/', frontend: '/' },
  load: {
    backend: { clients: 8, path: '/work?milliseconds=150', every: '1s' },
    frontend: { clients: 4, path: '/work?milliseconds=145', every: '1s' },
  },
  image: (name, version) => applicationImage(environment, name, version),
});

/**
 * A question of GraphQL that costs the backend some 10 ms each time, because each of its parts is refused by itself: the whole way
 * of `/health/ready` costs who asks as much as who answers.
 */
const question = `{${Array.from({ length: 200 }, (_, index) => `a${index}:products{id}`).join(' ')}}`;

/** The samples: what they let everybody ask is the backend's word on what it needs, and the page of the sign-in. */
export const sampleApplications = (where: Parameters<typeof sampleImage>[0]): Applications => ({
  paths: { backend: '/health/ready', frontend: '/sign-in' },
  load: {
    backend: { clients: 2, path: `/graphql?${new URLSearchParams({ query: question }).toString()}` },
    frontend: { clients: 4, path: '/sign-in' },
  },
  image: async (name, version) => {
    const { tag, reference, ...image } = await sampleImage(where, name);
    return { ...image, reference: reference.replace(tag, version) };
  },
});
