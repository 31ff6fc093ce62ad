import fs from 'node:fs';
import path from 'node:path';
import { Size } from 'cdk8s';
import { Construct } from 'constructs';
import { ConfigFiles } from '../../core/config-files.ts';
import { secretFile } from '../../core/container.ts';
import type { Dashboard } from '../../core/dashboard.ts';
import { InputError } from '../../core/error.ts';
import { checkOptions } from '../../core/option-names.ts';
import type { OptionNames } from '../../core/option-names.ts';
import type { Collects, Found } from '../../core/phase.ts';
import { httpProbes } from '../../core/probes.ts';
import { isSecretKey } from '../../core/secret-ref.ts';
import { Service } from '../../core/service.ts';
import { Workload } from '../../core/workload.ts';
import { sized } from '../../core/workload-size.ts';
import { grafanaDefaults as defaults } from '../defaults.ts';
import type { GrafanaProps } from '../props.ts';
import { render } from './render.ts';
import { byLdaps, ldapFile, signInFindings, signInSettings } from './sign-in.ts';
import { sourceFiles } from './sources.ts';

const name = 'grafana';
const port = 3000;
/** The image's own account. */
const user = 472;
const settingsPath = '/etc/grafana';
const provisioningPath = `${settingsPath}/provisioning`;
const folder = path.join(import.meta.dirname, '..', 'files', 'grafana');

const optionNames: OptionNames<GrafanaProps> = {
  image: 'required',
  numbers: 'required',
  password: 'required',
  secretKey: 'required',
  logs: true,
  traces: true,
  directory: true,
  size: true,
};

/**
 * Shows what components want to be looked at: every dashboard is a file, and what it keeps besides, such as sessions, is gone with
 * its pod. Nobody reaches it but by `kubectl port-forward`.
 */
export class Grafana extends Construct implements Collects {
  readonly workload: Workload;
  private dashboards: readonly Dashboard[] = [];

  /** @throws InputError with everything that is wrong */
  constructor(scope: Construct, id: string, props: GrafanaProps) {
    super(scope, id);
    checkOptions('Grafana', props, optionNames);
    checkProps(props);
    const { image, numbers, logs, traces, password, secretKey, directory, size } = props;
    const kept = { lines: logs !== undefined, traces: traces !== undefined };
    const because =
      "Estimate: a few people look at it; its makers' own manifests request 100m and 100Mi for version 13.";
    this.workload = new Workload(this, 'grafana', {
      name,
      program: name,
      component: 'dashboards',
      // Who looks can wait a minute, and a second one would take a node's room for nobody.
      controller: { kind: 'Deployment', replicas: 1, maxSurge: 0 },
      containers: [
        {
          name,
          image,
          command: [
            '/usr/share/grafana/bin/grafana',
            'server',
            '--homepath=/usr/share/grafana',
            `--config=${settingsPath}/main/grafana.ini`,
          ],
          ports: [{ name: 'http', port }],
          resources: sized(size, defaults.size, because),
          probes: httpProbes('http', { live: '/api/health' }, { startup: { periodSeconds: 5, withinSeconds: 300 } }),
          files: {
            [`${settingsPath}/main`]: this.files('settings', () => ({
              'grafana.ini': settings(props),
              ...(directory ? { 'ldap.toml': ldapFile(directory) } : {}),
            })),
            [`${provisioningPath}/datasources`]: this.files('datasources', () => sourceFiles(props)),
            [`${provisioningPath}/dashboards`]: this.files('dashboards', () => ({
              'dashboards.yaml': fs.readFileSync(path.join(folder, 'dashboards.yaml'), 'utf8'),
              ...Object.fromEntries(
                this.dashboards.map(({ props: each }) => [`${each.name}.json`, render(each, kept)]),
              ),
            })),
          },
          secretFiles: {
            ADMIN_PASSWORD_FILE: password,
            SECRET_KEY_FILE: secretKey,
            ...(directory ? { LDAP_BIND_PASSWORD_FILE: directory.endpoint.credentials.password } : {}),
          },
          ...(directory?.endpoint.authority ? { authorities: [directory.endpoint.authority] } : {}),
          writableDirectories: [
            { name: 'data', path: '/var/lib/grafana', sizeLimit: Size.mebibytes(256) },
            { name: 'tmp', path: '/tmp', sizeLimit: Size.mebibytes(64) },
          ],
        },
      ],
      priority: 'observability',
      spread: 'servers-first',
      user,
    });
    this.workload.observes(numbers, 'asks for what it shows');
    if (logs) this.workload.observes(logs, 'asks for lines of logs');
    if (traces) this.workload.observes(traces, 'asks for traces');
    // Without it `admin` still gets in.
    if (directory) this.workload.observes(byLdaps(directory.endpoint), 'signs people in');
    new Service(this, 'service', { name, pods: this.workload, ports: [{ name: 'http' }] });
  }

  /** @throws InputError for two dashboards of one name */
  collect({ dashboards }: Found): void {
    const names = dashboards.map(({ props }) => props.name);
    const twice = names.filter((each, index) => names.indexOf(each) < index);
    if (twice.length > 0) {
      throw new InputError(
        twice.map((each) => ({
          where: `dashboard ${each}`,
          what: 'there are two of it, and they would have one file and one address',
          allowed: 'each name once',
          remedy: 'change it where one of them is made',
        })),
      );
    }
    this.dashboards = dashboards;
  }

  private files(what: string, data: () => Readonly<Record<string, string>>): ConfigFiles {
    return new ConfigFiles(this, what, { name: `${name}-${what}`, data });
  }
}

/** By files alone: Grafana's own defaults are what everybody knows. */
function settings({ password, secretKey, directory }: GrafanaProps): string {
  const secrets = { admin_password: password, secret_key: secretKey };
  const lines = Object.entries(secrets).map(([key, reference]) => `${key} = $__file{${secretFile(reference)}}\n`);
  const signIn = directory ? signInSettings(`${settingsPath}/main/ldap.toml`) : '';
  return fs.readFileSync(path.join(folder, 'grafana.ini'), 'utf8') + lines.join('') + signIn;
}

function checkProps({ password, secretKey, directory }: GrafanaProps): void {
  const findings = [
    ...Object.entries({ password, secretKey })
      .filter(([, reference]) => !isSecretKey(reference))
      .map(([name]) => ({
        where: 'Grafana',
        what: `${name} is no key of a secret`,
        allowed: "a reference, such as secret.key('password')",
        remedy: 'declare a SecretRef, and give its key',
      })),
    ...signInFindings(directory),
  ];
  if (findings.length > 0) throw new InputError(findings);
}
