import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { environments, loadEnvironment } from '../../../config/index.ts';
import { platformPrograms } from '../../../prove/delivery/deliver.ts';
import { observabilityImages, observabilityPrograms } from '../../../prove/images/recipes/observability.ts';
import { root } from '../../support/committed.ts';
import { withoutLogs } from '../../support/logs.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-test-'));
beforeAll(() => {
  fs.mkdirSync(path.join(folder, 'pki'));
  fs.writeFileSync(path.join(folder, 'pki', 'world-ca.crt'), 'the authority');
});
afterAll(() => fs.rmSync(folder, { recursive: true }));
const cluster = { program: (name: string) => `/built/${name}`, folder, cgroup: 'diptych/test' };
const images = () => observabilityImages(loadEnvironment('production'), cluster);

test('images of what watches have the references of the table', () => {
  const table = loadEnvironment('production');
  const expected = ['alertmanager', ...observabilityPrograms, 'grafana'].map(
    (name) => `${table.image(name).repository}:${table.image(name).tag}`,
  );
  expect(images().map(({ reference }) => reference)).toEqual(expected);
});

test('say where another program stands in', () => {
  expect(images().flatMap(({ standIn }) => standIn ?? [])).toEqual([
    "Alertmanager: Debian 13's, of an older version; the module has not the page that the program takes in",
    'Grafana: a script that reads what Grafana is given and answers for its health; it shows nothing',
  ]);
});

test('are made of these programs, each where its image has it', () => {
  const files = images().flatMap(({ layers }) => layers.flatMap((layer) => Object.entries(layer.files ?? {})));
  expect(files).toEqual([
    ['bin/prometheus', '/built/prometheus'],
    ['bin/node_exporter', '/built/node-exporter'],
    ['kube-state-metrics', '/built/kube-state-metrics'],
    ['bin/blackbox_exporter', '/built/blackbox-exporter'],
    ['usr/bin/probe', '/built/probe'],
    ['usr/share/grafana/bin/grafana', path.join(root, 'prove/images/recipes/files/grafana-stand-in.sh')],
  ]);
});

test('trust whom the stand-ins for the world have, where they lead out', () => {
  const trusting = images().filter(({ layers }) =>
    layers.some(({ texts }) => texts?.['etc/ssl/certs/ca-certificates.crt'] === 'the authority'),
  );
  expect(trusting.map(({ entrypoint }) => entrypoint?.[0])).toEqual(['/bin/alertmanager', '/bin/blackbox_exporter']);
});

test('where nobody wants dashboards, none is made of what shows them', () => {
  const observability = { ...loadEnvironment('production').observability!, dashboards: false };
  const table = loadEnvironment('production', { changes: { observability } });
  expect(observabilityImages(table, cluster).map(({ reference }) => reference)).toEqual(
    images()
      .map(({ reference }) => reference)
      .filter((reference) => !reference.includes('grafana')),
  );
});

test('where it is not watched, no image is made, and where no environment is, no program is built', () => {
  const unwatched = loadEnvironment('production', { changes: withoutLogs('production', false) });
  expect(observabilityImages(unwatched, cluster)).toEqual([]);
  const isWatched = Object.values(environments).some(({ observability }) => observability !== undefined);
  const asked = observabilityPrograms.filter((program) => platformPrograms.includes(program));
  expect(asked).toEqual(isWatched ? observabilityPrograms : []);
});
