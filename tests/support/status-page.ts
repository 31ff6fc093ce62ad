import { environmentInput } from '../../config/index.ts';
import type { LoadOptions } from '../../config/index.ts';

/** What an environment has to be given to tell its users how it is: none of the committed ones is yet. */
export function tellingUsers(name: string) {
  const { objectStores, observability } = environmentInput(name);
  return {
    observability: { ...observability!, statusPage: { store: 'status' } },
    objectStores: {
      ...objectStores,
      status: { ...objectStores.offsite!, bucket: `${name}-status`, public: true as const },
    },
  } satisfies LoadOptions['changes'];
}
