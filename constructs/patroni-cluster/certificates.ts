import type { ICertificate } from '@kubernetes-models/cert-manager/cert-manager.io/v1/Certificate';
import type { IIssuer } from '@kubernetes-models/cert-manager/cert-manager.io/v1/Issuer';
import type { Construct } from 'constructs';
import { typedObject } from '../core/kube-object.ts';
import { serviceNames } from './services.ts';

const apiVersion = 'cert-manager.io/v1';

type Specification = NonNullable<ICertificate['spec']>;

export const certificateKeys = ['ca.crt', 'tls.crt', 'tls.key'] as const;

/**
 * An authority of this cluster's own, and the certificate that all members share. Clients that want to check it get
 * `ca.crt` of the returned Secret.
 * @returns the Secret that cert-manager writes
 * @see https://cert-manager.io/docs/configuration/ca/ (v1.21)
 */
export function memberCertificate(construct: Construct, scope: string, namespace: string): string {
  const secretName = `${scope}-tls`;
  const authority = `${scope}-ca`;
  const names = serviceNames(scope);
  const hosts = Object.values(names).flatMap((name) => [name, `${name}.${namespace}.svc.cluster.local`]);
  const issuer = (name: string, spec: IIssuer['spec']): void => {
    const manifest: IIssuer = { apiVersion, kind: 'Issuer', metadata: { name }, spec };
    typedObject(construct, `issuer-${name}`, manifest);
  };
  const certificate = (name: string, spec: Omit<Specification, 'secretName' | 'privateKey'>): void => {
    const manifest: ICertificate = {
      apiVersion,
      kind: 'Certificate',
      metadata: { name },
      spec: { secretName: name, privateKey: { algorithm: 'ECDSA', size: 256, rotationPolicy: 'Always' }, ...spec },
    };
    typedObject(construct, `certificate-${name}`, manifest);
  };
  issuer(`${scope}-self-signed`, { selfSigned: {} });
  certificate(authority, {
    commonName: `authority of ${scope}`,
    isCA: true,
    duration: '87600h0m0s',
    issuerRef: { kind: 'Issuer', name: `${scope}-self-signed` },
  });
  issuer(authority, { ca: { secretName: authority } });
  certificate(secretName, {
    dnsNames: [...hosts, `*.${names.members}.${namespace}.svc.cluster.local`],
    duration: '2160h0m0s',
    renewBefore: '720h0m0s',
    usages: ['digital signature', 'server auth', 'client auth'],
    issuerRef: { kind: 'Issuer', name: authority },
  });
  return secretName;
}
