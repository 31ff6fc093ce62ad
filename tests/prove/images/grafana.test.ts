import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { buildPlatform } from '../../../apps/platform.ts';
import type { Manifest } from '../../../constructs/core/manifest.ts';
import { manifestOf, objectsOf } from '../../../constructs/core/kube-object.ts';
import { podTemplateOf } from '../../../synth/pods.ts';
import { root } from '../../support/committed.ts';
import { at, only } from '../../support/harness.ts';

/** What the platform gives Grafana, in a folder that stands for the root of its container. */
const manifests: readonly Manifest[] = buildPlatform('production').charts.flatMap(objectsOf).map(manifestOf);
const spec = podTemplateOf(only(manifests, 'Deployment', 'grafana'))!.spec!;
const container = spec.containers[0]!;
const inside = (folder: string, file: string): string => path.join(folder, file);

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-grafana-'));
  const write = (file: string, text: string): void => {
    fs.mkdirSync(path.dirname(inside(folder, file)), { recursive: true });
    // Paths of the container lead into the folder.
    fs.writeFileSync(inside(folder, file), text.replaceAll(/(?<=[= {])\/(?=etc\/|run\/|var\/)/g, `${folder}/`));
  };
  for (const { name, mountPath } of container.volumeMounts ?? []) {
    const volume = spec.volumes!.find((each) => each.name === name)!;
    if (volume.emptyDir) fs.mkdirSync(inside(folder, mountPath), { recursive: true });
    if (volume.secret) for (const key of ['password', 'secret-key']) write(path.join(mountPath, key), 'x');
    if (volume.configMap) {
      const data = at(only(manifests, 'ConfigMap', volume.configMap.name), 'data') as Readonly<Record<string, string>>;
      for (const [file, text] of Object.entries(data)) write(path.join(mountPath, file), text);
    }
  }
  write('bin/probe', '#!/bin/sh\necho "$@"\n');
  fs.chmodSync(inside(folder, 'bin/probe'), 0o755);
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

const start = (args = container.command!.slice(1)) =>
  spawnSync(
    path.join(root, 'prove/images/recipes/files/grafana-stand-in.sh'),
    args.map((each) => each.replace('--config=', `--config=${folder}`)),
    { encoding: 'utf8', env: { PATH: `${folder}/bin:${process.env.PATH}` } },
  );

test('what stands in for Grafana starts with what the platform gives it, at the port of its probes', () => {
  expect(start()).toMatchObject({ status: 0, stdout: 'serve :3000\n', stderr: '' });
  expect(container.ports).toMatchObject([{ containerPort: 3000 }]);
});

test.each([
  ['its settings', 'etc/grafana/main/grafana.ini', 'no settings'],
  ['its password', 'run/secrets/grafana-admin/password', 'admin_password: no file that can be read'],
  ['the key that it signs with', 'run/secrets/grafana-admin/secret-key', 'secret_key: no file that can be read'],
  ['where numbers are', 'etc/grafana/provisioning/datasources/prometheus.yaml', 'not there, or empty'],
  ['where boards are', 'etc/grafana/provisioning/dashboards/dashboards.yaml', 'not there, or empty'],
  ['the board that it opens on', 'etc/grafana/provisioning/dashboards/platform.json', 'not there, or empty'],
  ['a folder for what it writes', 'var/lib/grafana', "can't write to"],
])('it does not start without %s', (_, file, said) => {
  fs.rmSync(inside(folder, file), { recursive: true });
  const { status, stderr } = start();
  expect([status, stderr]).toEqual([1, expect.stringContaining(said)]);
});

test('it does not start where no settings are named', () => {
  expect(start(['server'])).toMatchObject({ status: 1, stderr: 'no settings: none named\n' });
});
