import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { environments, loadEnvironment } from '../../../config/index.ts';
import { alloyConfiguration } from '../../../constructs/log-stack/index.ts';
import { platformPrograms } from '../../../prove/delivery/deliver.ts';
import { logImages, logPrograms } from '../../../prove/images/recipes/logs.ts';
import { withoutLogs } from '../../support/logs.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-test-'));
beforeAll(() => {
  fs.mkdirSync(path.join(folder, 'pki'));
  fs.writeFileSync(path.join(folder, 'pki', 'world-ca.crt'), 'the authority');
});
afterAll(() => fs.rmSync(folder, { recursive: true }));
const cluster = { program: (name: string) => `/built/${name}`, folder, cgroup: 'diptych/test' };
const images = () => logImages(loadEnvironment('production'), cluster);

test('images of what keeps logs have the references of the table, and say what stands in', () => {
  const table = loadEnvironment('production');
  expect(images().map(({ reference }) => reference)).toEqual(
    ['loki', 'alloy'].map((name) => `${table.image(name).repository}:${table.image(name).tag}`),
  );
  expect(images().map(({ standIn }) => standIn?.split(':')[0])).toEqual([undefined, 'Alloy']);
});

test('the program of each is where its container starts it', () => {
  const [loki, alloy] = images().map(({ layers }) => layers.flatMap(({ files = {} }) => Object.keys(files)));
  expect(loki).toEqual(['usr/bin/loki']);
  expect(alloy).toEqual(['usr/bin/promtail', 'usr/bin/alloy']);
});

test('Loki trusts the stand-in for object storage', () => {
  const [loki] = images();
  expect(loki!.layers.flatMap(({ texts = {} }) => Object.keys(texts))).toContain('etc/ssl/certs/ca-certificates.crt');
});

test('what stands in finds where lines go in the configuration of Alloy', () => {
  const line = /^ *url *= "(.*)"$/m.exec(alloyConfiguration({ url: 'http://loki.example:3100' }));
  expect(line?.[1]).toBe('http://loki.example:3100/loki/api/v1/push');
});

test('where logs are not kept, no image is made, and where no environment keeps them, no program is built', () => {
  const table = loadEnvironment('production', { changes: withoutLogs('production', true) });
  expect(logImages(table, cluster)).toEqual([]);
  const isKept = Object.values(environments).some(({ observability }) => observability?.logs !== undefined);
  expect(logPrograms.filter((program) => platformPrograms.includes(program))).toEqual(isKept ? logPrograms : []);
});
