import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { writeLayer } from '../../../prove/images/layer.ts';
import { isReplaced, publishImage } from '../../../prove/images/publish.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-publish-'));
const cluster = { folder, images: path.join(folder, 'images') };
const image = (text: string) => ({
  reference: 'registry.example/app:1',
  layers: [{ name: 'app', texts: { 'etc/version': text } }],
});

afterAll(() => fs.rmSync(folder, { recursive: true }));

test('an image is told apart from the one that was published under its reference', async () => {
  expect(await isReplaced(cluster, image('one'))).toBe(false);
  await publishImage(cluster, image('one'));
  expect([await isReplaced(cluster, image('one')), await isReplaced(cluster, image('two'))]).toEqual([false, true]);
});

test('a folder of this machine comes into a layer with its links as they are', async () => {
  const tree = path.join(folder, 'tree');
  fs.mkdirSync(path.join(tree, 'inner'), { recursive: true });
  fs.writeFileSync(path.join(tree, 'inner/file'), 'text');
  fs.symlinkSync('inner/file', path.join(tree, 'link'));
  const archive = path.join(folder, 'layer.tar');
  await writeLayer({ name: 'tree', trees: { app: tree } }, path.join(folder, 'root'), archive);
  const listed = execFileSync('tar', ['--list', '--verbose', '--file', archive], { encoding: 'utf8' });
  expect(listed).toContain('./app/link -> inner/file');
});
