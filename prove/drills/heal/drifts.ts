/** What somebody does by hand, and how it shows. */
export interface Drift {
  readonly what: string;
  /** Arguments of kubectl. */
  readonly make: readonly string[];
  /** Arguments of kubectl; its answer before `make` is the right one. */
  readonly question: readonly string[];
}

const shop = '--namespace=shop';
const path = (expression: string): string => `--output=jsonpath=${expression}`;

export const drifts: readonly Drift[] = [
  {
    what: "a Deployment's image edited",
    make: ['set', 'image', 'deployment/frontend', 'frontend=proving.local/probe:1', shop],
    question: ['get', 'deployment', 'frontend', shop, path('{.spec.template.spec.containers[0].image}')],
  },
  {
    what: 'the same Deployment edited again',
    make: ['set', 'image', 'deployment/frontend', 'frontend=proving.local/probe:1', shop],
    question: ['get', 'deployment', 'frontend', shop, path('{.spec.template.spec.containers[0].image}')],
  },
  {
    what: 'the same Deployment edited a third time',
    make: ['set', 'image', 'deployment/frontend', 'frontend=proving.local/probe:1', shop],
    question: ['get', 'deployment', 'frontend', shop, path('{.spec.template.spec.containers[0].image}')],
  },
  {
    what: 'a Deployment scaled to nothing',
    make: ['scale', 'deployment/cert-manager', '--replicas=0', '--namespace=cert-manager'],
    question: ['get', 'deployment', 'cert-manager', '--namespace=cert-manager', path('{.spec.replicas}')],
  },
  {
    what: 'a NetworkPolicy deleted',
    make: ['delete', 'networkpolicy', 'backend', shop],
    question: ['get', 'networkpolicy', 'backend', shop, '--output=name'],
  },
  {
    what: 'a Service deleted',
    make: ['delete', 'service', 'backend', shop],
    question: ['get', 'service', 'backend', shop, path('{.spec.ports}')],
  },
  {
    what: 'a setting of Argo CD itself edited',
    make: [
      'patch',
      'configmap',
      'argocd-rbac-cm',
      '--namespace=argocd',
      '--type=merge',
      '--patch={"data":{"policy.default":"role:admin"}}',
    ],
    question: ['get', 'configmap', 'argocd-rbac-cm', '--namespace=argocd', path('{.data.policy\\.default}')],
  },
  {
    what: 'a Deployment deleted, until its pods are ready again',
    make: ['delete', 'deployment', 'frontend', shop],
    question: ['get', 'deployment', 'frontend', shop, path('{.status.readyReplicas}')],
  },
  {
    what: 'a child application deleted that keeps its objects',
    make: ['delete', 'applications.argoproj.io', 'identity', '--namespace=argocd'],
    question: [
      'get',
      'applications.argoproj.io',
      'identity',
      '--namespace=argocd',
      path('{.status.sync.status} {.status.health.status}'),
    ],
  },
  {
    what: 'a child application deleted with all its objects, until its pods are ready again',
    make: ['delete', 'applications.argoproj.io', 'frontend', '--namespace=argocd'],
    question: ['get', 'deployment', 'frontend', shop, path('{.status.readyReplicas}')],
  },
];

/** What stays as somebody made it: Argo CD corrects the fields that git has, and removes what it once applied. */
export const notHealed: readonly (Drift & {
  readonly expected: string;
  /** Arguments of kubectl. */
  readonly undo: readonly string[];
})[] = [
  {
    what: 'a label that git does not have on an object that it has',
    make: ['label', 'service', 'backend', shop, 'drill=drift'],
    question: ['get', 'service', 'backend', shop, path('{.metadata.labels.drill}')],
    expected: 'drift',
    undo: ['label', 'service', 'backend', shop, 'drill-'],
  },
  {
    what: 'an object that git never had',
    make: ['create', 'configmap', 'drill-drift', shop],
    question: ['get', 'configmap', 'drill-drift', shop, '--output=name'],
    expected: 'configmap/drill-drift',
    undo: ['delete', 'configmap', 'drill-drift', shop],
  },
];
