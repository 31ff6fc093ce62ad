import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parse } from 'yaml';
import { blocksOf, filledIn, Shell } from '../../../prove/drills/runbook.ts';
import { root } from '../../support/committed.ts';

const page = fs.readFileSync(path.join(root, 'docs/runbooks/directory-move.md'), 'utf8');
const given = { from: 'node1', from_address: 'node1', to: 'node2', to_address: 'node2' };
const place = '/var/lib/rancher/k3s/storage/pvc-1_identity_data-samba-0';

/** As the API shows one of local-path's. */
const volume = `apiVersion: v1
kind: PersistentVolume
metadata:
  annotations:
    local.path.provisioner/selected-node: node1
    pv.kubernetes.io/provisioned-by: rancher.io/local-path
  creationTimestamp: "2026-12-01T02:03:04Z"
  finalizers:
  - kubernetes.io/pv-protection
  name: pvc-1
  resourceVersion: "1234"
  uid: 0b1c
spec:
  accessModes:
  - ReadWriteOnce
  capacity:
    storage: 2Gi
  claimRef:
    apiVersion: v1
    kind: PersistentVolumeClaim
    name: data-samba-0
    namespace: identity
    resourceVersion: "1200"
    uid: 9f8e
  hostPath:
    path: ${place}
    type: DirectoryOrCreate
  nodeAffinity:
    required:
      nodeSelectorTerms:
      - matchExpressions:
        - key: kubernetes.io/hostname
          operator: In
          values:
          - node1
  persistentVolumeReclaimPolicy: Delete
  storageClassName: local-path
  volumeMode: Filesystem
status:
  phase: Bound
`;

let folder: string;
const at = (name: string): string => path.join(folder, name);

/** Nodes are folders here, and what kubectl is told is written down. */
const programs = (): string => `
kubectl() {
  echo "$*" >>'${at('told')}'
  case "$*" in
    *'get pvc'*) echo pvc-1 ;;
    *'get pv'*yaml*) cat '${at('volume.yaml')}' ;;
    *'get pv'*) echo ${place} ;;
    'create -f -') cat >'${at('created.yaml')}' ;;
  esac
}
ssh() { local node=\${3#root@}; shift 3; sh -c "$(sed "s|/var/lib|${folder}/$node&|g" <<<"$*")"; }
`;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'directory-move-'));
  fs.writeFileSync(at('volume.yaml'), volume);
  fs.mkdirSync(path.join(folder, 'node1', place, 'lib/private'), { recursive: true });
  fs.writeFileSync(path.join(folder, 'node1', place, 'lib/private/sam.ldb'), 'of the domain', { mode: 0o600 });
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

async function typed(): Promise<void> {
  const shell = new Shell(programs());
  for (const block of blocksOf(page)) await shell.type(filledIn(block, given));
}

describe('the runbook of a directory that goes to another node, typed', () => {
  test('has the same files there, and a volume for them that belongs to the claim', async () => {
    await typed();
    const file = path.join(folder, 'node2', place, 'lib/private/sam.ldb');
    expect([fs.readFileSync(file, 'utf8'), fs.statSync(file).mode & 0o777]).toEqual(['of the domain', 0o600]);
    expect(parse(fs.readFileSync(at('created.yaml'), 'utf8'))).toMatchObject({
      metadata: {
        name: 'pvc-1-node2',
        annotations: { 'local.path.provisioner/selected-node': 'node2' },
        finalizers: ['kubernetes.io/pv-protection'],
      },
      spec: {
        claimRef: { namespace: 'identity', name: 'data-samba-0' },
        hostPath: { path: place },
        nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [{ values: ['node2'] }] }] } },
        persistentVolumeReclaimPolicy: 'Delete',
      },
    });
    // The API refuses an object with one, and binds a volume with the other to no other claim.
    expect(fs.readFileSync(at('created.yaml'), 'utf8')).not.toMatch(/resourceVersion|uid/);
  });

  test('keeps the first volume before its claim goes, and makes the other one before that', async () => {
    await typed();
    const told = fs.readFileSync(at('told'), 'utf8').split('\n');
    const order = ['cordon', 'create -f', '"Retain"', 'delete pvc', 'uncordon', '"Delete"'].map((what) =>
      told.findIndex((line) => line.includes(what)),
    );
    expect(order).toEqual(order.toSorted((one, other) => one - other));
    expect(order).not.toContain(-1);
  });

  test('leaves a folder alone that is there already, and goes no further', async () => {
    fs.mkdirSync(path.join(folder, 'node2', place), { recursive: true });
    await expect(typed()).rejects.toThrow('File exists');
    expect(fs.existsSync(at('created.yaml'))).toBe(false);
  });
});
