import fs from 'node:fs';
import path from 'node:path';
import { Size } from 'cdk8s';
import { Construct } from 'constructs';
import { Alert } from '../core/alert.ts';
import { applicationOf } from '../core/application-chart.ts';
import { Cpu } from '../core/cpu.ts';
import { Dashboard } from '../core/dashboard.ts';
import type { RepositoryServer } from '../core/environment.ts';
import { kubeObject } from '../core/kube-object.ts';
import { KubeConfigMap, KubeLimitRange, Quantity } from '../core/level1.ts';
import { argoCdAlerts } from './alerts.ts';
import { argoCdDashboard } from './dashboard.ts';

/**
 * What each of Argo CD's containers gets where upstream's manifests request nothing: without it they would be the first
 * to go when a node is short. The largest, the controller, was measured at 257 MiB with 22 applications.
 */
export const argoCdRequests = { cpu: Cpu.millicores(50), memory: Size.mebibytes(192) };

export interface ArgoCdSettingsProps {
  /** Where the web interface is reached, such as `argocd.example.com`. */
  readonly host: string;
  /**
   * The server of the repository, where it proves by keys or certificates of its own that it is the one.
   * @default what comes with Argo CD, and whom the world trusts
   */
  readonly repository?: RepositoryServer;
}

/**
 * Argo CD's own settings. Upstream's manifests bring these ConfigMaps nearly empty; ours are applied in their place.
 * @see https://argo-cd.readthedocs.io/en/stable/operator-manual/argocd-cm-yaml/ (v3.5)
 */
export class ArgoCdSettings extends Construct {
  constructor(scope: Construct, id: string, { host, repository }: ArgoCdSettingsProps) {
    super(scope, id);
    for (const alert of argoCdAlerts) new Alert(this, alert.name, alert);
    const lines = { namespace: applicationOf(this).destination.name };
    new Dashboard(this, 'dashboard', { ...argoCdDashboard, lines });
    this.configMap('argocd-cm', {
      url: `https://${host}`,
      // How long a commit, or a change whose event got lost, waits at most: 60 to 70 s in place of 120 to 180.
      'timeout.reconciliation': '60s',
      'timeout.reconciliation.jitter': '10s',
      // Ownership by annotation: a label would be copied by controllers onto objects that are not ours.
      'application.resourceTrackingMethod': 'annotation',
      // A developer may roll back to what ran before, but not sync whatever commit they like.
      'application.sync.requireOverridePrivilegeForRevisionSync': 'true',
      // Makes a wave wait for the applications of the one before.
      'resource.customizations.health.argoproj.io_Application': timed('application-health.lua'),
      // Without this a script has no functions for text, and no clock.
      'resource.customizations.useOpenLibs.argoproj.io_Application': 'true',
      // Argo CD's own verdict of a StatefulSet that can't be rolled out never ends.
      'resource.customizations.health.apps_StatefulSet': timed('statefulset-health.lua'),
      'resource.customizations.useOpenLibs.apps_StatefulSet': 'true',
      'resource.customizations.health.autoscaling_HorizontalPodAutoscaler': file('horizontalpodautoscaler-health.lua'),
      'resource.customizations.health.apiextensions.k8s.io_CustomResourceDefinition': file(
        'customresourcedefinition-health.lua',
      ),
      // A change of status alone is no reason to compare an application again.
      'resource.customizations.ignoreResourceUpdates.all': "jsonPointers: ['/status']\n",
      // What controllers write by the thousand and nobody keeps in git.
      'resource.exclusions': file('resource-exclusions.yaml'),
    });
    this.configMap('argocd-rbac-cm', {
      // Nobody may do anything that no role of theirs says.
      'policy.default': '',
      'policy.csv': file('rbac-policy.csv'),
    });
    // Read when the controller starts: after a change, restart it.
    this.configMap('argocd-cmd-params-cm', {
      'controller.diff.server.side': 'true',
      // Who makes the same mistake again and again waits up to 300 s without it.
      'controller.self.heal.backoff.cap.seconds': '30',
      // What no health can end: a deletion that waits for a finalizer, a hook without a deadline, a pruning that nobody
      // confirms. Longer than the longest start that is promised, a restore within the hour, with what comes after it.
      'controller.sync.timeout.seconds': '7200',
    });
    const { hostKeys, certificates } = repository ?? {};
    if (repository !== undefined && hostKeys !== undefined) {
      // In place of the list that comes with Argo CD: nothing else is read by SSH.
      const lines = hostKeys.map((key) => `${knownAs(repository)} ${key}\n`);
      this.configMap('argocd-ssh-known-hosts-cm', { ssh_known_hosts: lines.join('') });
    }
    if (repository !== undefined && certificates !== undefined)
      this.configMap('argocd-tls-certs-cm', { [repository.host]: certificates });
    kubeObject(this, 'requests', KubeLimitRange, {
      metadata: { name: 'requests' },
      spec: {
        limits: [
          {
            type: 'Container',
            defaultRequest: {
              cpu: Quantity.fromString(argoCdRequests.cpu.asString()),
              memory: Quantity.fromString(argoCdRequests.memory.asString()),
            },
          },
        ],
      },
    });
  }

  private configMap(name: string, data: Record<string, string>): void {
    // Argo CD reads only ConfigMaps with this label.
    const labels = { 'app.kubernetes.io/name': name, 'app.kubernetes.io/part-of': 'argocd' };
    kubeObject(this, name, KubeConfigMap, { metadata: { name, labels }, data });
  }
}

/** A script that knows how long something has been as it is. */
function timed(name: string): string {
  return `${file('clock.lua')}\n${file(name)}`;
}

/** How a server stands in a list of known hosts. */
function knownAs({ host, port }: RepositoryServer): string {
  return port === 22 ? host : `[${host}]:${port}`;
}

function file(name: string): string {
  return fs.readFileSync(path.join(import.meta.dirname, 'files', name), 'utf8');
}
