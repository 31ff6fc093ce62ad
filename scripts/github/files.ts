import fs from 'node:fs';
import path from 'node:path';
import type { EnvironmentInput } from '../../config/schema.ts';
import { InputError } from '../../constructs/core/error.ts';
import type { Finding } from '../../constructs/core/error.ts';
import type { GeneratedFile } from '../generated/command.ts';

type Environments = Readonly<Record<string, Pick<EnvironmentInput, 'repository' | 'releases'>>>;

/** As wide as the formatter lets a line become. */
const width = 120;

const releaseWorkflow = '.github/workflows/release.yml';

/** Each file, and its text with the names of these environments. */
const places: Readonly<Record<string, (text: string, environments: Environments, file: string) => string>> = {
  [releaseWorkflow]: withBranch,
  '.github/rulesets/main.json': withRules(({ repository }) => `refs/heads/${repository.branch}`),
  // Also of an environment that follows its branch: it may have tags from before.
  '.github/rulesets/release-tags-made.json': withRules((_, name) => `refs/tags/${name}-*`),
  '.github/rulesets/release-tags-stay.json': withRules((_, name) => `refs/tags/${name}-*`),
};

/**
 * The files that follow from the environments, as far as they are there: another git server needs none.
 * @throws InputError for a file that has no place for the names, and for releases of several branches or of nothing
 */
export function wantedFiles(root: string, environments: Environments): GeneratedFile[] {
  return Object.entries(places).flatMap(([file, written]) => {
    const full = path.join(root, file);
    if (!fs.existsSync(full)) return [];
    const then = fs.readFileSync(full, 'utf8');
    return { file, then, now: written(then, environments, file) };
  });
}

/** Said of one that is not current. */
export function staleFinding(file: string): Finding {
  const workflow = file === releaseWorkflow;
  return {
    where: file,
    what: workflow
      ? 'it runs for other branches than those that are released'
      : 'it keeps other branches or tags than those of the environments',
    allowed: 'what npm run github writes',
    remedy: `run npm run github, and commit the file${workflow ? '' : '; import it at GitHub (.github/rulesets/README.md)'}`,
  };
}

/** Runs for the branch of the environments that it releases. */
function withBranch(text: string, environments: Environments, file: string): string {
  const line = /^ {4}branches: \[.*\]$/m;
  const [, words] = /^ {10}ENVIRONMENTS: (.+)$/m.exec(text) ?? [];
  if (!line.test(text) || words === undefined)
    throw noPlace(file, 'a line "    branches: [main]", and one "          ENVIRONMENTS: production"');
  const released = words.trim().split(/ +/);
  const branches = [...new Set(released.map((name) => environments[name]?.repository.branch))];
  const [branch] = branches;
  if (branches.length === 1 && branch !== undefined)
    return text.replace(line, `    branches: [${/^[a-z]{4,}$/.test(branch) ? branch : `'${branch}'`}]`);
  const strangers = released.filter((name) => environments[name] === undefined);
  throw new InputError({
    where: `${file}: ENVIRONMENTS`,
    what:
      strangers.length > 0
        ? `there is no environment ${strangers.join(', ')}`
        : `${released.join(', ')} follow several branches: ${branches.join(', ')}`,
    allowed: `some of ${Object.keys(environments).join(', ')}, which follow one branch`,
    remedy: 'change the line; another branch needs a workflow of its own',
  });
}

function noPlace(where: string, allowed: string): InputError {
  return new InputError({
    where,
    what: 'there is no place for the names of branches or tags',
    allowed,
    remedy: 'restore it from git',
  });
}

/** The names in the condition of a ruleset, broken as the formatter breaks them. */
function withRules(nameOf: (environment: Environments[string], name: string) => string): (typeof places)[string] {
  const condition = /^ {2}"conditions": \{\s*"ref_name": \{\s*"include": \[[^\]]*\],\s*"exclude": \[\]\s*\}\s*\},$/m;
  return (text, environments, file) => {
    if (!condition.test(text)) throw noPlace(file, '"conditions" with "ref_name", and "include" in it');
    const names = new Set(Object.entries(environments).map(([name, environment]) => nameOf(environment, name)));
    const quoted = [...names].sort().map((name) => JSON.stringify(name));
    const short = `  "conditions": { "ref_name": { "include": [${quoted.join(', ')}], "exclude": [] } },`;
    const line = `      "include": [${quoted.join(', ')}],`;
    const list = line.length <= width ? line : `      "include": [\n        ${quoted.join(',\n        ')}\n      ],`;
    const long = ['  "conditions": {', '    "ref_name": {', list, '      "exclude": []', '    }', '  },'].join('\n');
    return text.replace(condition, () => (short.length <= width ? short : long));
  };
}
