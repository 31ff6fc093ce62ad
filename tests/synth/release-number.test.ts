import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { releaseFindings } from '../../synth/release-number.ts';
import { testEnvironment } from '../support/harness.ts';

let root: string;
beforeEach(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-release-'));
});
afterEach(() => fs.rmSync(root, { recursive: true, force: true }));

const manifest = { apiVersion: 'v1', kind: 'Application', metadata: { name: 'data' } };
const argocd = [{ path: 'applications/data.yaml', source: 'the tests', manifest }];

/** What is said of a release, after applications were written that read these revisions. */
function findings(release: number, ...revisions: readonly string[]) {
  const file = path.join(root, 'argocd/test/applications/data.yaml');
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, revisions.map((each) => `    targetRevision: ${each}\n`).join(''));
  return releaseFindings(root, testEnvironment({}, release), argocd, (tag) => tag === 'test-9');
}

test('a release that nobody made is refused: there is no such tag', () => {
  expect(findings(5, 'refs/tags/test-3')).toEqual([
    {
      where: 'config/releases.json: test',
      what: 'release 5, and argocd/test has 3: there is no tag test-5',
      allowed: '3; npm run release writes the next one and makes its tag',
      remedy: 'set it back: git restore config/releases.json',
    },
  ]);
  expect(findings(2, 'refs/tags/test-3')).toHaveLength(1);
  expect(findings(2, 'refs/heads/main')).toHaveLength(1);
});

test('the last one and the next one are taken, and in a merge those of both sides', () => {
  const both = ['refs/tags/test-3', 'refs/tags/test-7'];
  expect([findings(3, 'refs/tags/test-3'), findings(1, 'refs/heads/main'), findings(8, ...both)]).toEqual([[], [], []]);
});

test('one that has its tag is taken, whatever was written last', () => {
  expect(findings(9, 'refs/heads/main')).toEqual([]);
});

test('where nothing was written, and where applications follow the branch, nothing is said', () => {
  expect(releaseFindings(root, testEnvironment({}, 5), argocd)).toEqual([]);
  fs.mkdirSync(path.join(root, 'argocd/test/applications'), { recursive: true });
  fs.writeFileSync(path.join(root, 'argocd/test/applications/data.yaml'), 'targetRevision: refs/tags/test-3\n');
  expect(releaseFindings(root, testEnvironment({ releases: 'branch' }, 5), argocd)).toEqual([]);
});
