import fs from 'node:fs';
import path from 'node:path';
import { InputError } from '../../constructs/core/error.ts';

const dockerHub = ['docker.io', 'https://index.docker.io/v1/'];

type Logins = Readonly<Record<string, { readonly auth?: string } | undefined>>;

/**
 * What `docker login` left in the `auths` of a configuration folder, encoded as HTTP Basic wants it. Helpers and tokens of
 * other kinds are not asked: such a registry is asked as nobody.
 * @throws InputError when the file is no JSON
 */
export function dockerCredentials(folder: string): (registry: string) => string | undefined {
  const logins = readLogins(path.join(folder, 'config.json'));
  return (registry) => {
    const keys = registry === 'docker.io' ? dockerHub : [registry, `https://${registry}`];
    return keys.map((key) => logins[key]?.auth).find((auth) => auth !== undefined && auth !== '');
  };
}

function readLogins(file: string): Logins {
  if (!fs.existsSync(file)) return {};
  try {
    return (JSON.parse(fs.readFileSync(file, 'utf8')) as { readonly auths?: Logins }).auths ?? {};
  } catch {
    // Without the parser's words: they quote the file, and it holds passwords.
    const [allowed, remedy] = ['the JSON that docker login writes', 'correct or remove it'];
    throw new InputError({ where: file, what: 'it is no JSON', allowed, remedy });
  }
}
