import {
  COLLECTION_STYLE,
  DEFAULT_SCALAR_STYLE_RULES,
  defineScalarTag,
  DUMP_SCHEMA,
  NOT_RESOLVED,
  present,
  SCALAR_STYLE,
} from 'js-yaml';
import type { Node, ScalarNode } from 'js-yaml';
import { InputError } from '../constructs/core/error.ts';
import type { Finding } from '../constructs/core/error.ts';
import { describeManifest } from '../constructs/core/manifest.ts';
import type { Manifest } from '../constructs/core/manifest.ts';

/** Fields that come first in any map, in this order; what no list names follows in alphabetical order. */
const FIRST_EVERYWHERE = ranks('apiVersion', 'apiGroup', 'kind', 'metadata', 'name', 'key');

const CONTAINER = ranks(
  ...['name', 'image', 'imagePullPolicy', 'command', 'args', 'workingDir', 'ports', 'env', 'envFrom', 'resources'],
  ...['startupProbe', 'readinessProbe', 'livenessProbe', 'lifecycle', 'securityContext', 'volumeMounts'],
);

/** The order of the fields below a field of this name, where Kubernetes manifests have a custom of their own. */
const FIRST_BELOW = new Map<string, ReadonlyMap<string, number>>([
  ['metadata', ranks('name', 'namespace', 'labels', 'annotations')],
  ['spec', ranks('project', 'replicas', 'selector', 'strategy', 'podSelector', 'policyTypes', 'ingress', 'egress')],
  ['ingress', ranks('from', 'ports')],
  ['egress', ranks('to', 'ports')],
  ['ignoreDifferences', ranks('group', 'kind')],
  ['clusterResourceWhitelist', ranks('group', 'kind')],
  ['namespaceResourceWhitelist', ranks('group', 'kind')],
  ['containers', CONTAINER],
  ['initContainers', CONTAINER],
]);

function ranks(...keys: readonly string[]): ReadonlyMap<string, number> {
  return new Map(keys.map((key, index) => [key, index]));
}

/**
 * Text that some reader takes for something else than text, beyond what js-yaml knows by itself: Go reads `-0o17`, `0X1F`
 * and `1_0e+3` as numbers and `2026-1-2` as a date, Python fails on the date `2026-02-30`, and kubectl splits a stream at
 * every line that begins with `---`.
 */
const AMBIGUOUS = new RegExp(
  [
    /^[-+]?0[xob][0-9a-f_]*$/,
    /^[-+]?[0-9_]*(?:\.[0-9_]*)?(?:e[-+]?[0-9_]+)?$/,
    /^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:$|[t\s])/,
    /^(?:y|n|yes|no|on|off|true|false|null)$/,
    /^(?:---|\.\.\.)/,
  ]
    .map(({ source }) => source)
    .join('|'),
  'i',
);

/** A string that resolves to this tag is not written plain. It comes last, so that real numbers keep theirs. */
const ambiguousTag = defineScalarTag('tag:diptych,2026:ambiguous', {
  implicit: true,
  resolve: (text) => (AMBIGUOUS.test(text) ? text : NOT_RESOLVED),
  identify: () => false,
});

const PRESENTATION = {
  schema: DUMP_SCHEMA.withTags(ambiguousTag),
  scalarStyleRules: [DEFAULT_SCALAR_STYLE_RULES.quoteInvalidPlain, DEFAULT_SCALAR_STYLE_RULES.fallbackToDoubleQuoted],
};

/** js-yaml's own loader reads no deeper, and an object that contains itself has no end. */
const MAXIMUM_DEPTH = 100;

/** Characters a reader can't see or takes for a line break: they are written as escapes. */
const INVISIBLE = /[\x7F-\xA0\u2028\u2029\uFEFF\uFFFE\uFFFF]/;

/** A field or an item, and what it lies in: most paths are never told, so none is written down before one is. */
interface Place {
  readonly step: string | number;
  readonly within: Place | undefined;
  readonly depth: number;
}
type Refuse = (place: Place | undefined, what: string, allowed: string, remedy: string) => void;

/**
 * The manifest as one YAML document that YAML 1.1 and 1.2 readers understand alike: conventional key order, two spaces, no
 * folded lines, no anchors, `|` for text of several lines. Undefined values are left out, in lists too.
 *
 * @throws InputError listing every null, every number or string JSON can't carry and everything that is not plain data.
 */
export function toYaml(manifest: Manifest): string {
  const findings: Finding[] = [];
  const text = write(manifest, undefined, (place, what, allowed, remedy) => {
    findings.push({ where: `${describeManifest(manifest)}: ${formatPlace(place)}`, what, allowed, remedy });
    // What contains itself twice has 2^100 such places: the first is enough.
    if (depthOf(place) >= MAXIMUM_DEPTH) throw new InputError(findings);
  });
  if (findings.length > 0) throw new InputError(findings);
  // Empty lines at the end of a text are its own: the mark shows where the document ends.
  return text.endsWith('\n') ? `${text}\n...\n` : `${text}\n`;
}

/** The value as it stands behind `- `: its further lines are indented as its place is, its first one is not. */
function write(value: unknown, place: Place | undefined, refuse: Refuse): string {
  if (typeof value === 'string') return isWhole(value, place, refuse) ? valueText(value, depthOf(place)) : '';
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'number') {
    const text = String(value);
    // Go's reader takes what other readers know as 1e+21 or 1e-7 for text.
    if (!/^-?[0-9.]+$/.test(text)) refuse(place, `the number ${text}`, 'a number without exponent', 'write it as text');
    return text;
  }
  const depth = depthOf(place);
  if (depth >= MAXIMUM_DEPTH) {
    refuse(place, 'nested too deeply', `at most ${MAXIMUM_DEPTH} levels`, 'look for an object that contains itself');
  } else if (Array.isArray(value)) {
    const items = value.flatMap((item: unknown, step) =>
      item === undefined ? [] : `- ${write(item, { step, within: place, depth: depth + 1 }, refuse)}`,
    );
    return items.length === 0 ? '[]' : items.join(lineAt(depth));
  } else if (isRecord(value)) {
    const pairs = sortedKeys(value, place).map((key) =>
      pair(key, value[key], { step: key, within: place, depth: depth + 1 }, refuse),
    );
    return pairs.length === 0 ? '{}' : pairs.join(lineAt(depth));
  } else if (value === null) {
    refuse(place, 'null', 'a value, or undefined to leave the field out', 'remove the field or give it a value');
  } else {
    const what = Object.prototype.toString.call(value).slice('[object '.length, -1);
    refuse(place, `a value of type ${what}`, 'text, numbers, booleans, lists and plain objects', 'convert it first');
  }
  return '';
}

function pair(key: string, value: unknown, place: Place, refuse: Refuse): string {
  const written = isWhole(key, place, refuse) ? keyText(key) : '';
  const text = write(value, place, refuse);
  if (written.endsWith('\n')) return `${written.trimEnd()}${lineAt(place.depth - 1)}: ${text}`;
  const below = typeof value === 'object' && text !== '[]' && text !== '{}';
  return below ? `${written}:${lineAt(place.depth)}${text}` : `${written}: ${text}`;
}

function lineAt(depth: number): string {
  return `\n${'  '.repeat(depth)}`;
}

/** A constant: bundled for older readers, as a literal it would be made anew each time. */
const HALF = /\p{Surrogate}/u;

function isWhole(text: string, place: Place | undefined, refuse: Refuse): boolean {
  if (!HALF.test(text)) return true;
  refuse(place, 'half of a surrogate pair', 'text that UTF-8 can carry', 'look where the text was cut');
  return false;
}

/** What every reader takes for text, unless it is ambiguous: most of what stands in manifests. */
const PLAIN = /^[a-z][\w./-]*$/i;

function isPlain(text: string): boolean {
  return PLAIN.test(text) && text.length <= 1024 && !AMBIGUOUS.test(text);
}

/** What begins like a word, a path or an option, and then has nothing that ends a value: `: `, ` #`, a colon at the end. */
const WORDS = /^-*[a-z/][ -~]*[!-~]$/i;
const PLAIN_LINE = /^[-a-z/](?:[!-"$-9;-~]|:(?=[!-~])|(?<! )#| (?=[ -~]*[!-~]$))*$/i;
const ASCII_LINE = /^[ -~]+$/;
/** Lines of which the first is not indented, with one line break at the end at most. */
const ASCII_BLOCK = /^[!-~][\t -~]*(?:\n+[\t -~]+)*\n?$/;

/** What js-yaml would write too, but takes ten times as long for; undefined for what is left to it. */
function usualText(text: string): string | undefined {
  if (ASCII_LINE.test(text)) {
    const plain = !AMBIGUOUS.test(text);
    if (plain && !WORDS.test(text)) return undefined;
    return plain && PLAIN_LINE.test(text) ? text : `'${text.replaceAll("'", "''")}'`;
  }
  if (!text.includes('\n') || !ASCII_BLOCK.test(text)) return undefined;
  return `|${text.endsWith('\n') ? '' : '-'}\n  ${text.replace(/\n$/, '').replaceAll(/\n(?!\n)/g, '\n  ')}`;
}

/** How the others are written, which stand there over and over again. */
const keyTexts = new Map<string, string>();
const valueTexts = new Map<string, string>();

/** What stands before the colon: `key`, or a line `? key` where it is long or has several lines itself. */
function keyText(text: string): string {
  const known =
    keyTexts.get(text) ??
    (isPlain(text) ? text : mapping(scalar(text, keyStyle(text)), scalar('', SCALAR_STYLE.SINGLE_QUOTED)).slice(0, -4));
  keyTexts.set(text, known);
  return known;
}

function valueText(text: string, depth: number): string {
  const known =
    valueTexts.get(text) ??
    (isPlain(text)
      ? text
      : (usualText(text) ?? mapping(scalar('a', SCALAR_STYLE.PLAIN), scalar(text, valueStyle(text))).slice(3)));
  valueTexts.set(text, known);
  return known.includes('\n') ? known.replaceAll(/\n(?!\n|$)/g, lineAt(depth - 1)) : known;
}

/** The line of a single key, or the lines. */
function mapping(key: Node, value: Node): string {
  const contents: Node = {
    kind: 'mapping',
    tag: 'tag:yaml.org,2002:map',
    tagged: false,
    style: COLLECTION_STYLE.BLOCK,
    items: [{ key, value }],
  };
  return present([{ contents, directives: [] }], PRESENTATION).replace(/\n(?:\.\.\.\n)?$/, '');
}

function scalar(value: string, style: ScalarNode['style']): ScalarNode {
  return { kind: 'scalar', tag: 'tag:yaml.org,2002:str', tagged: false, style, value };
}

/** The style to try first: where it would change the text, js-yaml falls back to quotes. */
function valueStyle(text: string): ScalarNode['style'] {
  if (!text.includes('\n')) return keyStyle(text);
  // libyaml and Go measure a block's indentation on its first line and refuse a tab there.
  const block = /\S/.test(text) && !INVISIBLE.test(text) && !/^[\n ]*\t/.test(text);
  return block ? SCALAR_STYLE.LITERAL_BLOCK : SCALAR_STYLE.DOUBLE_QUOTED;
}

function keyStyle(text: string): ScalarNode['style'] {
  return text.includes('\t') || INVISIBLE.test(text) ? SCALAR_STYLE.DOUBLE_QUOTED : SCALAR_STYLE.PLAIN;
}

function sortedKeys(value: Readonly<Record<string, unknown>>, place: Place | undefined): string[] {
  const field = fieldOf(place);
  const first = (field === undefined ? undefined : FIRST_BELOW.get(field)) ?? FIRST_EVERYWHERE;
  const keys = Object.keys(value).filter((key) => value[key] !== undefined);
  const rank = (key: string) => first.get(key) ?? first.size;
  return keys.sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
}

/** The nearest name: an item of a list has none of its own. */
function fieldOf(place: Place | undefined): string | undefined {
  return typeof place?.step === 'number' ? fieldOf(place.within) : place?.step;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

function depthOf(place: Place | undefined): number {
  return place?.depth ?? 0;
}

/** `spec.containers[0].env` */
function formatPlace(place: Place | undefined): string {
  if (place === undefined) return '';
  const { step, within } = place;
  return `${formatPlace(within)}${typeof step === 'number' ? `[${step}]` : within === undefined ? step : `.${step}`}`;
}
