import { certManager } from '../../../apps/controllers.ts';
import { identity } from '../../../apps/identity.ts';
import type { Platform } from '../../../constructs/core/platform.ts';
import { argocdNamespace } from '../../components/argocd/applications.ts';
import { ownersOf } from '../../components/owners.ts';
import { webOf } from '../../components/web.ts';
import { systemImages } from '../../images/recipes/system.ts';

/** What somebody does by hand, and how it shows. */
export interface Drift {
  readonly what: string;
  /** Arguments of kubectl. */
  readonly make: readonly string[];
  /** Arguments of kubectl; its answer before `make` is the right one. */
  readonly question: readonly string[];
}

/** What stays as somebody made it. */
export interface LastingDrift extends Drift {
  readonly expected: string;
  /** Arguments of kubectl. */
  readonly undo: readonly string[];
}

const path = (expression: string): string => `--output=jsonpath=${expression}`;
const within = (namespace: string): string => `--namespace=${namespace}`;

/** What is changed of a platform, each for itself. */
export function driftsOf(platform: Platform): readonly Drift[] {
  const [frontend, backend] = [webOf(platform, 'frontend'), webOf(platform, 'backend')];
  const [controller] = ownersOf(platform, certManager);
  const [container] = frontend.workload.props.containers;
  const edited = (what: string): Drift => ({
    what,
    make: [
      ...['set', 'image', `deployment/${frontend.name}`, `${container.name}=${systemImages.probe}`],
      within(frontend.namespace),
    ],
    question: [
      ...['get', 'deployment', frontend.name, within(frontend.namespace)],
      path('{.spec.template.spec.containers[0].image}'),
    ],
  });
  const untilReady: Drift['question'] = [
    ...['get', 'deployment', frontend.name, within(frontend.namespace)],
    path('{.status.readyReplicas}'),
  ];
  const application = (name: string): string[] => ['applications.argoproj.io', name, within(argocdNamespace)];
  return [
    edited("a Deployment's image edited"),
    edited('the same Deployment edited again'),
    edited('the same Deployment edited a third time'),
    {
      what: 'a Deployment scaled to nothing',
      make: ['scale', `deployment/${controller.name}`, '--replicas=0', within(controller.namespace)],
      question: ['get', 'deployment', controller.name, within(controller.namespace), path('{.spec.replicas}')],
    },
    {
      what: 'a NetworkPolicy deleted',
      make: ['delete', 'networkpolicy', backend.name, within(backend.namespace)],
      question: ['get', 'networkpolicy', backend.name, within(backend.namespace), '--output=name'],
    },
    {
      what: 'a Service deleted',
      make: ['delete', 'service', backend.name, within(backend.namespace)],
      question: ['get', 'service', backend.name, within(backend.namespace), path('{.spec.ports}')],
    },
    {
      what: 'a setting of Argo CD itself edited',
      make: [
        ...['patch', 'configmap', 'argocd-rbac-cm', within(argocdNamespace), '--type=merge'],
        '--patch={"data":{"policy.default":"role:admin"}}',
      ],
      question: ['get', 'configmap', 'argocd-rbac-cm', within(argocdNamespace), path('{.data.policy\\.default}')],
    },
    {
      what: 'a Deployment deleted, until its pods are ready again',
      make: ['delete', 'deployment', frontend.name, within(frontend.namespace)],
      question: untilReady,
    },
    {
      what: 'a child application deleted that keeps its objects',
      make: ['delete', ...application(identity.name)],
      question: ['get', ...application(identity.name), path('{.status.sync.status} {.status.health.status}')],
    },
    {
      what: 'a child application deleted with all its objects, until its pods are ready again',
      make: ['delete', ...application(frontend.application)],
      question: untilReady,
    },
  ];
}

/** What Argo CD leaves: it corrects the fields that git has, and removes what it once applied. */
export function lastingDriftsOf(platform: Platform): readonly LastingDrift[] {
  const { name, namespace } = webOf(platform, 'backend');
  return [
    {
      what: 'a label that git does not have on an object that it has',
      make: ['label', 'service', name, within(namespace), 'drill=drift'],
      question: ['get', 'service', name, within(namespace), path('{.metadata.labels.drill}')],
      expected: 'drift',
      undo: ['label', 'service', name, within(namespace), 'drill-'],
    },
    {
      what: 'an object that git never had',
      make: ['create', 'configmap', 'drill-drift', within(namespace)],
      question: ['get', 'configmap', 'drill-drift', within(namespace), '--output=name'],
      expected: 'configmap/drill-drift',
      undo: ['delete', 'configmap', 'drill-drift', within(namespace)],
    },
  ];
}
