import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
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
