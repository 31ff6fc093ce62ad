import { environments, loadEnvironment } from '../../../config/index.ts';
import { platformPrograms } from '../../../prove/delivery/deliver.ts';
import { observabilityImages, observabilityPrograms } from '../../../prove/images/recipes/observability.ts';
import { watching } from '../../support/observability.ts';

const cluster = { program: (name: string) => `/built/${name}` };
const images = () => observabilityImages(loadEnvironment('production', { changes: watching('production') }), cluster);

test('images of what watches have the references of the table', () => {
  const table = loadEnvironment('production');
  const expected = ['alertmanager', ...observabilityPrograms].map(
    (name) => `${table.image(name).repository}:${table.image(name).tag}`,
  );
  expect(images().map(({ reference }) => reference)).toEqual(expected);
});

test('say where another program stands in', () => {
  expect(images().flatMap(({ standIn }) => standIn ?? [])).toEqual([
    "Alertmanager: Debian 13's, of an older version; the module has not the page that the program takes in",
  ]);
});

test('are made of these programs, each where its image has it', () => {
  const files = images().flatMap(({ layers }) => layers.flatMap((layer) => Object.entries(layer.files ?? {})));
  expect(files).toEqual([
    ['bin/prometheus', '/built/prometheus'],
    ['bin/node_exporter', '/built/node-exporter'],
    ['kube-state-metrics', '/built/kube-state-metrics'],
    ['bin/blackbox_exporter', '/built/blackbox-exporter'],
  ]);
});

test('where it is not watched, no image is made, and where no environment is, no program is built', () => {
  const unwatched = loadEnvironment('production', { changes: { observability: undefined } });
  expect(observabilityImages(unwatched, cluster)).toEqual([]);
  const isWatched = Object.values(environments).some(({ observability }) => observability !== undefined);
  const asked = observabilityPrograms.filter((program) => platformPrograms.includes(program));
  expect(asked).toEqual(isWatched ? observabilityPrograms : []);
});
