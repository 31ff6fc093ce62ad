import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { selfSigned } from '../../../synth/seal/authority.ts';
import { generateValue } from '../../../synth/seal/generators.ts';
import { installed } from '../../support/built.ts';
import { only } from '../../support/harness.ts';
import { imageNamed, minimalRedis, redisWith } from '../../support/redis-sentinel.ts';

/** The package of Debian and Ubuntu has it. */
const haproxy = installed('haproxy');

(haproxy === undefined ? describe.skip : describe)('HAProxy itself', () => {
  let folder: string;
  beforeEach(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), 'redis-proxy-'))));
  afterEach(() => fs.rmSync(folder, { recursive: true }));

  test.each([
    ['with TLS', minimalRedis.authority],
    ['without', false],
  ] as const)('takes the configuration %s as a whole', (_, authority) => {
    const { manifests } = redisWith({ proxy: imageNamed('haproxy'), authority });
    const data = only(manifests, 'ConfigMap', 'redis-proxy-configuration').data as Record<string, string>;
    const certificate = path.join(folder, 'ca.crt');
    fs.writeFileSync(certificate, selfSigned('test', generateValue({ kind: 'authority', certificate: 'tls.crt' })));
    const files = ['haproxy.cfg', 'cluster.cfg'].map((name) => {
      const file = path.join(folder, name);
      fs.writeFileSync(file, (data[name] ?? '').replaceAll(/ca-file \S+/g, `ca-file ${certificate}`));
      return ['-f', file];
    });
    // It starts with addresses alone: no name of a cluster has one here.
    const parts = ['MEMBER_0', 'MEMBER_1', 'SENTINEL_0', 'SENTINEL_1', 'SENTINEL_2'];
    const addresses = Object.fromEntries(parts.map((name, index) => [name, `10.43.0.${index}`]));
    const env = { PROBE_PASSWORD: 'secret', ...addresses };
    const { status, stderr } = spawnSync(haproxy ?? '', ['-c', '-dW', ...files.flat()], { env, encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, expect.not.stringMatching(/WARNING|ALERT/)]);
  });
});
