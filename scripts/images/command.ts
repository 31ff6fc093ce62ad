import process from 'node:process';
import { imageFindings } from '../../config/image-checks.ts';
import { InputError } from '../../constructs/core/error.ts';
import { parseArguments } from '../../synth/arguments.ts';
import { runCommand, UsageError } from '../../synth/command.ts';
import type { Output } from '../../synth/command.ts';
import { dockerCredentials } from './credentials.ts';
import { pinImages } from './pin.ts';
import type { PinOptions } from './pin.ts';
import { imagesFile, imageTable, readImages, writeImages } from './table.ts';

const help = `npm run images -- [pin [NAME...] [--update] | check | dates]

Shows the image table, config/images.json.

  pin [NAME...]  asks the registries for the digests that are missing and writes them into the table
    --update     asks also for images that have a digest, and tells where a tag was moved
  check          exit code 1 if any image has no digest
  dates          tells whose line its makers support for less than 90 days; exit code 1 if any is past its day
  --help         this text

Registries are asked with the user and password of docker login, where ~/.docker/config.json holds them, else as nobody.
`;

/** What the command takes from the world. */
export interface ImagesContext {
  /** Folder that holds `config/images.json`. */
  readonly root: string;
  readonly now: Date;
  /** Folder of docker's `config.json`. */
  readonly dockerFolder: string;
  readonly timeoutMilliseconds: number;
}

/** Runs `npm run images`. @returns the exit code: 0 done, 1 refused or a digest is missing still, 2 called wrongly */
export function imagesCommand(
  context: ImagesContext,
  args: readonly string[],
  output: Output = process,
): Promise<number> {
  return runCommand(
    help,
    async () => {
      const { values, positionals } = parseArguments({
        args: [...args],
        allowPositionals: true,
        options: { update: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
      });
      const [action, ...names] = positionals;
      if (values.update && action !== 'pin') throw new UsageError('--update is an option of pin');
      if (names.length > 0 && action !== 'pin') throw new UsageError(`${names.join(' ')}: only pin takes names`);
      if (values.help) return 'help';
      switch (action) {
        case undefined:
          output.stdout.write(imageTable(readImages(context.root).images));
          return 0;
        case 'check':
          return check(context, output);
        case 'dates':
          return dates(context, output);
        case 'pin':
          return pin(context, { names, update: values.update }, output);
        default:
          throw new UsageError(`"${action}" is nothing that it does: pin, check or dates`);
      }
    },
    output,
  );
}

function check({ root }: ImagesContext, { stdout }: Output): number {
  const { images } = readImages(root);
  const findings = imageFindings(imagesFile, images, true);
  if (findings.length > 0) throw new InputError(findings);
  stdout.write(`all ${Object.keys(images).length} images are pinned\n`);
  return 0;
}

function dates({ root, now }: ImagesContext, { stdout }: Output): number {
  const { images } = readImages(root);
  const today = now.toISOString().slice(0, 10);
  const soon = new Date(now.getTime() + 90 * 24 * 3600 * 1000).toISOString().slice(0, 10);
  const dated = Object.entries(images).flatMap(([name, { tag, supportedUntil }]) =>
    supportedUntil === undefined ? [] : [{ name, tag, supportedUntil }],
  );
  const past = dated.filter(({ supportedUntil }) => supportedUntil <= today);
  if (past.length > 0) {
    throw new InputError(
      past.map(({ name, tag, supportedUntil }) => ({
        where: `${imagesFile}: ${name}`,
        what: `its makers mend nothing in ${tag} since ${supportedUntil}`,
        allowed: 'a line that is supported',
        remedy: 'take the next line, and write its day into supportedUntil',
      })),
    );
  }
  for (const { name, tag, supportedUntil } of dated.filter((each) => each.supportedUntil <= soon)) {
    stdout.write(`${name} ${tag}: its makers mend nothing from ${supportedUntil} on; take the next line before\n`);
  }
  stdout.write(`${dated.length} of ${Object.keys(images).length} images have a day, and none is past it\n`);
  return 0;
}

async function pin(
  { root, now, dockerFolder, timeoutMilliseconds }: ImagesContext,
  { names, update }: Pick<PinOptions, 'names' | 'update'>,
  { stdout, stderr }: Output,
): Promise<number> {
  const before = readImages(root);
  const date = now.toISOString().slice(0, 10);
  const credentials = dockerCredentials(dockerFolder);
  const { images, results } = await pinImages(before.images, { names, update, date, credentials, timeoutMilliseconds });
  const changed = results.some(({ state }) => state === 'pinned' || state === 'moved');
  if (changed) writeImages(root, before, images);
  const width = Math.max(...results.map(({ name }) => name.length));
  for (const { name, state, text } of results.filter((result) => result.state !== 'moved')) {
    (state === 'failed' ? stderr : stdout).write(`${state.padEnd(9)}  ${name.padEnd(width)}  ${text}\n`);
  }
  for (const { name, text } of results.filter((result) => result.state === 'moved')) {
    stderr.write(
      `TAG MOVED  ${name}  ${text}\n           find out why before you commit this: a tag should stay what it is\n`,
    );
  }
  stdout.write(changed ? `${imagesFile} written; npm run synth takes it over\n` : `${imagesFile} left as it is\n`);
  return results.some(({ state }) => state === 'failed') ? 1 : 0;
}
