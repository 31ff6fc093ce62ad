import { isUtf8 } from 'node:buffer';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { Construct } from 'constructs';
import { applicationOf } from './application-chart.ts';
import { InputError } from './error.ts';
import type { Finding } from './error.ts';
import { kubeObject } from './kube-object.ts';
import { KubeConfigMap } from './level1.ts';
import { checkName, derivedLabel } from './names.ts';
import type { Completes } from './phase.ts';

export interface ConfigFilesProps {
  /** Name of the ConfigMap. */
  readonly name: string;
  /**
   * A folder beside the construct whose files these are; mounted side by side, whatever folders they are in.
   * @default none
   */
  readonly folder?: string;
  /**
   * Which files of the folder, as paths below it.
   * @default all that are directly in it
   */
  readonly pick?: readonly string[];
  /**
   * Files that are made here, by name. A function is asked when everything is built, for what follows from others.
   * @default none
   */
  readonly data?: Readonly<Record<string, string>> | (() => Readonly<Record<string, string>>);
  /**
   * Whether they are scripts that are started by their path.
   * @default false
   */
  readonly executable?: boolean;
  /**
   * Whether the programs notice by themselves that a file changed. Others get new pods.
   * @default false
   */
  readonly reloaded?: boolean;
  /**
   * Annotations of the ConfigMap, such as those that make it an Argo CD hook.
   * @default none
   */
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}

/** Files of a ConfigMap that containers mount by `files`. Who mounts them gets new pods when one changes, and nobody else. */
export class ConfigFiles extends Construct implements Completes {
  readonly name: string;
  readonly namespace: string;
  readonly executable: boolean;
  readonly reloaded: boolean;
  private readonly props: ConfigFilesProps;
  private made: { readonly data: Readonly<Record<string, string>>; readonly json: string } | undefined;

  /** @throws InputError for files that no ConfigMap holds, or that are others in the pod */
  constructor(scope: Construct, id: string, props: ConfigFilesProps) {
    super(scope, id);
    const { name, executable = false, reloaded = false, data } = props;
    this.props = props;
    this.name = checkName(`ConfigMap ${name}`, name, 'subdomain');
    this.namespace = applicationOf(this).destination.name;
    this.executable = executable;
    this.reloaded = reloaded;
    if (typeof data !== 'function') this.make();
  }

  complete(): void {
    if (this.made === undefined) this.make();
  }

  get data(): Readonly<Record<string, string>> {
    return this.made?.data ?? contents(this.props);
  }

  /** Its data as text: large, and asked for by every pod that mounts it. */
  get json(): string {
    return this.made?.json ?? JSON.stringify(this.data);
  }

  /** What the pods call it. */
  get volume(): string {
    return derivedLabel('files', this.name);
  }

  private make(): void {
    const { name, annotations } = this.props;
    const data = contents(this.props);
    this.made = { data, json: JSON.stringify(data) };
    kubeObject(this, 'config-map', KubeConfigMap, {
      metadata: { name, ...(annotations ? { annotations: { ...annotations } } : {}) },
      data,
    });
  }
}

/** Changes with any byte of what a pod mounts. */
export function hashOfFiles(mounted: Readonly<Record<string, ConfigFiles>>): string {
  const files = Object.entries(mounted)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([where, { json }]) => `[${JSON.stringify(where)},${json}]`);
  return crypto
    .createHash('sha256')
    .update(`[${files.join(',')}]`)
    .digest('hex')
    .slice(0, 12);
}

function contents({ name, folder, pick, data = {} }: ConfigFilesProps): Record<string, string> {
  const read = folder === undefined ? [] : (pick ?? filesIn(folder)).map((file) => fileIn(folder, file));
  const made = Object.entries(typeof data === 'function' ? data() : data).map(
    ([file, text]) => [file, Buffer.from(text)] as const,
  );
  const all = [...read, ...made].sort(([a], [b]) => (a < b ? -1 : 1));
  const findings = fileFindings(`ConfigMap ${name}`, all);
  if (findings.length > 0) throw new InputError(findings);
  return Object.fromEntries(all.map(([file, bytes]) => [file, bytes.toString()]));
}

type File = readonly [name: string, bytes: Buffer];

/** @see https://kubernetes.io/docs/concepts/configuration/configmap/ (v1.36) */
const largest = 2 ** 20;

/** What an API server refuses only when it is applied, and bytes that would be others in the pod. */
function fileFindings(where: string, files: readonly File[]): Finding[] {
  const finding = (what: string, allowed: string): Finding => ({
    where,
    what,
    allowed,
    remedy: 'change folder, pick or data',
  });
  const size = files.reduce((sum, [, bytes]) => sum + bytes.length, 0);
  const once = 'one file or more, each name once: they are mounted side by side';
  return [
    ...(files.length === 0 ? [finding('it has no files', once)] : []),
    ...files
      .filter(([file], index) => files[index + 1]?.[0] === file)
      .map(([file]) => finding(`there are two files ${file}`, once)),
    ...files
      .filter(([file]) => !/^(?!\.\.|\.$)[-\w.]{1,253}$/.test(file))
      .map(([file]) =>
        finding(`there is a file "${file}"`, 'letters, digits, dashes, underscores and dots, not two dots first'),
      ),
    ...files
      .filter(([, bytes]) => !isUtf8(bytes))
      .map(([file]) => finding(`${file} is no text in UTF-8`, 'text: other bytes belong into the image')),
    ...files
      .filter(([, bytes]) => bytes.toString().startsWith('\uFEFF'))
      .map(([file]) => finding(`${file} begins with a byte order mark`, 'text without one: programs read it as text')),
    ...files
      .filter(([, bytes]) => bytes.includes('\r'))
      .map(([file]) =>
        finding(`${file} has line ends of Windows`, 'line ends of Unix: shells take the others for text'),
      ),
    ...(size > largest ? [finding(`its files have ${size} bytes`, `${largest}: no ConfigMap holds more`)] : []),
  ];
}

function filesIn(folder: string): string[] {
  return fs
    .readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name);
}

function fileIn(folder: string, file: string): File {
  return [path.basename(file), fs.readFileSync(path.join(folder, file))];
}
