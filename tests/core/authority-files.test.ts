import { Duration, Size } from 'cdk8s';
import { authorityFile } from '../../constructs/core/authority-files.ts';
import type { ContainerProps } from '../../constructs/core/container.ts';
import { Cpu } from '../../constructs/core/cpu.ts';
import type { TrustedAuthority } from '../../constructs/core/endpoint.ts';
import { Workload } from '../../constructs/core/workload.ts';
import { podTemplateOf } from '../../synth/pods.ts';
import { at, image, manifestsOf, only, refusal } from '../support/harness.ts';

const database: TrustedAuthority = { name: 'postgres-ca', certificates: 'NEW\nOLD\n' };
const directory: TrustedAuthority = { name: 'samba-ca', certificates: 'SAMBA\n' };

function workload(...authorities: readonly TrustedAuthority[]) {
  const container: ContainerProps = {
    name: 'main',
    image,
    authorities,
    resources: { cpuRequest: Cpu.millicores(10), memory: Size.mebibytes(16), because: 'a test' },
    probes: 'none',
  };
  return manifestsOf(
    (scope) =>
      new Workload(scope, 'job', {
        name: 'job',
        program: 'tester',
        component: 'test',
        controller: { kind: 'Job', retries: 1, deadline: Duration.minutes(1) },
        containers: [container],
        priority: 'applications',
        spread: 'anywhere',
        annotations: { 'argocd.argoproj.io/hook': 'PreSync' },
      }),
  );
}

const pods = (...authorities: readonly TrustedAuthority[]) => podTemplateOf(only(workload(...authorities), 'Job'))!;
const hash = (...authorities: readonly TrustedAuthority[]) =>
  pods(...authorities).metadata?.annotations?.['diptych/files'];

describe('certificates of authorities', () => {
  test('are files of a ConfigMap that lives as long as the pods, a hook for a hook', () => {
    const { metadata, data } = only(workload(database, directory), 'ConfigMap');
    expect(metadata).toMatchObject({
      name: 'job-authorities',
      annotations: { 'argocd.argoproj.io/hook': 'PreSync' },
    });
    expect(data).toEqual({ 'postgres-ca.crt': 'NEW\nOLD\n', 'samba-ca.crt': 'SAMBA\n' });
  });

  test('are read-only, where their container looks for them', () => {
    const { volumes, containers } = pods(database).spec!;
    expect(volumes).toContainEqual({
      name: 'files-job-authorities',
      configMap: { name: 'job-authorities', defaultMode: 0o444 },
    });
    expect(containers[0]!.volumeMounts).toEqual([
      { name: 'files-job-authorities', mountPath: '/run/authorities', readOnly: true },
    ]);
    expect(authorityFile(database)).toBe('/run/authorities/postgres-ca.crt');
  });

  test('bring no key with them', () => {
    expect(workload(database).map(({ kind }) => kind)).not.toContain('Secret');
  });

  test('make new pods when they change, and only then', () => {
    expect(hash(database)).toBe(hash({ ...database }));
    expect(hash(database)).not.toBe(hash({ ...database, certificates: 'NEW\n' }));
  });

  test('are empty before they are made: a client that verifies refuses every server', () => {
    expect(only(workload({ name: 'postgres-ca', certificates: undefined }), 'ConfigMap').data).toEqual({
      'postgres-ca.crt': '',
    });
  });

  test('leave no trace where nobody is verified', () => {
    expect(workload().filter(({ kind }) => kind === 'ConfigMap')).toEqual([]);
    expect([at(only(workload(), 'Job'), 'spec.template.metadata.annotations'), hash()]).toEqual([undefined, undefined]);
  });

  test('of two authorities with one name are refused', () => {
    const findings = refusal(() => workload(database, { ...database, certificates: 'ANOTHER\n' }));
    expect(findings.map(({ where, what }) => `${where}: ${what}`)).toContain(
      'authority postgres-ca: a pod is to trust two of that name, with different certificates',
    );
  });
});
