import type { IObjectMeta } from '@kubernetes-models/apimachinery/apis/meta/v1/ObjectMeta';
import type { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';
import { apiRights, tokenVolumes, withToken } from './api-rights.ts';
import type { ApiRights } from './api-rights.ts';
import { applicationOf } from './application-chart.ts';
import { authoritiesPath, authorityFiles } from './authority-files.ts';
import { disruptionBudget, horizontalAutoscaler } from './availability.ts';
import { ConfigFiles } from './config-files.ts';
import type { ContainerPort, ContainerProps } from './container.ts';
import { controllerManifest } from './controller.ts';
import type { Controller, ControllerManifest } from './controller.ts';
import { dataFormatAnnotations } from './data-format.ts';
import type { DataFormat } from './data-format.ts';
import { InputError } from './error.ts';
import { glanceAt, kubeObject } from './kube-object.ts';
import { KubeServiceAccount } from './level1.ts';
import { labels, selectorLabels } from './labels.ts';
import { checkOptions } from './option-names.ts';
import type { OptionNames } from './option-names.ts';
import { podDemand } from './pod-demand.ts';
import type { PodDemand } from './pod-demand.ts';
import { PodOwner } from './pod-owner.ts';
import { rollingUpdate } from './rolling-update.ts';
import { podTemplate } from './pod-template.ts';
import type { Spread } from './pod-template.ts';
import type { PodVolume } from './pod-volume.ts';
import type { Priority } from './priority.ts';
import { checkContainers } from './container-checks.ts';
import { describePrivilege } from './privilege.ts';

export interface WorkloadProps {
  /** Name of the object and its service account. */
  readonly name: string;
  /** What the program is, such as `nest-backend`: the label `app.kubernetes.io/name`. */
  readonly program: string;
  /** The part it plays: the label `app.kubernetes.io/component`. */
  readonly component: string;
  readonly controller: Controller;
  /** The first one is the main one: its image gives the version. */
  readonly containers: readonly [ContainerProps, ...ContainerProps[]];
  /**
   * Run one after the other before the containers start, and end: their probes are `none`.
   * @default none
   */
  readonly initContainers?: readonly ContainerProps[];
  /** Whom a node that is short of memory keeps. */
  readonly priority: Priority;
  readonly spread: Spread;
  /**
   * Whose node its pods have to be on, because a volume of theirs can be mounted nowhere else.
   * @default nobody's
   */
  readonly beside?: Pick<Workload, 'selector'>;
  /**
   * Pods that a drain may take at a time; `false` for no budget.
   * @default 1
   */
  readonly maxUnavailable?: number | false;
  /**
   * What the pods may do by the Kubernetes API. The containers that ask it get a token.
   * @default nothing
   */
  readonly api?: ApiRights;
  /**
   * Labels that others know such pods by, whoever runs them: Services and policies select by these instead of by its own.
   * @default its own
   */
  readonly knownBy?: Readonly<Record<string, string>>;
  /**
   * Whom its programs ask for names: the cluster's DNS, or whom their node asks.
   * @default cluster
   */
  readonly nameServers?: 'cluster' | 'node';
  /**
   * Keys of labels that the program sets on its own pods, such as Patroni's `role`: Services may select by them.
   * @default none
   */
  readonly runtimeLabels?: readonly string[];
  /**
   * What wrote the volumes, where another major version can't read them: synth refuses such a change.
   * @default any version reads them
   */
  readonly dataFormat?: DataFormat;
  /**
   * Numeric user and group of the containers.
   * @default 10001
   */
  readonly user?: number;
  /**
   * Numeric group of the containers and of their volumes.
   * @default the user's number
   */
  readonly group?: number;
  /**
   * Volumes that containers mount by name, beside their own writable directories and secrets.
   * @default none
   */
  readonly volumes?: Readonly<Record<string, PodVolume>>;
  /**
   * The lowest port that its programs may listen on: those below are root's else, and no container has root.
   * @default 1024
   * @see https://docs.kernel.org/networking/ip-sysctl.html (ip_unprivileged_port_start, 6.12)
   */
  readonly lowestPort?: number;
  /**
   * Seconds from the order to stop to SIGKILL.
   * @default 30
   */
  readonly terminationGracePeriodSeconds?: number;
  /**
   * Seconds after which pods leave a node that stopped answering; `false` binds them to it.
   * @default 30
   */
  readonly leaveLostNodeAfterSeconds?: number | false;
  /**
   * Seconds without progress after which a rollout of a Deployment or StatefulSet counts as failed: Argo CD shows it as
   * Degraded.
   * @default the longest start that the startup probes allow, 120 for placing and pulling, and a Deployment's minReadySeconds
   */
  readonly progressDeadlineSeconds?: number;
  /**
   * Annotations of every object of this workload, such as those that make it an Argo CD hook.
   * @default none
   */
  readonly annotations?: Readonly<Record<string, string>>;
}

/** What the tests and the documentation take for the defaults. */
export const workloadDefaults = {
  maxUnavailable: 1,
  user: 10001,
  terminationGracePeriodSeconds: 30,
  leaveLostNodeAfterSeconds: 30,
} as const;

const options: OptionNames<WorkloadProps> = {
  name: 'required',
  program: 'required',
  component: 'required',
  controller: 'required',
  containers: 'required',
  initContainers: true,
  priority: 'required',
  spread: 'required',
  beside: true,
  maxUnavailable: true,
  api: true,
  knownBy: true,
  nameServers: true,
  runtimeLabels: true,
  dataFormat: true,
  user: true,
  group: true,
  volumes: true,
  lowestPort: true,
  terminationGracePeriodSeconds: true,
  leaveLostNodeAfterSeconds: true,
  progressDeadlineSeconds: true,
  annotations: true,
};

/** Until a pod has a node and its image. */
const secondsToPlaceAndPull = 120;

/** Pods of ours, with what they owe: requests, probes, identity, spread, a disruption budget, an account of their own. */
export class Workload extends PodOwner {
  readonly selector: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly props: WorkloadProps;
  readonly object: ApiObject;
  /** What its controller knows its pods by. */
  private readonly ownLabels: Readonly<Record<string, string>>;
  private readonly authorities: ConfigFiles | undefined;
  private readonly autoscaler: ApiObject | undefined;
  private readonly podLabels: Record<string, string>;

  constructor(scope: Construct, id: string, props: WorkloadProps) {
    super(scope, id, props.name);
    checkOptions(`Workload ${props.name}`, props, options);
    this.props = props;
    const identity = {
      name: props.program,
      instance: props.name,
      component: props.component,
      partOf: this.application,
    };
    this.ownLabels = selectorLabels(identity);
    this.selector = props.knownBy ?? this.ownLabels;
    checkContainers(this);
    this.labels = labels(identity, props.containers[0].image.version);

    const metadata = { name: props.name, labels: { ...this.labels }, ...annotated(props.annotations) };
    kubeObject(this, 'service-account', KubeServiceAccount, {
      metadata,
      automountServiceAccountToken: false,
    });
    if (props.api) apiRights(this, props.api);
    for (const { secret } of this.allContainers.flatMap(({ secretFiles = {} }) => Object.values(secretFiles))) {
      secret.copyTo(this, props.annotations);
    }
    const data = authorityFiles(this.allContainers);
    if (Object.keys(data).length > 0) {
      // Its own, because it lives like the pods: a hook's is there before the application's other objects.
      const { name, annotations } = props;
      this.authorities = new ConfigFiles(this, 'authorities', { name: `${name}-authorities`, data, annotations });
    }
    this.podLabels = { ...this.labels, ...props.knownBy };
    this.object = kubeObject(this, 'controller', this.manifest(metadata));
    const { controller, maxUnavailable = workloadDefaults.maxUnavailable } = props;
    if (controller.kind === 'Deployment' && typeof controller.replicas === 'object') {
      this.autoscaler = horizontalAutoscaler(this, controller.replicas);
    }
    if (maxUnavailable !== false && (controller.kind === 'Deployment' || controller.kind === 'StatefulSet')) {
      disruptionBudget(this, maxUnavailable);
    }
  }

  /** The number of a pod port. @throws InputError naming the ports there are */
  port(name: string): number {
    return this.containerPort(name).port;
  }

  /** The pod port of that name. @throws InputError naming the ports there are */
  containerPort(name: string): ContainerPort {
    const ports = this.props.containers.flatMap(({ ports = [] }) => ports);
    const port = ports.find((candidate) => candidate.name === name);
    if (port === undefined) {
      throw new InputError({
        where: `workload ${this.namespace}/${this.name}`,
        what: `it has no port "${name}"`,
        allowed: ports.map((candidate) => candidate.name).join(', ') || 'none: the workload declares no ports',
        remedy: 'name one of these, or declare the port on a container',
      });
    }
    return port;
  }

  /** A label of its pods that follows from what others built: no selector of its own uses it. */
  labelPods(key: string, value: string): void {
    this.podLabels[key] = value;
  }

  /**
   * What its pods ask for, patches included.
   * @param nodes how many a DaemonSet runs on
   */
  demand(nodes: number): PodDemand {
    return podDemand(glanceAt(this.object), nodes, this.autoscaler && glanceAt(this.autoscaler));
  }

  /** Those that run before the others too. */
  get allContainers(): readonly ContainerProps[] {
    return [...(this.props.initContainers ?? []), ...this.props.containers];
  }

  /** From the order to stop to SIGKILL. */
  get secondsToStop(): number {
    return this.props.terminationGracePeriodSeconds ?? workloadDefaults.terminationGracePeriodSeconds;
  }

  /** With the token if it asks the API, and with the files of the authorities that it names. */
  private completed(props: ContainerProps): ContainerProps {
    const container = withToken(props, this.props.api);
    if (this.authorities === undefined || (container.authorities ?? []).length === 0) return container;
    return { ...container, files: { ...container.files, [authoritiesPath]: this.authorities } };
  }

  private manifest(metadata: IObjectMeta): ControllerManifest {
    const { props } = this;
    const { controller, leaveLostNodeAfterSeconds = workloadDefaults.leaveLostNodeAfterSeconds } = props;
    const bound = controller.kind === 'DaemonSet' || leaveLostNodeAfterSeconds === false;
    const user = props.user ?? workloadDefaults.user;
    const ends = controller.kind === 'Job' || controller.kind === 'CronJob';
    const template = podTemplate({
      containers: props.containers.map((container) => this.completed(container)),
      initContainers: (props.initContainers ?? []).map((container) => this.completed(container)),
      volumes: { ...props.volumes, ...tokenVolumes(props.api) },
      serviceAccountName: props.name,
      priority: props.priority,
      spread: props.spread,
      beside: props.beside?.selector,
      user,
      group: props.group ?? user,
      nameServers: props.nameServers ?? 'cluster',
      lowestPort: props.lowestPort,
      terminationGracePeriodSeconds: this.secondsToStop,
      leaveLostNodeAfterSeconds: bound ? undefined : leaveLostNodeAfterSeconds,
      restartPolicy: ends ? 'Never' : 'Always',
      selector: this.ownLabels,
      labels: this.podLabels,
    });
    // Why the numbers are what they are, where somebody looks when a pod is short of them.
    const annotations = {
      ...metadata.annotations,
      ...Object.fromEntries(
        this.allContainers.map(({ name, resources }) => [`diptych/resources-of-${name}`, resources.because]),
      ),
      ...Object.fromEntries(
        this.allContainers.flatMap(({ name, privileges = [] }) =>
          privileges.length === 0
            ? []
            : [[`diptych/privileges-of-${name}`, privileges.map(describePrivilege).join('; ')]],
        ),
      ),
      ...(props.dataFormat ? dataFormatAnnotations(props.dataFormat) : {}),
    };
    // A Deployment makes no progress while a pod has to stay ready.
    const settling = controller.kind === 'Deployment' ? (controller.minReadySeconds ?? 0) : 0;
    return controllerManifest(controller, {
      metadata: { ...metadata, annotations },
      selector: { matchLabels: { ...this.ownLabels } },
      template,
      rollingUpdate: rollingUpdate(controller, props.spread, applicationOf(this).workers),
      progressDeadlineSeconds: props.progressDeadlineSeconds ?? this.longestStart() + secondsToPlaceAndPull + settling,
    });
  }

  /** In seconds, as the startup probes allow it. */
  private longestStart(): number {
    return Math.max(
      ...this.props.containers.map(({ probes }) =>
        probes === 'none' ? 0 : probes.startup.periodSeconds * probes.startup.failureThreshold,
      ),
    );
  }
}

function annotated(annotations: Readonly<Record<string, string>> | undefined): {
  annotations?: Record<string, string>;
} {
  return annotations === undefined ? {} : { annotations: { ...annotations } };
}
