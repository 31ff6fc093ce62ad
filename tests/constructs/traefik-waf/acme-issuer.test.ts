import { AcmeIssuer } from '../../../constructs/traefik-waf/index.ts';
import type { AcmeIssuerProps } from '../../../constructs/traefik-waf/index.ts';
import { built } from '../../support/constructs.ts';
import type { Built } from '../../support/constructs.ts';
import { at, only, refusal } from '../../support/harness.ts';

const usual: AcmeIssuerProps = { server: 'production', dns: 'cloudflare', domains: ['example.com'] };
const issuer = (props: Partial<AcmeIssuerProps> = {}): Built<AcmeIssuer> =>
  built((scope) => new AcmeIssuer(scope, 'issuer', { ...usual, ...props }));
const spec = (props: Partial<AcmeIssuerProps>, path: string): unknown =>
  at(only(issuer(props).manifests, 'ClusterIssuer'), `spec.acme.${path}`);

describe('an issuer', () => {
  test('orders certificates that browsers trust, or such as are for trying', () => {
    expect(spec({}, 'server')).toBe('https://acme-v02.api.letsencrypt.org/directory');
    expect(spec({ server: 'staging' }, 'server')).toBe('https://acme-staging-v02.api.letsencrypt.org/directory');
  });

  test('proves by DNS whose the names of its domains are, and of no others', () => {
    expect(spec({ domains: ['example.com', 'example.org'] }, 'solvers')).toEqual([
      {
        selector: { dnsZones: ['example.com', 'example.org'] },
        dns01: { cloudflare: { apiTokenSecretRef: { name: 'cloudflare-dns', key: 'token' } } },
      },
    ]);
  });

  test("asks Hetzner's webhook where Hetzner answers for them", () => {
    expect(spec({ dns: 'hetzner' }, 'solvers.0.dns01')).toEqual({
      webhook: {
        groupName: 'acme.hetzner.com',
        solverName: 'hetzner',
        config: { tokenSecretKeyRef: { name: 'hetzner-dns', key: 'token' } },
      },
    });
  });

  test('is called as it is told, and as its construct otherwise', () => {
    const names = [issuer(), issuer({ name: 'letsencrypt' })].map(({ value, manifests }) => [
      value.name,
      only(manifests, 'ClusterIssuer').metadata.name,
      at(only(manifests, 'ClusterIssuer'), 'spec.acme.privateKeySecretRef.name'),
    ]);
    expect(names).toEqual([
      ['issuer', 'issuer', 'issuer-account'],
      ['letsencrypt', 'letsencrypt', 'letsencrypt-account'],
    ]);
  });

  test('asks a person for its token, which lies in its own namespace alone', () => {
    const secrets = issuer().platform.secrets.map((secret) => secret.inventoryEntry());
    expect(secrets.filter(({ name }) => name === 'cloudflare-dns')).toMatchObject([
      { keys: { token: { kind: 'human', word: true } }, copies: [{ namespace: 'test' }] },
    ]);
  });

  test('of no domain is refused', () => {
    expect(refusal(() => issuer({ domains: [] }))).toMatchObject([
      { where: 'AcmeIssuer issuer: domains', what: 'there are none' },
    ]);
  });
});
