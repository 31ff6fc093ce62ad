import { Construct } from 'constructs';
import type { TrustedAuthority } from '../core/endpoint.ts';
import { kubeObject } from '../core/kube-object.ts';
import type { PodVolume } from '../core/pod-volume.ts';
import { certificateKeys, serverCertificateDays } from '../core/secret.ts';
import { SecretRef } from '../core/secret-ref.ts';
import type { Certificate, Issuer } from '../../imports/cert-manager.ts';

const apiVersion = 'cert-manager.io/v1';
const renewedBeforeDays = 30;
const hours = (days: number): string => `${days * 24}h0m0s`;

/**
 * Signs the certificates of one store's servers, in all its lives, and no others: each store has one of its own, in its own
 * namespace. `npm run seal` makes it, so that its certificate stands in git for clients of any namespace, and is the same
 * again in a cluster that is built anew.
 * @see https://cert-manager.io/docs/configuration/ca/ (v1.21)
 */
export class Authority extends Construct implements TrustedAuthority {
  readonly name: string;
  readonly certificates: string | undefined;

  /** @param authority `environment.authority(name)`: names the secret and the issuer, too */
  constructor(scope: Construct, id: string, { name, certificates }: TrustedAuthority) {
    super(scope, id);
    this.name = name;
    this.certificates = certificates;
    new SecretRef(this, 'secret', {
      name,
      purpose: 'signs the certificates by which clients know that they talk to the right server',
      type: 'kubernetes.io/tls',
      keys: { 'tls.key': { kind: 'authority', certificate: 'tls.crt' } },
      rotationDays: 5 * 365,
    }).copyTo(this);
    const issuer: Issuer = { apiVersion, kind: 'Issuer', metadata: { name }, spec: { ca: { secretName: name } } };
    kubeObject(this, 'issuer', issuer);
  }

  /**
   * A certificate for the servers of these names, with a key of its own.
   * @param name of the Certificate, and of the Secret that cert-manager writes
   * @returns what a Workload mounts
   */
  sign(name: string, hosts: readonly string[]): PodVolume {
    const manifest: Certificate = {
      apiVersion,
      kind: 'Certificate',
      metadata: { name },
      spec: {
        secretName: name,
        privateKey: { algorithm: 'ECDSA', size: 256, rotationPolicy: 'Always' },
        dnsNames: [...hosts],
        duration: hours(serverCertificateDays),
        renewBefore: hours(renewedBeforeDays),
        usages: ['digital signature', 'server auth', 'client auth'],
        issuerRef: { kind: 'Issuer', name: this.name },
      },
    };
    kubeObject(this, `certificate-${name}`, manifest);
    return { secretName: name, keys: certificateKeys };
  }
}
