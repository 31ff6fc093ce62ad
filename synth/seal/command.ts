import { X509Certificate } from 'node:crypto';
import fs from 'node:fs';
import { text } from 'node:stream/consumers';
import { authorityPath, certificatesOf, readAuthorities } from '../../config/authorities.ts';
import { InputError } from '../../constructs/core/error.ts';
import { serverCertificateDays } from '../../constructs/core/secret.ts';
import type { SecretInventoryEntry } from '../../constructs/core/secret.ts';
import { removeSealedFiles, sealedManifests, sealedPath, writeSealedFiles } from './files.ts';
import { askTwice, givenValues } from './human-values.ts';
import { checkInventory, keysOfPart, partName, partsOf, selectParts } from './inventory.ts';
import { fromManifest } from './manifest.ts';
import type { SealedFile } from './manifest.ts';
import { help, parseOptions } from './options.ts';
import type { SealOptions } from './options.ts';
import { isoDate, readCertificate, readPrivateKeys } from './sealing-keys.ts';
import type { SealingKey } from './sealing-keys.ts';
import { resealAll } from './resealing.ts';
import { isAsked, openExisting, planSealing, sealTasks } from './sealing.ts';
import { formatStatus, sealStatus } from './status.ts';
import { askHidden, Interrupted } from './terminal.ts';

/** What the command takes from the world. */
export interface SealContext {
  readonly arguments: readonly string[];
  /** Folder that holds `secrets/`. */
  readonly root: string;
  readonly inventory: (environment: string) => readonly SecretInventoryEntry[];
  readonly now: Date;
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
}

/** Runs `npm run seal`; the exit code. Wrong input is told on stderr, with 1, and changes nothing. */
export async function sealCommand(context: SealContext): Promise<number> {
  const print = (line: string): unknown => context.stdout.write(`${line}\n`);
  try {
    const options = parseOptions(context.arguments);
    if (options.mode === 'help') {
      print(help.trimEnd());
      return 0;
    }
    const inventory = context.inventory(options.environment);
    checkInventory(inventory);
    const files = sealedManifests(context.root, options.environment).map(({ manifest }) => fromManifest(manifest));
    const run: Run = { context, options, inventory, files, print };
    switch (options.mode) {
      case 'status':
        return status(run);
      case 'prune':
        return prune(run);
      case 'reseal':
        return reseal(run);
      case 'seal':
        return await seal(run);
    }
  } catch (error) {
    if (error instanceof Interrupted) {
      context.stderr.write('interrupted: nothing was written\n');
      return 130;
    }
    if (!(error instanceof InputError)) throw error;
    context.stderr.write(`${error.message}\n`);
    return 1;
  }
}

interface Run {
  readonly context: SealContext;
  readonly options: SealOptions;
  readonly inventory: readonly SecretInventoryEntry[];
  readonly files: readonly SealedFile[];
  readonly print: (line: string) => unknown;
}

function status({ context, options, inventory, files, print }: Run): number {
  const rows = sealStatus(inventory, files, context.now);
  print(options.json ? JSON.stringify(rows, null, 2) : formatStatus(rows));
  const bad = rows.some(({ state }) => state !== 'sealed' && state !== 'not in the inventory');
  return options.check && bad ? 1 : 0;
}

function prune({ context, options, inventory, files, print }: Run): number {
  const kept = files.flatMap((file) => {
    const entry = inventory.find(({ name }) => name === file.name);
    const used = entry?.copies.some(({ namespace }) => namespace === file.namespace)
      ? partsOf(entry).flatMap(keysOfPart)
      : [];
    const keys = new Map([...file.keys].filter(([key]) => used.includes(key)));
    return keys.size > 0 ? [{ ...file, keys }] : [];
  });
  const gone = files.filter((file) => !kept.some((each) => sealedPath('', each) === sealedPath('', file)));
  const needed = planSealing(inventory, files, new Set()).filter(({ from }) => from && gone.includes(from.file));
  if (needed.length > 0) {
    const places = needed.flatMap(({ from }) => (from ? [sealedPath(options.environment, from.file)] : []));
    throw new InputError({
      where: [...new Set(places)].join(', '),
      what: `is the only place that still holds ${needed.map(({ part }) => partName(part)).join(', ')}`,
      allowed: 'to prune copies whose values are sealed where the inventory wants them',
      remedy: 'seal first: npm run seal -- --cert FILE --private-key FILE, or with --rotate NAME for new values',
    });
  }
  const authorities = [...readAuthorities(context.root, options.environment)];
  const isUsed = ([name]: readonly [string, string]): boolean => inventory.some((entry) => entry.name === name);
  const newest = authorities.filter(isUsed).flatMap(([name, text]) => {
    const [first = '', ...old] = certificatesOf(text);
    return old.length > 0 && hasSignedAll(first, context.now) ? [[name, first] as const] : [];
  });
  const written = writeSealedFiles(context.root, options.environment, files, kept, new Map(newest));
  const removed = [
    ...gone.map((file) => sealedPath(options.environment, file)),
    ...authorities.filter((each) => !isUsed(each)).map(([name]) => authorityPath(options.environment, name)),
  ];
  removeSealedFiles(context.root, removed);
  for (const file of written) print(`wrote ${file}, without what is no longer in use`);
  for (const file of removed) print(`removed ${file}`);
  if (written.length + removed.length === 0) print('nothing to prune');
  return 0;
}

/** Whether nothing is valid any more that another authority signed before this one was made. */
function hasSignedAll(certificate: string, now: Date): boolean {
  const madeOn = new Date(new X509Certificate(certificate).validFrom);
  return now.getTime() - madeOn.getTime() > serverCertificateDays * 86_400_000;
}

function reseal({ context, options, files, print }: Run): number {
  const sealingKey = readCertificate(options.cert, context.now);
  const resealed = resealAll(files, readPrivateKeys(options.privateKeys), sealingKey);
  const written = writeSealedFiles(context.root, options.environment, files, resealed);
  for (const file of written) print(`sealed again ${file}`);
  print(`${written.length} of ${files.length} files sealed again, with ${sealingKey.fingerprint}`);
  return 0;
}

async function seal(run: Run): Promise<number> {
  const { context, options, inventory, files, print } = run;
  const sealingKey = readCertificate(options.cert, context.now);
  const privateKeys = readPrivateKeys(options.privateKeys);
  const renew = partsToRenew(run);
  const given = givenValues({ valueFiles: options.valueFiles, json: await jsonText(run) }, inventory);

  const tasks = planSealing(inventory, files, renew);
  const opened = openExisting(tasks, privateKeys);
  const asked = tasks.filter(isAsked).map(({ part }) => part);
  const missing = asked.filter((part) => !given.has(partName(part)));
  const values = new Map([...given, ...opened]);
  const skipped = new Set<string>();
  for (const part of missing) {
    if (options.skipHuman) skipped.add(partName(part));
    else if (!context.stdin.isTTY) refuseMissing(missing.map(partName));
    else {
      const ask = (prompt: string): Promise<string> => askHidden(context.stdin, context.stderr, prompt);
      values.set(partName(part), await askTwice(part, ask));
    }
  }

  const done = tasks.filter(({ part }) => !skipped.has(partName(part)));
  const sealed = sealTasks(done, { files, inventory, values, sealingKey, today: isoDate(context.now) });
  // What the old ones signed stays in use until it is renewed: clients trust both, until --prune.
  const known = readAuthorities(context.root, options.environment);
  const authorities = [...sealed.authorities].map(([name, text]) => [name, text + (known.get(name) ?? '')] as const);
  const written = writeSealedFiles(context.root, options.environment, files, sealed.files, new Map(authorities));
  for (const file of written) print(`wrote ${file}`);
  if (written.length === 0) print('nothing to seal');
  for (const name of skipped) print(`skipped ${name}: a human value that is still missing`);
  for (const name of given.keys()) {
    if (!asked.some((part) => partName(part) === name))
      print(`kept ${name} as it is sealed; --rotate ${name} takes the new value`);
  }
  tellOtherKeys(files, sealingKey, print);
  return 0;
}

/** The names of the parts that `--rotate` means. */
function partsToRenew({ options, inventory }: Run): Set<string> {
  const findings = options.rotate.flatMap((selector, index) => {
    const parts = selectParts(inventory, selector);
    const kept = parts.find(({ entry }) => entry.rotationDays === false);
    if (kept !== undefined) {
      const { name } = kept.entry;
      return {
        where: `--rotate, number ${index + 1}`,
        what: `means ${name}, and what was written with it could not be read any more`,
        allowed: 'secrets that have a successor',
        remedy: `keep it; where nothing is left that it opens, remove its files secrets/*/*/${name}.yaml and seal anew`,
      };
    }
    if (parts.some(({ source }) => source.kind !== 'fixed')) return [];
    const where = `--rotate, number ${index + 1}`;
    return parts.length > 0
      ? {
          where,
          what: 'means a fixed value',
          allowed: 'values that are generated or asked for',
          remedy: 'change it where it is declared',
        }
      : {
          where,
          what: 'is no secret of the inventory',
          allowed: inventory.map(({ name }) => name).join(', '),
          remedy: 'name a secret, or one of its keys as NAME.KEY',
        };
  });
  if (findings.length > 0) throw new InputError(findings);
  return new Set(options.rotate.flatMap((selector) => selectParts(inventory, selector)).map(partName));
}

async function jsonText({ context, options }: Run): Promise<string | undefined> {
  if (options.values === undefined) return undefined;
  const fail = (what: string): never => {
    throw new InputError({
      where: '--values',
      what,
      allowed: 'a file, or - for what is piped in',
      remedy: 'name a file, never a value; without --values you are asked on the terminal',
    });
  };
  if (options.values === '-')
    return context.stdin.isTTY ? fail('would echo what is typed on the terminal') : text(context.stdin);
  try {
    return fs.readFileSync(options.values, 'utf8');
  } catch (error) {
    return fail(`can't be read: ${(error as NodeJS.ErrnoException).code}`);
  }
}

function refuseMissing(names: readonly string[]): never {
  throw new InputError({
    where: names.join(', '),
    what: 'human values are missing, and there is no terminal to ask on; nothing was sealed',
    allowed: 'a value for each of them',
    remedy: '--value-file NAME.KEY=FILE, --values FILE|-, a terminal, or --skip-human to seal the rest',
  });
}

function tellOtherKeys(files: readonly SealedFile[], { fingerprint }: SealingKey, print: Run['print']): void {
  const prints = files.flatMap(({ keys }) => [...keys.values()].flatMap(({ sealedWith }) => sealedWith ?? []));
  const others = [...new Set(prints)].filter((print) => print !== fingerprint).sort();
  if (others.length === 0) return;
  print(`note: this certificate is ${fingerprint}; some values were sealed with ${others.join(', ')}.`);
  print('  They open as long as the controller keeps those keys. --reseal seals them again.');
}
