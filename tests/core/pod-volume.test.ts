import { Size } from 'cdk8s';
import { volumeSpec } from '../../constructs/core/pod-volume.ts';
import type { PodVolume } from '../../constructs/core/pod-volume.ts';

const volumes: [string, PodVolume, object][] = [
  ['files of a ConfigMap', { configMap: 'settings' }, { configMap: { name: 'settings', defaultMode: 0o444 } }],
  [
    'scripts of a ConfigMap',
    { configMap: 'scripts', executable: true },
    { configMap: { name: 'scripts', defaultMode: 0o555 } },
  ],
  [
    'keys of a Secret, which only the group of the pod may read',
    { secretName: 'tls', keys: ['tls.crt', 'tls.key'] },
    {
      secret: {
        secretName: 'tls',
        defaultMode: 0o440,
        items: [
          { key: 'tls.crt', path: 'tls.crt' },
          { key: 'tls.key', path: 'tls.key' },
        ],
      },
    },
  ],
  [
    'what a StatefulSet claimed for a pod of its own',
    { claim: 'data-samba-0' },
    { persistentVolumeClaim: { claimName: 'data-samba-0' } },
  ],
  ['an empty directory', { sizeLimit: Size.mebibytes(1) }, { emptyDir: { sizeLimit: '1Mi' } }],
  ['memory', { sizeLimit: Size.mebibytes(1), inMemory: true }, { emptyDir: { sizeLimit: '1Mi', medium: 'Memory' } }],
  [
    'a scratch volume of a class, which goes with the pod',
    { scratch: Size.gibibytes(5), storageClass: 'local-path' },
    {
      ephemeral: {
        volumeClaimTemplate: {
          spec: {
            accessModes: ['ReadWriteOnce'],
            storageClassName: 'local-path',
            resources: { requests: { storage: '5Gi' } },
          },
        },
      },
    },
  ],
];

test.each(volumes)('a volume may be %s', (_, volume, expected) => {
  expect(volumeSpec('files', volume)).toEqual({ name: 'files', ...expected });
});
