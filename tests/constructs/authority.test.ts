import { Authority } from '../../constructs/stateful/index.ts';
import { policyFindings } from '../../synth/policies.ts';
import { schemaFindings } from '../../synth/schema/index.ts';
import { built } from '../support/constructs.ts';
import { only } from '../support/harness.ts';

const hosts = ['db', 'db.test.svc.cluster.local'];
const { value, manifests, platform } = built((scope, _, environment) => {
  const authority = new Authority(scope, 'authority', environment.authority('db-ca'));
  return { authority, mounted: authority.sign('db-tls', hosts) };
});

describe('an authority', () => {
  test('is made and sealed like a password, in its own namespace only', () => {
    const entry = platform.secrets.map((secret) => secret.inventoryEntry()).find(({ name }) => name === 'db-ca');
    expect(entry).toMatchObject({
      type: 'kubernetes.io/tls',
      keys: { 'tls.key': { kind: 'authority', certificate: 'tls.crt' } },
      copies: [{ namespace: 'test' }],
    });
  });

  test('signs in its own namespace only: nobody elsewhere gets a certificate for its names', () => {
    expect(only(manifests, 'Issuer').spec).toEqual({ ca: { secretName: 'db-ca' } });
    expect(manifests.map(({ kind }) => kind)).not.toContain('ClusterIssuer');
  });

  test('signs for the names of a server, for 90 days', () => {
    const { spec } = only(manifests, 'Certificate', 'db-tls');
    expect(spec).toMatchObject({
      dnsNames: hosts,
      issuerRef: { kind: 'Issuer', name: 'db-ca' },
      duration: '2160h0m0s',
      renewBefore: '720h0m0s',
    });
  });

  test('gives what a workload mounts', () => {
    expect(value.mounted).toEqual({ secretName: 'db-tls', keys: ['ca.crt', 'tls.crt', 'tls.key'] });
  });

  test('is what its clients are told to trust', () => {
    expect(value.authority).toMatchObject({ name: 'db-ca', certificates: undefined });
  });

  test('is admitted by schema and policies', () => {
    const context = { images: new Set<string>(), secrets: new Map<string, string[]>(), privileges: new Map() };
    expect([...manifests.flatMap(schemaFindings), ...policyFindings(manifests, context)]).toEqual([]);
  });
});
