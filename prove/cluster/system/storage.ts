import type { Manifest } from '../../../constructs/core/manifest.ts';
import { systemImages } from '../../images/recipes/system.ts';
import { grant, serviceAccount, serviceAccountSubject } from './access.ts';

const name = 'local-path-provisioner';
/** The name that the provisioner's leader election insists on. */
const account = 'local-path-provisioner-service-account';
const labels = { app: name };
/** Where K3s keeps volumes. */
const folder = '/var/lib/rancher/k3s/storage';

const script = (command: string) => `#!/bin/sh\nset -eu\n${command}\n`;

/** local-path-provisioner and its StorageClass, as K3s installs them. */
export function storage(): readonly Manifest[] {
  return [
    serviceAccount(account),
    ...grant(
      'local-path-provisioner-role',
      [
        {
          apiGroups: [''],
          resources: ['nodes', 'persistentvolumeclaims', 'configmaps', 'pods/log'],
          verbs: ['get', 'list', 'watch'],
        },
        {
          apiGroups: [''],
          resources: ['endpoints', 'persistentvolumes', 'pods'],
          verbs: ['get', 'list', 'watch', 'create', 'patch', 'update', 'delete'],
        },
        { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch'] },
        { apiGroups: ['storage.k8s.io'], resources: ['storageclasses'], verbs: ['get', 'list', 'watch'] },
      ],
      serviceAccountSubject(account),
    ),
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'local-path-config', namespace: 'kube-system' },
      data: {
        'config.json': JSON.stringify({
          nodePathMap: [{ node: 'DEFAULT_PATH_FOR_NON_LISTED_NODES', paths: [folder] }],
        }),
        setup: script('mkdir -m 0777 -p "$VOL_DIR"'),
        teardown: script('rm -rf "$VOL_DIR"'),
        'helperPod.yaml': JSON.stringify({
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { name: 'helper-pod' },
          spec: { containers: [{ name: 'helper-pod', image: systemImages.probe, imagePullPolicy: 'IfNotPresent' }] },
        }),
      },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name, namespace: 'kube-system', labels },
      spec: { replicas: 1, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: podSpec() } },
    },
    {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name: 'local-path', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
      provisioner: 'rancher.io/local-path',
      reclaimPolicy: 'Delete',
      volumeBindingMode: 'WaitForFirstConsumer',
    },
  ];
}

function podSpec(): unknown {
  return {
    serviceAccountName: account,
    priorityClassName: 'system-node-critical',
    containers: [
      {
        name,
        image: systemImages.localPath,
        args: ['start', '--config', '/etc/config/config.json', '--helper-image', systemImages.probe],
        env: [
          { name: 'POD_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
          { name: 'CONFIG_MOUNT_PATH', value: '/etc/config/' },
        ],
        resources: { requests: { cpu: '10m', memory: '32Mi' }, limits: { memory: '128Mi' } },
        volumeMounts: [{ name: 'settings', mountPath: '/etc/config/', readOnly: true }],
      },
    ],
    volumes: [{ name: 'settings', configMap: { name: 'local-path-config' } }],
  };
}
