import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { keptPath } from '../../../scripts/import/module-files.ts';
import { keptRuleSet, pinnedRuleSet, ruleSet } from '../../../scripts/waf/rule-set.ts';

const module = 'github.com/corazawaf/coraza-coreruleset/v4';
let cache: string;

beforeEach(() => {
  cache = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-rule-set-'));
});

afterEach(() => {
  fs.rmSync(cache, { recursive: true, force: true });
});

/** Puts a rule set into the cache as the module has it. */
function keep(version: string, rules: Readonly<Record<string, string>>): void {
  const kept = (file: string) => keptPath({ module, version: `v${version}`, folder: '' }, file, cache);
  fs.mkdirSync(kept('rules/@owasp_crs'), { recursive: true });
  fs.mkdirSync(kept('tests'));
  fs.writeFileSync(kept('rules/@crs-setup.conf.example'), 'SecComponentSignature "a"\nSecAction "id:1"\n');
  for (const [name, text] of Object.entries(rules)) fs.writeFileSync(path.join(kept('rules/@owasp_crs'), name), text);
}

const read = (file: string): string => fs.readFileSync(file, 'utf8');

test('the rule set that is pinned is of the line with long-term support', () => {
  expect(pinnedRuleSet()).toMatch(/^4\.25\.\d+$/);
});

test('a rule set is unknown before it was fetched', () => {
  expect(keptRuleSet('4.25.9', { cache, env: {} })).toBeUndefined();
});

test('a rule set has its files where the image has them, at a path that ModSecurity can read', () => {
  keep('4.25.9', { 'A.conf': 'SecRule A "b"', 'a.data': 'Secret' });
  const { folder } = ruleSet('4.25.9', { cache, env: {} });
  expect(folder.slice(cache.length)).not.toContain('@');
  expect(fs.readdirSync(folder).sort()).toEqual(['crs-setup.conf.example', 'rules']);
  expect(fs.readdirSync(path.join(folder, 'rules')).sort()).toEqual(['A.conf', 'a.data']);
});

test('directives stand apart, because ModSecurity takes the rule behind a chained one for its actions', () => {
  keep('4.25.9', {
    'A.conf': 'SecRule A "b" \\\n    "chain"\n    SecRule C "d"\nSecMarker E\n',
    'a.data': 'SecRule\n',
  });
  const { folder } = ruleSet('4.25.9', { cache, env: {} });
  expect(read(path.join(folder, 'rules', 'A.conf'))).toBe(
    '\nSecRule A "b" \\\n    "chain"\n    SecRule C "d"\n\nSecMarker E\n',
  );
  expect(read(path.join(folder, 'rules', 'a.data'))).toBe('SecRule\n');
  expect(read(path.join(folder, 'crs-setup.conf.example'))).toBe('\nSecComponentSignature "a"\n\nSecAction "id:1"\n');
});
