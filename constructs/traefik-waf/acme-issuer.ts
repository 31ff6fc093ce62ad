import { Construct } from 'constructs';
import type { ClusterIssuer, IssuerSpecAcmeSolversDns01 } from '../../imports/cert-manager.ts';
import { InputError } from '../core/error.ts';
import { kubeObject } from '../core/kube-object.ts';
import { SecretRef } from '../core/secret-ref.ts';

export interface AcmeIssuerProps {
  /**
   * Name of the ClusterIssuer.
   * @default the construct's id
   */
  readonly name?: string;
  /** `production` for certificates that browsers trust; `staging` for trying, where mistakes don't count. */
  readonly server: 'production' | 'staging';
  /** Who answers for the domains. `hetzner` needs a chart beside cert-manager, see below. */
  readonly dns: 'cloudflare' | 'hetzner';
  /** The domains, such as `example.com`: it orders for names below these and no others. */
  readonly domains: readonly string[];
}

const servers = {
  production: 'https://acme-v02.api.letsencrypt.org/directory',
  staging: 'https://acme-staging-v02.api.letsencrypt.org/directory',
} as const;

/**
 * Orders certificates of Let's Encrypt and proves by DNS whose the names are: no port has to be open for it, and wildcards can
 * be had. Made in cert-manager's namespace, where it looks for the keys of a ClusterIssuer: whoever reads the secrets of the edge
 * reads no key of the domain.
 * @see https://cert-manager.io/docs/configuration/acme/dns01/ (v1.21)
 */
export class AcmeIssuer extends Construct {
  readonly name: string;

  /** @throws InputError for an issuer of no domain */
  constructor(scope: Construct, id: string, props: AcmeIssuerProps) {
    super(scope, id);
    this.name = props.name ?? id;
    if (props.domains.length === 0) {
      throw new InputError({
        where: `AcmeIssuer ${this.name}: domains`,
        what: 'there are none',
        allowed: 'one domain or more, such as environment.domain',
        remedy: 'name them',
      });
    }
    const manifest: ClusterIssuer = {
      apiVersion: 'cert-manager.io/v1',
      kind: 'ClusterIssuer',
      metadata: { name: this.name },
      spec: {
        acme: {
          server: servers[props.server],
          // Made by cert-manager at its first order; another one is as good.
          privateKeySecretRef: { name: `${this.name}-account` },
          solvers: [{ selector: { dnsZones: [...props.domains] }, dns01: this.solver(props) }],
        },
      },
    };
    kubeObject(this, 'cluster-issuer', manifest);
  }

  private solver({ dns, domains }: AcmeIssuerProps): IssuerSpecAcmeSolversDns01 {
    const prompts = {
      cloudflare: `API token of Cloudflare that may edit the DNS of ${domains.join(', ')} and nothing else`,
      hetzner: `API token of the Hetzner project that has the DNS zone ${domains.join(', ')}, and nothing else`,
    };
    const secret = new SecretRef(this, 'token', {
      name: `${dns}-dns`,
      purpose: "proves to Let's Encrypt whose the domain is: its owner can point every name elsewhere",
      keys: { token: { kind: 'human', prompt: prompts[dns], minimumLength: 20, word: true } },
    });
    secret.copyTo(this);
    const reference = { name: secret.name, key: 'token' };
    if (dns === 'cloudflare') return { cloudflare: { apiTokenSecretRef: reference } };
    const config = { tokenSecretKeyRef: reference };
    return { webhook: { groupName: 'acme.hetzner.com', solverName: 'hetzner', config } };
  }
}
