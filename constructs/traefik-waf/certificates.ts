import type { Construct } from 'constructs';
import type { Certificate } from '../../imports/cert-manager.ts';
import { kubeObject } from '../core/kube-object.ts';
import { belongsTo } from './checks.ts';

/** The certificates of an edge: one for each host, or one for all that lie right below a domain. */
export class Certificates {
  private readonly construct: Construct;
  private readonly issuer: string;
  private readonly wildcard: string | false;
  private readonly made = new Set<string>();

  constructor(construct: Construct, issuer: string, wildcard: string | false) {
    this.construct = construct;
    this.issuer = issuer;
    this.wildcard = wildcard;
  }

  /** Orders it, unless that was done. @returns the name of the Secret that it will be in */
  for(host: string): string {
    const shared = this.wildcard && belongsTo(host, this.wildcard) ? this.wildcard : undefined;
    const name = shared ?? host;
    const secretName = `${name}.tls`;
    if (!this.made.has(name)) this.order(name, secretName, shared === undefined ? [host] : [shared, `*.${shared}`]);
    this.made.add(name);
    return secretName;
  }

  private order(name: string, secretName: string, dnsNames: readonly string[]): void {
    const manifest: Certificate = {
      apiVersion: 'cert-manager.io/v1',
      kind: 'Certificate',
      metadata: { name },
      spec: {
        secretName,
        // Another key each time. When it is renewed follows from its life: after two thirds, however long that is.
        privateKey: { algorithm: 'ECDSA', size: 256, rotationPolicy: 'Always' },
        dnsNames,
        usages: ['digital signature', 'server auth'],
        issuerRef: { kind: 'ClusterIssuer', name: this.issuer },
      },
    };
    kubeObject(this.construct, `certificate-${name}`, manifest);
  }
}
