import type { Finding } from '../constructs/core/error.ts';
import type { Manifest } from '../constructs/core/manifest.ts';
import { podTemplateOf } from './pods.ts';

/** Names of variables that hold a secret; with `_FILE` behind them they name a file that does. */
const secretName =
  /((PASSWORD|PASSWD|PASSPHRASE)|(^|_)(PASS|PWD|SECRET|TOKEN|CREDENTIALS?|(API|ACCESS|SECRET|PRIVATE|ENCRYPTION|SIGNING|SESSION)_?KEY))$/i;

/** What such a variable may say in clear: a switch, a number, a file; and Next.js sends these to every browser. */
const isOpen = (name: string, value: string): boolean =>
  /^(true|false|\d{0,6}|\/.*)$/i.test(value) || name.startsWith('NEXT_PUBLIC_');

const passwordInUrl = /\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@$]*:[^\s/@$]+@/i;
const privateKey = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;

/** Secrets that stand in an object as text, for everybody who may read git. */
export function literalSecretFindings(manifest: Manifest): readonly Omit<Finding, 'where'>[] {
  const spec = podTemplateOf(manifest)?.spec;
  const containers = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])];
  const variables = containers.flatMap(({ name: container, env = [] }) =>
    env
      .filter(({ name, value = '' }) => (secretName.test(name) && !isOpen(name, value)) || holdsSecret(value))
      .map(({ name }) => `the variable ${name} of ${container}`),
  );
  const words = containers
    .filter(({ command = [], args = [] }) => [...command, ...args].some(holdsSecret))
    .map(({ name }) => `the command of ${name}`);
  const data = manifest.kind === 'ConfigMap' ? (manifest.data ?? {}) : {};
  const files = Object.entries(data)
    .filter(([, text]) => typeof text === 'string' && holdsSecret(text))
    .map(([key]) => `the file ${key}`);
  return [...variables, ...words, ...files].map((what) => ({
    what: `${what} holds a secret, and stands in git for everybody to read`,
    allowed: 'secrets by reference: the file of a SecretRef, in secretFiles',
    remedy: 'declare a SecretRef and name its file; a variable that holds none gets a name that does not say so',
  }));
}

function holdsSecret(text: string): boolean {
  return passwordInUrl.test(text) || privateKey.test(text);
}
