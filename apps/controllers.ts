import { Size } from 'cdk8s';
import { application } from '../constructs/core/application.ts';
import { Cpu } from '../constructs/core/cpu.ts';
import { publicEndpoint, serviceHost } from '../constructs/core/endpoint.ts';
import { ForeignWorkload } from '../constructs/core/foreign-workload.ts';
import { outsideNames } from '../constructs/core/outside-names.ts';
import { Scrape } from '../constructs/core/scrape.ts';
import { UpstreamSource } from '../constructs/core/upstream-source.ts';
import { apiServer, apiServerAsClient } from './cluster.ts';
import { clusterNamespaces } from './namespaces.ts';

const restricted = {
  allowPrivilegeEscalation: false,
  seccompProfile: { type: 'RuntimeDefault' },
};

const small = { cpu: Cpu.millicores(50), memory: Size.mebibytes(128) };

const requests = {
  requests: { cpu: small.cpu.asString(), memory: small.memory.asString() },
  limits: { memory: small.memory.asString() },
};

/** Opens what `npm run seal` sealed. */
export const sealedSecrets = application(
  'sealed-secrets',
  { namespace: clusterNamespaces.sealedSecrets, layer: 'controllers' },
  (scope, environment) => {
    const upstream = environment.upstream('sealed-secrets');
    const image = environment.image('sealed-secrets-controller');
    const [registry = '', ...repository] = image.repository.split('/');
    new UpstreamSource(scope, 'chart', {
      ...upstream,
      path: 'helm/sealed-secrets',
      releaseName: 'sealed-secrets',
      values: {
        // The name under which kubeseal looks for it.
        fullnameOverride: 'sealed-secrets-controller',
        image: { registry, repository: repository.join('/') },
        // It would make another key every 30 days, which nobody keeps, and kubeseal would seal with that: what is sealed so is
        // lost with the cluster. Another key is made by a person (README, and `npm run seal -- --reseal`).
        keyrenewperiod: '0',
        // By which every account of the cluster may have it verify and seal anew, through the API server.
        rbac: { serviceProxier: { create: false } },
        priorityClassName: 'edge',
        resources: requests,
        containerSecurityContext: restricted,
      },
      images: [{ image, value: 'image.tag' }],
      clusterKinds: ['rbac.authorization.k8s.io/ClusterRole', 'rbac.authorization.k8s.io/ClusterRoleBinding'],
      namespacedKinds: [
        '/Service',
        '/ServiceAccount',
        'apps/Deployment',
        'rbac.authorization.k8s.io/Role',
        'rbac.authorization.k8s.io/RoleBinding',
      ],
    });
    const controller = new ForeignWorkload(scope, 'controller', {
      name: 'sealed-secrets-controller',
      madeBy: `chart sealed-secrets ${upstream.revision}`,
      podLabels: { 'app.kubernetes.io/name': 'sealed-secrets' },
      ports: [
        { name: 'http', port: 8080 },
        { name: 'metrics', port: 8081 },
      ],
      requests: { replicas: 1, ...small },
    });
    controller.needs(apiServer(environment), 'reads SealedSecrets and writes Secrets');
    controller.admits(apiServerAsClient(environment), 8080, 'hands its certificate to kubeseal through the API');
  },
);

const asksOutside = { [outsideNames.key]: outsideNames.value };

/** Gets and renews certificates. */
export const certManager = application(
  'cert-manager',
  { namespace: clusterNamespaces.certManager, layer: 'controllers' },
  (scope, environment) => {
    const upstream = environment.upstream('cert-manager');
    new UpstreamSource(scope, 'chart', {
      ...upstream,
      releaseName: 'cert-manager',
      values: {
        // Kept when the chart goes: deleting a definition deletes every certificate.
        crds: { enabled: true, keep: true },
        global: { priorityClassName: 'edge', leaderElection: { namespace: clusterNamespaces.certManager.name } },
        // A Job that checks what Argo CD's health checks see anyway.
        startupapicheck: { enabled: false },
        // Of the controller alone.
        podLabels: asksOutside,
        resources: requests,
        webhook: { resources: requests },
        cainjector: { resources: requests },
      },
      images: [
        { image: environment.image('cert-manager-controller'), value: 'image.tag' },
        { image: environment.image('cert-manager-webhook'), value: 'webhook.image.tag' },
        { image: environment.image('cert-manager-cainjector'), value: 'cainjector.image.tag' },
        // For challenges by HTTP, which nobody here asks for.
        { image: environment.image('cert-manager-acmesolver'), value: 'acmesolver.image.tag' },
      ],
      clusterKinds: [
        'admissionregistration.k8s.io/MutatingWebhookConfiguration',
        'admissionregistration.k8s.io/ValidatingWebhookConfiguration',
        'apiextensions.k8s.io/CustomResourceDefinition',
        'rbac.authorization.k8s.io/ClusterRole',
        'rbac.authorization.k8s.io/ClusterRoleBinding',
      ],
      namespacedKinds: [
        '/Service',
        '/ServiceAccount',
        'apps/Deployment',
        'rbac.authorization.k8s.io/Role',
        'rbac.authorization.k8s.io/RoleBinding',
      ],
    });
    const workload = (
      name: string,
      podName: string,
      ports: ForeignWorkload['ports'],
      more: Readonly<Record<string, string>> = {},
    ): ForeignWorkload =>
      new ForeignWorkload(scope, name, {
        name: podName,
        madeBy: `chart cert-manager ${upstream.revision}`,
        podLabels: {
          'app.kubernetes.io/name': podName.replace('cert-manager-', ''),
          'app.kubernetes.io/component': name,
          ...more,
        },
        ports,
        requests: { replicas: 1, ...small },
      });
    const api = apiServer(environment);
    const metrics = [
      { name: 'http-metrics', port: 9402 },
      { name: 'http-healthz', port: 9403 },
    ];
    const controller = workload('controller', 'cert-manager', metrics, asksOutside);
    controller.needs(api, 'watches Certificates and writes Secrets');
    const host = serviceHost('cert-manager', controller.namespace);
    new Scrape(scope, 'scrape', {
      endpoint: { name: 'cert-manager', path: '/metrics', targets: [{ peer: controller, host, port: 9402 }] },
      about: 'others',
    });
    controller.needs(publicEndpoint("Let's Encrypt", 'acme-v02.api.letsencrypt.org'), 'orders certificates');
    controller.needs(publicEndpoint('Cloudflare', 'api.cloudflare.com'), 'answers DNS-01 challenges');
    for (const protocol of ['UDP', 'TCP'] as const) {
      controller.needs(
        publicEndpoint('public name servers', '1.1.1.1', 53, protocol),
        'waits until a challenge can be seen from outside',
      );
    }
    const webhook = workload('webhook', 'cert-manager-webhook', [
      { name: 'https', port: 10250 },
      { name: 'healthcheck', port: 6080 },
      { name: 'http-metrics', port: 9402 },
    ]);
    webhook.needs(api, 'reads its own certificate');
    webhook.admits(apiServerAsClient(environment), 10250, 'checks certificates before they are stored');
    const cainjector = workload('cainjector', 'cert-manager-cainjector', [{ name: 'http-metrics', port: 9402 }]);
    cainjector.needs(api, 'writes the authority into webhooks');
  },
);
