import fs from 'node:fs';
import path from 'node:path';
import { Size } from 'cdk8s';
import { Construct } from 'constructs';
import { Cpu } from '../core/cpu.ts';
import { kubeObject } from '../core/kube-object.ts';
import { KubeConfigMap, KubeLimitRange, Quantity } from '../core/level1.ts';

/**
 * What each of Argo CD's containers gets where upstream's manifests request nothing: without it they would be the first
 * to go when a node is short. The largest, the controller, was measured at 257 MiB with 22 applications.
 */
export const argoCdRequests = { cpu: Cpu.millicores(50), memory: Size.mebibytes(192) };

export interface ArgoCdSettingsProps {
  /** Where the web interface is reached, such as `argocd.example.com`. */
  readonly host: string;
}

/**
 * Argo CD's own settings. Upstream's manifests bring these ConfigMaps nearly empty; ours are applied in their place.
 * @see https://argo-cd.readthedocs.io/en/stable/operator-manual/argocd-cm-yaml/ (v3.5)
 */
export class ArgoCdSettings extends Construct {
  constructor(scope: Construct, id: string, { host }: ArgoCdSettingsProps) {
    super(scope, id);
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
      'resource.customizations.health.argoproj.io_Application': file('application-health.lua'),
      // The script looks into a message; without this it has no functions for text.
      'resource.customizations.useOpenLibs.argoproj.io_Application': 'true',
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
    });
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

function file(name: string): string {
  return fs.readFileSync(path.join(import.meta.dirname, 'files', name), 'utf8');
}
