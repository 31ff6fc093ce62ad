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
const FIRST_EVERYWHERE = ['apiVersion', 'apiGroup', 'kind', 'metadata', 'name', 'key'];

const CONTAINER = [
  ...['name', 'image', 'imagePullPolicy', 'command', 'args', 'workingDir', 'ports', 'env', 'envFrom', 'resources'],
  ...['startupProbe', 'readinessProbe', 'livenessProbe', 'lifecycle', 'securityContext', 'volumeMounts'],
];

/** The order of the fields below a field of this name, where Kubernetes manifests have a custom of their own. */
const FIRST_BELOW = new Map<string, readonly string[]>([
  ['metadata', ['name', 'namespace', 'labels', 'annotations']],
  ['spec', ['project', 'replicas', 'selector', 'strategy', 'podSelector', 'policyTypes', 'ingress', 'egress']],
  ['ingress', ['from', 'ports']],
  ['egress', ['to', 'ports']],
  ['ignoreDifferences', ['group', 'kind']],
  ['clusterResourceWhitelist', ['group', 'kind']],
  ['namespaceResourceWhitelist', ['group', 'kind']],
  ['containers', CONTAINER],
  ['initContainers', CONTAINER],
]);

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

type Path = readonly (string | number)[];
type Refuse = (path: Path, what: string, allowed: string, remedy: string) => void;

/**
 * The manifest as one YAML document that YAML 1.1 and 1.2 readers understand alike: conventional key order, two spaces, no
 * folded lines, no anchors, `|` for text of several lines. Undefined values are left out, in lists too.
 *
 * @throws InputError listing every null, every number or string JSON can't carry and everything that is not plain data.
 */
export function toYaml(manifest: Manifest): string {
  const findings: Finding[] = [];
  const contents = toNode(manifest, [], (path, what, allowed, remedy) => {
    findings.push({ where: `${describeManifest(manifest)}: ${formatPath(path)}`, what, allowed, remedy });
    // What contains itself twice has 2^100 such places: the first is enough.
    if (path.length >= MAXIMUM_DEPTH) throw new InputError(findings);
  });
  if (findings.length > 0) throw new InputError(findings);
  return present([{ contents, directives: [] }], PRESENTATION);
}

function toNode(value: unknown, path: Path, refuse: Refuse): Node {
  if (typeof value === 'string') return textNode(value, valueStyle(value), path, refuse);
  if (typeof value === 'boolean') return scalarNode('bool', String(value));
  if (typeof value === 'number') {
    const text = String(value);
    // Go's reader takes what other readers know as 1e+21 or 1e-7 for text.
    if (!/^-?[0-9.]+$/.test(text)) refuse(path, `the number ${text}`, 'a number without exponent', 'write it as text');
    return scalarNode(Number.isInteger(value) ? 'int' : 'float', text);
  }
  if (path.length >= MAXIMUM_DEPTH) {
    refuse(path, 'nested too deeply', `at most ${MAXIMUM_DEPTH} levels`, 'look for an object that contains itself');
  } else if (Array.isArray(value)) {
    const items = value.flatMap((item, index) => (item === undefined ? [] : [toNode(item, [...path, index], refuse)]));
    return { kind: 'sequence', tag: 'tag:yaml.org,2002:seq', tagged: false, style: COLLECTION_STYLE.BLOCK, items };
  } else if (isRecord(value)) {
    const items = sortedKeys(value, path).map((key) => {
      const below = [...path, key];
      return { key: textNode(key, keyStyle(key), below, refuse), value: toNode(value[key], below, refuse) };
    });
    return { kind: 'mapping', tag: 'tag:yaml.org,2002:map', tagged: false, style: COLLECTION_STYLE.BLOCK, items };
  } else if (value === null) {
    refuse(path, 'null', 'a value, or undefined to leave the field out', 'remove the field or give it a value');
  } else {
    const what = Object.prototype.toString.call(value).slice('[object '.length, -1);
    refuse(path, `a value of type ${what}`, 'text, numbers, booleans, lists and plain objects', 'convert it first');
  }
  return scalarNode('null', '');
}

function textNode(text: string, style: ScalarNode['style'], path: Path, refuse: Refuse): ScalarNode {
  if (/\p{Surrogate}/u.test(text)) {
    refuse(path, 'half of a surrogate pair', 'text that UTF-8 can carry', 'look where the text was cut');
  }
  return scalarNode('str', text, style);
}

function scalarNode(type: string, value: string, style: ScalarNode['style'] = SCALAR_STYLE.PLAIN): ScalarNode {
  return { kind: 'scalar', tag: `tag:yaml.org,2002:${type}`, tagged: false, style, value };
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

function sortedKeys(value: Readonly<Record<string, unknown>>, path: Path): string[] {
  const field = path.findLast((step) => typeof step === 'string');
  const first = (field === undefined ? undefined : FIRST_BELOW.get(field)) ?? FIRST_EVERYWHERE;
  const rank = (key: string) => (first.includes(key) ? first.indexOf(key) : first.length);
  const keys = Object.keys(value).filter((key) => value[key] !== undefined);
  return keys.sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

/** `spec.containers[0].env` */
function formatPath(path: Path): string {
  return path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`))
    .join('')
    .replace(/^\./, '');
}
