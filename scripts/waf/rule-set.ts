import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { fetchingHere, keptFiles, moduleFiles } from '../import/module-files.ts';
import type { Fetching, PinnedModule } from '../import/module-files.ts';

/** The OWASP Core Rule Set as files, as its image has them. */
export interface RuleSet {
  /** Such as `4.25.0`. */
  readonly version: string;
  /** Folder with `crs-setup.conf.example` and `rules/`. */
  readonly folder: string;
  /** Folder with the rules' own tests, a folder for each file of rules. */
  readonly tests: string;
}

const module = 'github.com/corazawaf/coraza-coreruleset/v4';
const parts = ['rules/@crs-setup.conf.example', 'rules/@owasp_crs', 'tests'] as const;

/** The version that go.mod pins: the rule set is published as a module of Go, and not elsewhere in the registries. */
export function pinnedRuleSet(): string {
  const text = fs.readFileSync(path.join(import.meta.dirname, 'go.mod'), 'utf8');
  const version = new RegExp(`^require ${module} v(\\S+)$`, 'm').exec(text)?.[1];
  if (version === undefined) throw new Error(`scripts/waf/go.mod doesn't require ${module}`);
  return version;
}

/**
 * A version of the rule set, fetched where it wasn't before.
 * @throws InputError where it can't be had
 */
export function ruleSet(version = pinnedRuleSet(), fetching: Fetching = fetchingHere()): RuleSet {
  return laidOut(version, moduleFiles(pinned(version), parts, fetching), fetching);
}

/** The rule set, where it was fetched before. */
export function keptRuleSet(version = pinnedRuleSet(), fetching: Fetching = fetchingHere()): RuleSet | undefined {
  const kept = keptFiles(pinned(version), parts, fetching);
  return kept === undefined ? undefined : laidOut(version, kept, fetching);
}

function pinned(version: string): PinnedModule {
  // Another version than the pinned one is checked by Go's checksum database, which needs a folder without a go.mod.
  const folder = version === pinnedRuleSet() ? import.meta.dirname : os.tmpdir();
  return { module, version: `v${version}`, folder };
}

/** Lays the files out as the image has them, at a path that ModSecurity can read: one without `@`. */
function laidOut(
  version: string,
  [setup = '', rules = '', tests = '']: readonly string[],
  fetching: Fetching,
): RuleSet {
  const folder = path.join(fetching.cache, 'rule-sets', version);
  if (!fs.existsSync(folder)) {
    const work = `${folder}.${process.pid}`;
    fs.mkdirSync(path.join(work, 'rules'), { recursive: true });
    fs.writeFileSync(path.join(work, 'crs-setup.conf.example'), readable(fs.readFileSync(setup, 'utf8')));
    for (const name of fs.readdirSync(rules)) {
      const text = fs.readFileSync(path.join(rules, name), 'utf8');
      fs.writeFileSync(path.join(work, 'rules', name), name.endsWith('.conf') ? readable(text) : text);
    }
    try {
      fs.renameSync(work, folder);
    } catch (error) {
      // Somebody else laid it out meanwhile.
      fs.rmSync(work, { recursive: true, force: true });
      if (!fs.existsSync(folder)) throw error;
    }
  }
  return { version, folder, tests };
}

/**
 * The module has no empty lines, and ModSecurity 3.0 takes the rule behind a chained one without actions for its
 * actions.
 */
function readable(text: string): string {
  return text.replace(/^(?=Sec(Rule|Action|Marker|ComponentSignature)\b)/gm, '\n');
}
