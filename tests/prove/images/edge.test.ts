import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { loadEnvironment } from '../../../config/index.ts';
import { edgeImages } from '../../../prove/images/recipes/edge.ts';

let folder: string;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-edge-images-'));
  fs.mkdirSync(path.join(folder, 'rules'));
  fs.writeFileSync(path.join(folder, 'rules', 'A.conf'), '');
});

afterEach(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

const images = () => edgeImages('production', () => ({ version: '4.25.9', folder, tests: folder }));

test('images of the way in have the references of the table', () => {
  const table = loadEnvironment('production');
  const expected = ['traefik', 'waf'].map((name) => `${table.image(name).repository}:${table.image(name).tag}`);
  expect(images().map(({ reference }) => reference)).toEqual(expected);
});

test('say which programs and rules are in them, and what they stand in for', () => {
  const [traefik, waf] = images();
  expect([traefik?.versions, waf?.versions]).toEqual([{ traefik: '3.7.15' }, { 'owasp-crs': '4.25.9' }]);
  expect(waf?.standIn).toContain("Debian's nginx and ModSecurity, with the rules 4.25.9");
});

test('the firewall has its rules, its module and its user where the original has them', () => {
  const [system, rules] = images()[1]?.layers ?? [];
  expect(rules?.files).toEqual({ 'opt/owasp-crs/rules/A.conf': path.join(folder, 'rules', 'A.conf') });
  expect(system?.links).toMatchObject({ 'etc/nginx/modules': '/usr/lib/nginx/modules' });
  expect(system?.texts?.['etc/passwd']).toContain('nginx:x:101:101:');
});
