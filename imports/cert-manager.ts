// Written by npm run import from github.com/cert-manager/cert-manager@v1.21.2; nobody edits it.
// No text of theirs: what their fields are called, and of which type each is.
import type { IObjectMeta } from '@kubernetes-models/apimachinery/apis/meta/v1/ObjectMeta';

export interface Certificate {
  readonly apiVersion: 'cert-manager.io/v1';
  readonly kind: 'Certificate';
  readonly metadata?: IObjectMeta;
  readonly spec?: CertificateSpec;
}

export interface CertificateSpec {
  readonly additionalOutputFormats?: readonly CertificateSpecAdditionalOutputFormats[];
  readonly commonName?: string;
  readonly dnsNames?: readonly string[];
  readonly duration?: string;
  readonly emailAddresses?: readonly string[];
  readonly encodeUsagesInRequest?: boolean;
  readonly ipAddresses?: readonly string[];
  readonly isCA?: boolean;
  readonly issuerRef: CertificateSpecIssuerRef;
  readonly keystores?: CertificateSpecKeystores;
  readonly literalSubject?: string;
  readonly nameConstraints?: CertificateSpecNameConstraints;
  readonly otherNames?: readonly CertificateSpecOtherNames[];
  readonly privateKey?: CertificateSpecPrivateKey;
  readonly renewBefore?: string;
  readonly renewBeforePercentage?: number;
  readonly renewal?: CertificateSpecRenewal;
  readonly revisionHistoryLimit?: number;
  readonly secretName: string;
  readonly secretTemplate?: CertificateSpecSecretTemplate;
  readonly signatureAlgorithm?: 'SHA256WithRSA' | 'SHA384WithRSA' | 'SHA512WithRSA' | 'ECDSAWithSHA256' | 'ECDSAWithSHA384' | 'ECDSAWithSHA512' | 'PureEd25519';
  readonly subject?: CertificateSpecSubject;
  readonly uris?: readonly string[];
  readonly usages?: readonly ('signing' | 'digital signature' | 'content commitment' | 'key encipherment' | 'key agreement' | 'data encipherment' | 'cert sign' | 'crl sign' | 'encipher only' | 'decipher only' | 'any' | 'server auth' | 'client auth' | 'code signing' | 'email protection' | 's/mime' | 'ipsec end system' | 'ipsec tunnel' | 'ipsec user' | 'timestamping' | 'ocsp signing' | 'microsoft sgc' | 'netscape sgc')[];
}

export interface CertificateSpecAdditionalOutputFormats {
  readonly type: 'DER' | 'CombinedPEM';
}

export interface CertificateSpecIssuerRef {
  readonly group?: string;
  readonly kind?: string;
  readonly name: string;
}

export interface CertificateSpecKeystores {
  readonly jks?: CertificateSpecKeystoresJks;
  readonly pkcs12?: CertificateSpecKeystoresPkcs12;
}

export interface CertificateSpecKeystoresJks {
  readonly alias?: string;
  readonly create: boolean;
  readonly password?: string;
  readonly passwordSecretRef?: IssuerSpecAcmePrivateKeySecretRef;
}

export interface CertificateSpecKeystoresPkcs12 {
  readonly create: boolean;
  readonly password?: string;
  readonly passwordSecretRef?: IssuerSpecAcmePrivateKeySecretRef;
  readonly profile?: 'LegacyRC2' | 'LegacyDES' | 'Modern2023' | 'Modern2026';
}

export interface CertificateSpecNameConstraints {
  readonly critical?: boolean;
  readonly excluded?: CertificateSpecNameConstraintsExcluded;
  readonly permitted?: CertificateSpecNameConstraintsExcluded;
}

export interface CertificateSpecNameConstraintsExcluded {
  readonly dnsDomains?: readonly string[];
  readonly emailAddresses?: readonly string[];
  readonly ipRanges?: readonly string[];
  readonly uriDomains?: readonly string[];
}

export interface CertificateSpecOtherNames {
  readonly oid?: string;
  readonly utf8Value?: string;
}

export interface CertificateSpecPrivateKey {
  readonly algorithm?: 'RSA' | 'ECDSA' | 'Ed25519';
  readonly encoding?: 'PKCS1' | 'PKCS8';
  readonly rotationPolicy?: 'Never' | 'Always';
  readonly size?: number;
}

export interface CertificateSpecRenewal {
  readonly policy?: 'RenewBefore' | 'Disabled';
  readonly windows?: readonly CertificateSpecRenewalWindows[];
}

export interface CertificateSpecRenewalWindows {
  readonly cron: string;
  readonly timezone?: string;
  readonly windowDuration: string;
}

export interface CertificateSpecSecretTemplate {
  readonly annotations?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
}

export interface CertificateSpecSubject {
  readonly countries?: readonly string[];
  readonly localities?: readonly string[];
  readonly organizationalUnits?: readonly string[];
  readonly organizations?: readonly string[];
  readonly postalCodes?: readonly string[];
  readonly provinces?: readonly string[];
  readonly serialNumber?: string;
  readonly streetAddresses?: readonly string[];
}

export interface ClusterIssuer {
  readonly apiVersion: 'cert-manager.io/v1';
  readonly kind: 'ClusterIssuer';
  readonly metadata?: IObjectMeta;
  readonly spec: IssuerSpec;
}

export interface Issuer {
  readonly apiVersion: 'cert-manager.io/v1';
  readonly kind: 'Issuer';
  readonly metadata?: IObjectMeta;
  readonly spec: IssuerSpec;
}

export interface IssuerSpec {
  readonly acme?: IssuerSpecAcme;
  readonly ca?: IssuerSpecCa;
  readonly selfSigned?: IssuerSpecSelfSigned;
  readonly vault?: IssuerSpecVault;
  readonly venafi?: IssuerSpecVenafi;
}

export interface IssuerSpecAcme {
  readonly caBundle?: string;
  readonly disableAccountKeyGeneration?: boolean;
  readonly email?: string;
  readonly enableDurationFeature?: boolean;
  readonly externalAccountBinding?: IssuerSpecAcmeExternalAccountBinding;
  readonly preferredChain?: string;
  readonly privateKeySecretRef: IssuerSpecAcmePrivateKeySecretRef;
  readonly profile?: string;
  readonly server: string;
  readonly skipTLSVerify?: boolean;
  readonly solvers?: readonly IssuerSpecAcmeSolvers[];
}

export interface IssuerSpecAcmeExternalAccountBinding {
  readonly keyAlgorithm?: 'HS256' | 'HS384' | 'HS512';
  readonly keyID: string;
  readonly keySecretRef: IssuerSpecAcmePrivateKeySecretRef;
}

export interface IssuerSpecAcmePrivateKeySecretRef {
  readonly key?: string;
  readonly name: string;
}

export interface IssuerSpecAcmeSolvers {
  readonly dns01?: IssuerSpecAcmeSolversDns01;
  readonly http01?: IssuerSpecAcmeSolversHttp01;
  readonly selector?: IssuerSpecAcmeSolversSelector;
  readonly waitInsteadOfSelfCheck?: string;
}

export interface IssuerSpecAcmeSolversDns01 {
  readonly acmeDNS?: IssuerSpecAcmeSolversDns01AcmeDNS;
  readonly akamai?: IssuerSpecAcmeSolversDns01Akamai;
  readonly azureDNS?: IssuerSpecAcmeSolversDns01AzureDNS;
  readonly cloudDNS?: IssuerSpecAcmeSolversDns01CloudDNS;
  readonly cloudflare?: IssuerSpecAcmeSolversDns01Cloudflare;
  readonly cnameStrategy?: 'None' | 'Follow';
  readonly digitalocean?: IssuerSpecAcmeSolversDns01Digitalocean;
  readonly rfc2136?: IssuerSpecAcmeSolversDns01Rfc2136;
  readonly route53?: IssuerSpecAcmeSolversDns01Route53;
  readonly webhook?: IssuerSpecAcmeSolversDns01Webhook;
}

export interface IssuerSpecAcmeSolversDns01AcmeDNS {
  readonly accountSecretRef: IssuerSpecAcmePrivateKeySecretRef;
  readonly host: string;
}

export interface IssuerSpecAcmeSolversDns01Akamai {
  readonly accessTokenSecretRef: IssuerSpecAcmePrivateKeySecretRef;
  readonly clientSecretSecretRef: IssuerSpecAcmePrivateKeySecretRef;
  readonly clientTokenSecretRef: IssuerSpecAcmePrivateKeySecretRef;
  readonly serviceConsumerDomain: string;
}

export interface IssuerSpecAcmeSolversDns01AzureDNS {
  readonly clientID?: string;
  readonly clientSecretSecretRef?: IssuerSpecAcmePrivateKeySecretRef;
  readonly environment?: 'AzurePublicCloud' | 'AzureChinaCloud' | 'AzureGermanCloud' | 'AzureUSGovernmentCloud';
  readonly hostedZoneName?: string;
  readonly managedIdentity?: IssuerSpecAcmeSolversDns01AzureDNSManagedIdentity;
  readonly resourceGroupName: string;
  readonly subscriptionID: string;
  readonly tenantID?: string;
  readonly zoneType?: 'AzurePublicZone' | 'AzurePrivateZone';
}

export interface IssuerSpecAcmeSolversDns01AzureDNSManagedIdentity {
  readonly clientID?: string;
  readonly resourceID?: string;
  readonly tenantID?: string;
}

export interface IssuerSpecAcmeSolversDns01CloudDNS {
  readonly hostedZoneName?: string;
  readonly project: string;
  readonly serviceAccountSecretRef?: IssuerSpecAcmePrivateKeySecretRef;
}

export interface IssuerSpecAcmeSolversDns01Cloudflare {
  readonly apiKeySecretRef?: IssuerSpecAcmePrivateKeySecretRef;
  readonly apiTokenSecretRef?: IssuerSpecAcmePrivateKeySecretRef;
  readonly email?: string;
}

export interface IssuerSpecAcmeSolversDns01Digitalocean {
  readonly tokenSecretRef: IssuerSpecAcmePrivateKeySecretRef;
}

export interface IssuerSpecAcmeSolversDns01Rfc2136 {
  readonly nameserver: string;
  readonly protocol?: 'TCP' | 'UDP';
  readonly tsigAlgorithm?: string;
  readonly tsigKeyName?: string;
  readonly tsigSecretSecretRef?: IssuerSpecAcmePrivateKeySecretRef;
}

export interface IssuerSpecAcmeSolversDns01Route53 {
  readonly accessKeyID?: string;
  readonly accessKeyIDSecretRef?: IssuerSpecAcmePrivateKeySecretRef;
  readonly auth?: IssuerSpecAcmeSolversDns01Route53Auth;
  readonly hostedZoneID?: string;
  readonly region?: string;
  readonly role?: string;
  readonly secretAccessKeySecretRef?: IssuerSpecAcmePrivateKeySecretRef;
}

export interface IssuerSpecAcmeSolversDns01Route53Auth {
  readonly kubernetes: IssuerSpecAcmeSolversDns01Route53AuthKubernetes;
}

export interface IssuerSpecAcmeSolversDns01Route53AuthKubernetes {
  readonly serviceAccountRef: IssuerSpecVaultAuthAwsServiceAccountRef;
}

export interface IssuerSpecAcmeSolversDns01Webhook {
  readonly config?: unknown;
  readonly groupName: string;
  readonly solverName: string;
}

export interface IssuerSpecAcmeSolversHttp01 {
  readonly gatewayHTTPRoute?: IssuerSpecAcmeSolversHttp01GatewayHTTPRoute;
  readonly ingress?: IssuerSpecAcmeSolversHttp01Ingress;
}

export interface IssuerSpecAcmeSolversHttp01GatewayHTTPRoute {
  readonly labels?: Readonly<Record<string, string>>;
  readonly parentRefs?: readonly IssuerSpecAcmeSolversHttp01GatewayHTTPRouteParentRefs[];
  readonly podTemplate?: IssuerSpecAcmeSolversHttp01GatewayHTTPRoutePodTemplate;
  readonly serviceType?: string;
}

export interface IssuerSpecAcmeSolversHttp01GatewayHTTPRouteParentRefs {
  readonly group?: string;
  readonly kind?: string;
  readonly name: string;
  readonly namespace?: string;
  readonly port?: number;
  readonly sectionName?: string;
}

export interface IssuerSpecAcmeSolversHttp01GatewayHTTPRoutePodTemplate {
  readonly metadata?: CertificateSpecSecretTemplate;
  readonly spec?: IssuerSpecAcmeSolversHttp01GatewayHTTPRoutePodTemplateSpec;
}

export interface IssuerSpecAcmeSolversHttp01GatewayHTTPRoutePodTemplateSpec {
  readonly affinity?: IssuerSpecAcmeSolversHttp01GatewayHTTPRoutePodTemplateSpecAffinity;
  readonly imagePullSecrets?: readonly IssuerSpecAcmeSolversHttp01GatewayHTTPRoutePodTemplateSpecImagePullSecrets[];
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly priorityClassName?: string;
  readonly resources?: IssuerSpecAcmeSolversHttp01GatewayHTTPRoutePodTemplateSpecResources;
  readonly securityContext?: IssuerSpecAcmeSolversHttp01GatewayHTTPRoutePodTemplateSpecSecurityContext;
  readonly serviceAccountName?: string;
  readonly tolerations?: readonly IssuerSpecAcmeSolversHttp01GatewayHTTPRoutePodTemplateSpecTolerations[];
}

export interface IssuerSpecAcmeSolversHttp01GatewayHTTPRoutePodTemplateSpecAffinity {
  readonly nodeAffinity?: IssuerSpecAcmeSolversHttp01GatewayHTTPRoutePodTemplateSpecAffinityNodeAffinity;
  readonly podAffinity?: IssuerSpecAcmeSolversHttp01GatewayHTTPRoutePodTemplateSpecAffinityPodAffinity;
  readonly podAntiAffinity?: IssuerSpecAcmeSolversHttp01GatewayHTTPRoutePodTemplateSpecAffinityPodAffinity;
}

export interface IssuerSpecAcmeSolversHttp01GatewayHTTPRoutePodTemplateSpecAffinityNodeAffinity {
  readonly preferredDuringSchedulingIgnoredDuringExecution?: readonly IssuerSpecAcmeSolversHttp01GatewayHTTPRoutePodTemplateSpecAffinityNodeAffinityPreferredDuringSchedulingIgnoredDuringExecution[];
  readonly requiredDuringSchedulingIgnoredDuringExecution?: IssuerSpecAcmeSolversHttp01GatewayHTTPRoutePodTemplateSpecAffinityNodeAffinityRequiredDuringSchedulingIgnoredDuringExecution;
}

export interface IssuerSpecAcmeSolversHttp01GatewayHTTPRoutePodTemplateSpecAffinityNodeAffinityPreferredDuringSchedulingIgnoredDuringExecution {
  readonly preference: IssuerSpecAcmeSolversHttp01GatewayHTTPRoutePodTemplateSpecAffinityNodeAffinityPreferredDuringSchedulingIgnoredDuringExecutionPreference;
  readonly weight: number;
}

export interface IssuerSpecAcmeSolversHttp01GatewayHTTPRoutePodTemplateSpecAffinityNodeAffinityPreferredDuringSchedulingIgnoredDuringExecutionPreference {
  readonly matchExpressions?: readonly IssuerSpecAcmeSolversHttp01GatewayHTTPRoutePodTemplateSpecAffinityNodeAffinityPreferredDuringSchedulingIgnoredDuringExecutionPreferenceMatchExpressions[];
  readonly matchFields?: readonly IssuerSpecAcmeSolversHttp01GatewayHTTPRoutePodTemplateSpecAffinityNodeAffinityPreferredDuringSchedulingIgnoredDuringExecutionPreferenceMatchExpressions[];
}

export interface IssuerSpecAcmeSolversHttp01GatewayHTTPRoutePodTemplateSpecAffinityNodeAffinityPreferredDuringSchedulingIgnoredDuringExecutionPreferenceMatchExpressions {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

export interface IssuerSpecAcmeSolversHttp01GatewayHTTPRoutePodTemplateSpecAffinityNodeAffinityRequiredDuringSchedulingIgnoredDuringExecution {
  readonly nodeSelectorTerms: readonly IssuerSpecAcmeSolversHttp01GatewayHTTPRoutePodTemplateSpecAffinityNodeAffinityPreferredDuringSchedulingIgnoredDuringExecutionPreference[];
}

export interface IssuerSpecAcmeSolversHttp01GatewayHTTPRoutePodTemplateSpecAffinityPodAffinity {
  readonly preferredDuringSchedulingIgnoredDuringExecution?: readonly IssuerSpecAcmeSolversHttp01GatewayHTTPRoutePodTemplateSpecAffinityPodAffinityPreferredDuringSchedulingIgnoredDuringExecution[];
  readonly requiredDuringSchedulingIgnoredDuringExecution?: readonly IssuerSpecAcmeSolversHttp01GatewayHTTPRoutePodTemplateSpecAffinityPodAffinityRequiredDuringSchedulingIgnoredDuringExecution[];
}

export interface IssuerSpecAcmeSolversHttp01GatewayHTTPRoutePodTemplateSpecAffinityPodAffinityPreferredDuringSchedulingIgnoredDuringExecution {
  readonly podAffinityTerm: IssuerSpecAcmeSolversHttp01GatewayHTTPRoutePodTemplateSpecAffinityPodAffinityRequiredDuringSchedulingIgnoredDuringExecution;
  readonly weight: number;
}

export interface IssuerSpecAcmeSolversHttp01GatewayHTTPRoutePodTemplateSpecAffinityPodAffinityRequiredDuringSchedulingIgnoredDuringExecution {
  readonly labelSelector?: IssuerSpecAcmeSolversHttp01GatewayHTTPRoutePodTemplateSpecAffinityPodAffinityRequiredDuringSchedulingIgnoredDuringExecutionLabelSelector;
  readonly matchLabelKeys?: readonly string[];
  readonly mismatchLabelKeys?: readonly string[];
  readonly namespaceSelector?: IssuerSpecAcmeSolversHttp01GatewayHTTPRoutePodTemplateSpecAffinityPodAffinityRequiredDuringSchedulingIgnoredDuringExecutionLabelSelector;
  readonly namespaces?: readonly string[];
  readonly topologyKey: string;
}

export interface IssuerSpecAcmeSolversHttp01GatewayHTTPRoutePodTemplateSpecAffinityPodAffinityRequiredDuringSchedulingIgnoredDuringExecutionLabelSelector {
  readonly matchExpressions?: readonly IssuerSpecAcmeSolversHttp01GatewayHTTPRoutePodTemplateSpecAffinityNodeAffinityPreferredDuringSchedulingIgnoredDuringExecutionPreferenceMatchExpressions[];
  readonly matchLabels?: Readonly<Record<string, string>>;
}

export interface IssuerSpecAcmeSolversHttp01GatewayHTTPRoutePodTemplateSpecImagePullSecrets {
  readonly name?: string;
}

export interface IssuerSpecAcmeSolversHttp01GatewayHTTPRoutePodTemplateSpecResources {
  readonly limits?: Readonly<Record<string, number | string>>;
  readonly requests?: Readonly<Record<string, number | string>>;
}

export interface IssuerSpecAcmeSolversHttp01GatewayHTTPRoutePodTemplateSpecSecurityContext {
  readonly fsGroup?: number;
  readonly fsGroupChangePolicy?: string;
  readonly runAsGroup?: number;
  readonly runAsNonRoot?: boolean;
  readonly runAsUser?: number;
  readonly seLinuxOptions?: IssuerSpecAcmeSolversHttp01GatewayHTTPRoutePodTemplateSpecSecurityContextSeLinuxOptions;
  readonly seccompProfile?: IssuerSpecAcmeSolversHttp01GatewayHTTPRoutePodTemplateSpecSecurityContextSeccompProfile;
  readonly supplementalGroups?: readonly number[];
  readonly sysctls?: readonly IssuerSpecAcmeSolversHttp01GatewayHTTPRoutePodTemplateSpecSecurityContextSysctls[];
}

export interface IssuerSpecAcmeSolversHttp01GatewayHTTPRoutePodTemplateSpecSecurityContextSeLinuxOptions {
  readonly level?: string;
  readonly role?: string;
  readonly type?: string;
  readonly user?: string;
}

export interface IssuerSpecAcmeSolversHttp01GatewayHTTPRoutePodTemplateSpecSecurityContextSeccompProfile {
  readonly localhostProfile?: string;
  readonly type: string;
}

export interface IssuerSpecAcmeSolversHttp01GatewayHTTPRoutePodTemplateSpecSecurityContextSysctls {
  readonly name: string;
  readonly value: string;
}

export interface IssuerSpecAcmeSolversHttp01GatewayHTTPRoutePodTemplateSpecTolerations {
  readonly effect?: string;
  readonly key?: string;
  readonly operator?: string;
  readonly tolerationSeconds?: number;
  readonly value?: string;
}

export interface IssuerSpecAcmeSolversHttp01Ingress {
  readonly class?: string;
  readonly ingressClassName?: string;
  readonly ingressTemplate?: IssuerSpecAcmeSolversHttp01IngressIngressTemplate;
  readonly name?: string;
  readonly podTemplate?: IssuerSpecAcmeSolversHttp01GatewayHTTPRoutePodTemplate;
  readonly serviceType?: string;
}

export interface IssuerSpecAcmeSolversHttp01IngressIngressTemplate {
  readonly metadata?: CertificateSpecSecretTemplate;
}

export interface IssuerSpecAcmeSolversSelector {
  readonly dnsNames?: readonly string[];
  readonly dnsZones?: readonly string[];
  readonly matchLabels?: Readonly<Record<string, string>>;
}

export interface IssuerSpecCa {
  readonly crlDistributionPoints?: readonly string[];
  readonly issuingCertificateURLs?: readonly string[];
  readonly ocspServers?: readonly string[];
  readonly secretName: string;
}

export interface IssuerSpecSelfSigned {
  readonly crlDistributionPoints?: readonly string[];
}

export interface IssuerSpecVault {
  readonly auth: IssuerSpecVaultAuth;
  readonly caBundle?: string;
  readonly caBundleSecretRef?: IssuerSpecAcmePrivateKeySecretRef;
  readonly clientCertSecretRef?: IssuerSpecAcmePrivateKeySecretRef;
  readonly clientKeySecretRef?: IssuerSpecAcmePrivateKeySecretRef;
  readonly namespace?: string;
  readonly path: string;
  readonly server: string;
  readonly serverName?: string;
}

export interface IssuerSpecVaultAuth {
  readonly appRole?: IssuerSpecVaultAuthAppRole;
  readonly aws?: IssuerSpecVaultAuthAws;
  readonly clientCertificate?: IssuerSpecVaultAuthClientCertificate;
  readonly kubernetes?: IssuerSpecVaultAuthKubernetes;
  readonly tokenSecretRef?: IssuerSpecAcmePrivateKeySecretRef;
}

export interface IssuerSpecVaultAuthAppRole {
  readonly path: string;
  readonly roleId: string;
  readonly secretRef: IssuerSpecAcmePrivateKeySecretRef;
}

export interface IssuerSpecVaultAuthAws {
  readonly iamRoleArn?: string;
  readonly mountPath?: string;
  readonly region?: string;
  readonly role: string;
  readonly serviceAccountRef?: IssuerSpecVaultAuthAwsServiceAccountRef;
  readonly vaultHeaderValue?: string;
}

export interface IssuerSpecVaultAuthAwsServiceAccountRef {
  readonly audiences?: readonly string[];
  readonly name: string;
}

export interface IssuerSpecVaultAuthClientCertificate {
  readonly mountPath?: string;
  readonly name?: string;
  readonly secretName?: string;
}

export interface IssuerSpecVaultAuthKubernetes {
  readonly mountPath?: string;
  readonly role: string;
  readonly secretRef?: IssuerSpecAcmePrivateKeySecretRef;
  readonly serviceAccountRef?: IssuerSpecVaultAuthAwsServiceAccountRef;
}

export interface IssuerSpecVenafi {
  readonly cloud?: IssuerSpecVenafiCloud;
  readonly ngts?: IssuerSpecVenafiNgts;
  readonly tpp?: IssuerSpecVenafiTpp;
  readonly zone: string;
}

export interface IssuerSpecVenafiCloud {
  readonly apiTokenSecretRef: IssuerSpecAcmePrivateKeySecretRef;
  readonly url?: string;
}

export interface IssuerSpecVenafiNgts {
  readonly credentialsRef: IssuerSpecVenafiNgtsCredentialsRef;
  readonly tokenEndpoint?: string;
  readonly tsgID: string;
  readonly url?: string;
}

export interface IssuerSpecVenafiNgtsCredentialsRef {
  readonly name: string;
}

export interface IssuerSpecVenafiTpp {
  readonly caBundle?: string;
  readonly caBundleSecretRef?: IssuerSpecAcmePrivateKeySecretRef;
  readonly credentialsRef: IssuerSpecVenafiNgtsCredentialsRef;
  readonly url: string;
}
