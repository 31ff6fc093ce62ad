import fs from 'node:fs';
import path from 'node:path';
import { Construct } from 'constructs';
import { kubeObject } from '../core/kube-object.ts';
import { KubeConfigMap } from '../core/level1.ts';

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
      // Ownership by annotation: a label would be copied by controllers onto objects that are not ours.
      'application.resourceTrackingMethod': 'annotation',
      // A developer may roll back to what ran before, but not sync whatever commit they like.
      'application.sync.requireOverridePrivilegeForRevisionSync': 'true',
      // Makes a wave wait for the applications of the one before.
      'resource.customizations.health.argoproj.io_Application': file('application-health.lua'),
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
    this.configMap('argocd-cmd-params-cm', { 'controller.diff.server.side': 'true' });
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
