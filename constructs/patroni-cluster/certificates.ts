import type { ICertificate } from '@kubernetes-models/cert-manager/cert-manager.io/v1/Certificate';
import type { IIssuer } from '@kubernetes-models/cert-manager/cert-manager.io/v1/Issuer';
import type { Construct } from 'constructs';
import { serviceHost } from '../core/endpoint.ts';
import { kubeObject } from '../core/kube-object.ts';
import { serviceNames } from './services.ts';

const apiVersion = 'cert-manager.io/v1';

type Specification = NonNullable<ICertificate['spec']>;

/**
 * The authority that all generations of a cluster share: one that follows another checks its certificate.
 * @param name of the cluster, without its generation
 * @see https://cert-manager.io/docs/configuration/ca/ (v1.21)
 */
export function authority(construct: Construct, name: string): void {
  const issuer = (name: string, spec: IIssuer['spec']): void => {
    const manifest: IIssuer = { apiVersion, kind: 'Issuer', metadata: { name }, spec };
    kubeObject(construct, `issuer-${name}`, manifest);
  };
  issuer(`${name}-self-signed`, { selfSigned: {} });
  certificate(construct, authorityOf(name), {
    commonName: `authority of ${name}`,
    isCA: true,
    duration: '87600h0m0s',
    issuerRef: { kind: 'Issuer', name: `${name}-self-signed` },
  });
  issuer(authorityOf(name), { ca: { secretName: authorityOf(name) } });
}

export interface CertificateProps {
  /** Of the cluster: that of its authority. */
  readonly name: string;
  readonly scope: string;
  readonly namespace: string;
}

/**
 * The certificate that all members share. Clients that want to check it get `ca.crt` of the same Secret.
 * @returns the Secret that cert-manager writes
 */
export function memberCertificate(construct: Construct, { name, scope, namespace }: CertificateProps): string {
  const { primary, replicas, members } = serviceNames(scope);
  return signed(construct, `${scope}-tls`, name, [
    ...[primary, replicas, members].flatMap((service) => hostsOf(service, namespace)),
    `*.${serviceHost(members, namespace)}`,
  ]);
}

/** @returns the Secret that cert-manager writes, with a key of the pooler's own */
export function poolerCertificate(construct: Construct, { name, scope, namespace }: CertificateProps): string {
  const { pooler } = serviceNames(scope);
  return signed(construct, `${pooler}-tls`, name, hostsOf(pooler, namespace));
}

const authorityOf = (name: string): string => `${name}-ca`;

function hostsOf(service: string, namespace: string): string[] {
  return [service, serviceHost(service, namespace)];
}

function signed(construct: Construct, secretName: string, name: string, dnsNames: string[]): string {
  certificate(construct, secretName, {
    dnsNames,
    duration: '2160h0m0s',
    renewBefore: '720h0m0s',
    usages: ['digital signature', 'server auth', 'client auth'],
    issuerRef: { kind: 'Issuer', name: authorityOf(name) },
  });
  return secretName;
}

function certificate(construct: Construct, name: string, spec: Omit<Specification, 'secretName' | 'privateKey'>): void {
  const manifest: ICertificate = {
    apiVersion,
    kind: 'Certificate',
    metadata: { name },
    spec: { secretName: name, privateKey: { algorithm: 'ECDSA', size: 256, rotationPolicy: 'Always' }, ...spec },
  };
  kubeObject(construct, `certificate-${name}`, manifest);
}
