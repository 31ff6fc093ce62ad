import type { ImagesInput } from '../../config/schema.ts';
import { InputError } from '../../constructs/core/error.ts';
import { locate, RegistryError, resolveDigest } from './registry.ts';
import type { RegistryOptions } from './registry.ts';
import { imagesFile, pinned } from './table.ts';

export interface PinOptions extends RegistryOptions {
  /** Which images; all if empty. */
  readonly names: readonly string[];
  /** Ask also for images that have a digest. */
  readonly update: boolean;
  /** ISO date that new digests carry. */
  readonly date: string;
}

/** What came of one image. */
export interface PinResult {
  readonly name: string;
  readonly state: 'pinned' | 'moved' | 'unchanged' | 'not asked' | 'failed';
  readonly text: string;
}

/**
 * Asks registries for the digests that are missing. Each image is done wholly or left as it is.
 * @throws InputError for names that the table doesn't have
 */
export async function pinImages(
  images: ImagesInput,
  options: PinOptions,
): Promise<{ readonly images: ImagesInput; readonly results: readonly PinResult[] }> {
  refuseUnknown(images, options.names);
  const done = await Promise.all(
    Object.entries(images).map(async ([name, image]) => {
      const isWanted = options.names.length === 0 || options.names.includes(name);
      const outcome = isWanted ? await pinOne(image, options) : { image };
      return { name, ...outcome };
    }),
  );
  return {
    images: Object.fromEntries(done.map(({ name, image }) => [name, image])),
    results: done.flatMap(({ name, result }) => (result === undefined ? [] : { name, ...result })),
  };
}

function refuseUnknown(images: ImagesInput, names: readonly string[]): void {
  const findings = names
    .filter((name) => !Object.hasOwn(images, name))
    .map((name) => ({
      where: imagesFile,
      what: `there is no "${name}"`,
      allowed: Object.keys(images).join(', '),
      remedy: 'name one of these',
    }));
  if (findings.length > 0) throw new InputError(findings);
}

interface Outcome {
  readonly image: ImagesInput[string];
  readonly result?: Omit<PinResult, 'name'>;
}

async function pinOne(image: ImagesInput[string], options: PinOptions): Promise<Outcome> {
  const { repository, tag, digest } = image;
  const reference = `${repository}:${tag}`;
  if (digest !== undefined && !options.update) {
    return { image, result: { state: 'not asked', text: `${reference}@${digest} (--update asks again)` } };
  }
  try {
    const found = await resolveDigest(repository, tag, options);
    if (found === digest) return { image, result: { state: 'unchanged', text: `${reference}@${found}` } };
    const after = pinned(image, found, locate(repository).registry, options.date);
    if (digest === undefined) return { image: after, result: { state: 'pinned', text: `${reference}@${found}` } };
    return { image: after, result: { state: 'moved', text: `${reference} was ${digest}, is ${found}` } };
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    return { image, result: { state: 'failed', text: `${reference}: ${error.message}` } };
  }
}
