import fs from 'node:fs';
import path from 'node:path';
import { Size } from 'cdk8s';
import { Construct } from 'constructs';
import { Alert } from '../../core/alert.ts';
import { ConfigFiles } from '../../core/config-files.ts';
import type { HttpEndpoint } from '../../core/endpoint.ts';
import { LogAlert } from '../../core/log-alert.ts';
import { httpProbes } from '../../core/probes.ts';
import { Scrape } from '../../core/scrape.ts';
import { Service } from '../../core/service.ts';
import { Workload } from '../../core/workload.ts';
import { wafAlerts, wafLogAlert } from './alerts.ts';
import { checkExclusions } from './exclusions.ts';
import type { Waf, WafSettings } from './index.ts';
import { routesConf, rulesFile } from './nginx.ts';
import { configurationPath, ports } from './paths.ts';
import { routeRules } from './rules.ts';

/** Of `nginx` in the image. */
const user = 101;

/** Those of files/waf, and those that follow from the routes. */
export function firewallFiles(settings: WafSettings): Readonly<Record<string, string>> {
  const folder = path.join(import.meta.dirname, '..', 'files', 'waf');
  const fixed = fs.readdirSync(folder).map((name) => [name, fs.readFileSync(path.join(folder, name), 'utf8')]);
  return { ...(Object.fromEntries(fixed) as Record<string, string>), ...routeFiles(settings) };
}

function routeFiles(settings: WafSettings): Readonly<Record<string, string>> {
  const routes = settings.routes();
  checkExclusions(
    `firewall ${settings.name}`,
    routes.flatMap(({ exclusions }) => exclusions),
  );
  return {
    'routes.conf': routesConf({ ...settings, routes }),
    ...Object.fromEntries(routes.map((route) => [rulesFile(route), routeRules(route, settings.paranoiaLevel)])),
  };
}

/**
 * nginx with ModSecurity and the OWASP Core Rule Set as an ordinary proxy: what it doesn't answer nobody answers. It is
 * never reloaded; another configuration makes other pods, and one that nginx refuses leaves those that run as they are.
 */
export class Firewall extends Construct implements Waf {
  readonly settings: WafSettings;
  readonly workload: Workload;
  readonly endpoint: HttpEndpoint;

  constructor(scope: Construct, id: string, settings: WafSettings) {
    super(scope, id);
    this.settings = settings;
    const { name, image, replicas, cpuRequest, memory, because } = settings;
    const files = new ConfigFiles(this, 'configuration', {
      name: `${name}-configuration`,
      folder: path.join(import.meta.dirname, '..', 'files', 'waf'),
      data: () => routeFiles(settings),
    });
    this.workload = new Workload(this, 'pods', {
      name,
      program: 'modsecurity',
      component: 'firewall',
      controller: { kind: 'Deployment', replicas },
      containers: [
        {
          name: 'nginx',
          image,
          // Its entrypoint writes configuration of its own into the image.
          command: ['bash', `${configurationPath}/start.sh`],
          ports: [
            { name: 'web', port: ports.web },
            { name: 'health', port: ports.health },
          ],
          resources: { cpuRequest, memory, because },
          probes: httpProbes('health', { live: '/healthz' }, { readiness: { periodSeconds: 5 } }),
          // Until Traefik knows that it is leaving.
          preStopSleepSeconds: 5,
          files: { [configurationPath]: files },
          // Bodies while they are looked at: as many large ones at a time as fit.
          writableDirectories: [{ name: 'temporary', path: '/tmp', sizeLimit: Size.gibibytes(1) }],
        },
      ],
      priority: 'edge',
      spread: 'strict',
      user,
      // Longer than nginx waits for what is open.
      terminationGracePeriodSeconds: 40,
    });
    const service = new Service(this, 'service', {
      name,
      pods: this.workload,
      ports: [{ name: 'web' }],
      preferSameNode: true,
    });
    const target = { peer: this.workload, host: service.host, port: ports.web };
    this.endpoint = { name: `firewall ${name}`, url: `http://${service.host}:${ports.web}`, targets: [target] };
    const numbers = { ...target, port: ports.health };
    new Scrape(this, 'scrape', { endpoint: { name: `firewall ${name}`, path: '/metrics', targets: [numbers] } });
    const { namespace } = this.workload;
    for (const alert of wafAlerts({ name, namespace, replicas })) new Alert(this, alert.name, alert);
    new LogAlert(this, wafLogAlert.name, { ...wafLogAlert, of: this.workload });
  }
}
