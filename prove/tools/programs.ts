/** How a family's sources are had and what building it takes. A family is a folder with one go.mod. */
export interface Family {
  /** Disk that the build and module caches take while it is built, in gibibytes, with a margin. */
  readonly gibibytes: number;
}

export interface Program {
  readonly family: FamilyName;
  /** Go package of the program, seen from the family's folder. */
  readonly package: string;
  /** Module whose version in go.mod is the program's version; none for our own. */
  readonly module?: string;
  readonly purpose: string;
  /** Seconds that the build took on 2 processors, after those of its family that stand above it. */
  readonly seconds: number;
  /** Variables set while linking, such as a version; `-s -w` comes before them. */
  readonly variables?: (version: string) => Readonly<Record<string, string>>;
  /** Build tags. @default none */
  readonly tags?: readonly string[];
  /** Whether it needs a C compiler. @default false: a static file, which runs in any image */
  readonly cgo?: boolean;
  /** Environment variable with the path of another build that is used in its place. @default it can't be replaced */
  readonly replacedBy?: string;
}

export const families = {
  kubernetes: { gibibytes: 6 },
  etcd: { gibibytes: 2 },
  containerd: { gibibytes: 3 },
  netpold: { gibibytes: 3 },
  probe: { gibibytes: 1 },
  coredns: { gibibytes: 4 },
  'local-path-provisioner': { gibibytes: 3 },
  argocd: { gibibytes: 8 },
  'sealed-secrets': { gibibytes: 3 },
  helm: { gibibytes: 4 },
  'metrics-server': { gibibytes: 4 },
  kwok: { gibibytes: 3 },
  'netpol-analyzer': { gibibytes: 3 },
  'wal-g': { gibibytes: 3 },
  versitygw: { gibibytes: 3 },
  'postgres-exporter': { gibibytes: 2 },
  'pgbouncer-exporter': { gibibytes: 2 },
  'redis-exporter': { gibibytes: 2 },
  prometheus: { gibibytes: 8 },
  sloth: { gibibytes: 4 },
  'node-exporter': { gibibytes: 2 },
  'kube-state-metrics': { gibibytes: 4 },
  'blackbox-exporter': { gibibytes: 2 },
  loki: { gibibytes: 10 },
  promtail: { gibibytes: 10 },
  jaeger: { gibibytes: 8 },
  rclone: { gibibytes: 6 },
  'go-ftw': { gibibytes: 2 },
  'terraform-provider-hcloud': { gibibytes: 2 },
  'terraform-provider-cloudflare': { gibibytes: 2 },
  opentofu: { gibibytes: 6 },
} as const satisfies Readonly<Record<string, Family>>;

export type FamilyName = keyof typeof families;

// Without them a Kubernetes program calls itself v0.0.0-master, and clients warn of the difference.
const kubernetesVersion = (version: string) => {
  const [major = '', minor = ''] = version.replace('v', '').split('.');
  return {
    'k8s.io/component-base/version.gitVersion': version,
    'k8s.io/component-base/version.gitMajor': major,
    'k8s.io/component-base/version.gitMinor': minor,
    'k8s.io/client-go/pkg/version.gitVersion': version,
  };
};

const kubernetes = (name: string, seconds: number, purpose: string) =>
  ({
    family: 'kubernetes',
    package: `k8s.io/kubernetes/cmd/${name}`,
    module: 'k8s.io/kubernetes',
    purpose,
    seconds,
    variables: kubernetesVersion,
  }) as const;

const containerd = (name: string, seconds: number, purpose: string) =>
  ({
    family: 'containerd',
    package: `github.com/containerd/containerd/v2/cmd/${name}`,
    module: 'github.com/containerd/containerd/v2',
    purpose,
    seconds,
  }) as const;

const sealedSecrets = (command: string, seconds: number, purpose: string) =>
  ({
    family: 'sealed-secrets',
    package: `github.com/bitnami-labs/sealed-secrets/cmd/${command}`,
    module: 'github.com/bitnami-labs/sealed-secrets',
    purpose,
    seconds,
    variables: (version: string) => ({ 'main.VERSION': version }),
  }) as const;

const exporterVersion = (version: string) => ({
  'github.com/prometheus/common/version.Version': version.replace('v', ''),
});

const lokiVersion = (version: string) => ({
  'github.com/grafana/loki/v3/pkg/util/build.Version': version.replace('v', ''),
});

/** Every program that the proving ground builds, in the order in which they are built. */
export const programs = {
  'kube-apiserver': kubernetes('kube-apiserver', 191, 'the API server'),
  'kube-controller-manager': kubernetes('kube-controller-manager', 46, 'the controllers'),
  'kube-scheduler': kubernetes('kube-scheduler', 4, 'the scheduler'),
  kubectl: kubernetes('kubectl', 24, 'the client'),
  kubelet: kubernetes('kubelet', 18, "a node's agent"),
  'kube-proxy': kubernetes('kube-proxy', 8, "a node's services"),
  etcd: {
    family: 'etcd',
    package: 'go.etcd.io/etcd/server/v3',
    module: 'go.etcd.io/etcd/server/v3',
    purpose: "the API server's store",
    seconds: 27,
  },
  containerd: containerd('containerd', 67, "a node's container runtime"),
  'containerd-shim-runc-v2': containerd('containerd-shim-runc-v2', 2, 'one for each pod; calls runc'),
  ctr: containerd('ctr', 6, 'imports images'),
  netpold: {
    family: 'netpold',
    package: '.',
    module: 'github.com/cloudnativelabs/kube-router/v2',
    purpose: "enforces NetworkPolicies with K3s' own code",
    seconds: 61,
  },
  probe: {
    family: 'probe',
    package: '.',
    purpose: 'HTTP, TCP, UDP and DNS client and server inside of pods',
    seconds: 12,
  },
  coredns: {
    family: 'coredns',
    package: 'github.com/coredns/coredns',
    module: 'github.com/coredns/coredns',
    purpose: "the cluster's DNS",
    seconds: 89,
  },
  'local-path-provisioner': {
    family: 'local-path-provisioner',
    package: 'github.com/rancher/local-path-provisioner',
    module: 'github.com/rancher/local-path-provisioner',
    purpose: 'volumes, as in K3s',
    seconds: 66,
    variables: (version) => ({ 'main.VERSION': version }),
  },
  argocd: {
    family: 'argocd',
    package: 'github.com/argoproj/argo-cd/v3/cmd',
    module: 'github.com/argoproj/argo-cd/v3',
    purpose: 'all of Argo CD: the role is taken from the name it is started under',
    seconds: 209,
    variables: (version) => ({ 'github.com/argoproj/argo-cd/v3/common.version': version.replace('v', '') }),
  },
  'sealed-secrets-controller': sealedSecrets('controller', 72, 'unseals secrets in the cluster'),
  kubeseal: sealedSecrets('kubeseal', 1, 'its client'),
  helm: {
    family: 'helm',
    package: 'helm.sh/helm/v4/cmd/helm',
    module: 'helm.sh/helm/v4',
    purpose: 'renders charts for Argo CD',
    seconds: 220,
    variables: (version) => ({ 'helm.sh/helm/v4/internal/version.version': version }),
  },
  'metrics-server': {
    family: 'metrics-server',
    package: 'sigs.k8s.io/metrics-server/cmd/metrics-server',
    module: 'sigs.k8s.io/metrics-server',
    purpose: 'usage of pods and nodes, for the autoscalers',
    seconds: 108,
  },
  kwok: {
    family: 'kwok',
    package: 'sigs.k8s.io/kwok/cmd/kwok',
    module: 'sigs.k8s.io/kwok',
    purpose: 'pretends nodes of any size, for the real scheduler',
    seconds: 71,
  },
  'netpol-analyzer': {
    family: 'netpol-analyzer',
    package: 'github.com/np-guard/netpol-analyzer/cmd/netpolicy',
    module: 'github.com/np-guard/netpol-analyzer',
    purpose: 'a second opinion on who may connect to whom',
    seconds: 52,
  },
  'wal-g': {
    family: 'wal-g',
    package: 'github.com/wal-g/wal-g/main/pg',
    module: 'github.com/wal-g/wal-g',
    purpose: 'backs PostgreSQL up',
    seconds: 134,
    variables: (version) => ({ 'github.com/wal-g/wal-g/cmd/pg.walgVersion': version }),
    // Its backups are encrypted, and it loads libsodium of the system for it.
    tags: ['libsodium'],
    cgo: true,
    replacedBy: 'WALG',
  },
  versitygw: {
    family: 'versitygw',
    package: 'github.com/versity/versitygw/cmd/versitygw',
    module: 'github.com/versity/versitygw',
    purpose: 'object storage that speaks S3',
    seconds: 127,
    variables: (version) => ({ 'main.Version': version }),
  },
  'postgres-exporter': {
    family: 'postgres-exporter',
    package: 'github.com/prometheus-community/postgres_exporter/cmd/postgres_exporter',
    module: 'github.com/prometheus-community/postgres_exporter',
    purpose: 'metrics of PostgreSQL',
    seconds: 61,
    variables: exporterVersion,
  },
  'pgbouncer-exporter': {
    family: 'pgbouncer-exporter',
    package: 'github.com/prometheus-community/pgbouncer_exporter',
    module: 'github.com/prometheus-community/pgbouncer_exporter',
    purpose: 'metrics of PgBouncer',
    seconds: 60,
    variables: exporterVersion,
  },
  'redis-exporter': {
    family: 'redis-exporter',
    package: 'github.com/oliver006/redis_exporter',
    module: 'github.com/oliver006/redis_exporter',
    purpose: 'metrics of Redis and its Sentinels',
    seconds: 60,
    variables: (version) => ({ 'main.BuildVersion': version }),
  },
  prometheus: {
    family: 'prometheus',
    package: 'github.com/prometheus/prometheus/cmd/prometheus',
    module: 'github.com/prometheus/prometheus',
    purpose: 'reads and keeps the numbers; without its web page, which is not in the module',
    seconds: 300,
    variables: exporterVersion,
  },
  promtool: {
    family: 'prometheus',
    package: 'github.com/prometheus/prometheus/cmd/promtool',
    module: 'github.com/prometheus/prometheus',
    purpose: "checks Prometheus' configuration and rules",
    seconds: 30,
    variables: exporterVersion,
  },
  sloth: {
    family: 'sloth',
    package: 'github.com/slok/sloth/cmd/sloth',
    module: 'github.com/slok/sloth',
    purpose: 'makes rules of objectives, as ours are to be',
    seconds: 120,
    variables: (version) => ({ 'github.com/slok/sloth/internal/info.Version': version }),
  },
  'node-exporter': {
    family: 'node-exporter',
    package: 'github.com/prometheus/node_exporter',
    module: 'github.com/prometheus/node_exporter',
    purpose: 'numbers of a node',
    seconds: 60,
    variables: exporterVersion,
  },
  'kube-state-metrics': {
    family: 'kube-state-metrics',
    package: 'k8s.io/kube-state-metrics/v2',
    module: 'k8s.io/kube-state-metrics/v2',
    purpose: "numbers of the cluster's objects",
    // Zones of schedules, which its own image has as files.
    tags: ['timetzdata'],
    seconds: 120,
    variables: exporterVersion,
  },
  'blackbox-exporter': {
    family: 'blackbox-exporter',
    package: 'github.com/prometheus/blackbox_exporter',
    module: 'github.com/prometheus/blackbox_exporter',
    purpose: 'asks for public paths',
    seconds: 60,
    variables: exporterVersion,
  },
  loki: {
    family: 'loki',
    package: 'github.com/grafana/loki/v3/cmd/loki',
    module: 'github.com/grafana/loki/v3',
    purpose: 'keeps logs in object storage',
    seconds: 500,
    variables: lokiVersion,
  },
  promtail: {
    family: 'promtail',
    package: 'github.com/grafana/loki/v3/clients/cmd/promtail',
    module: 'github.com/grafana/loki/v3',
    purpose: 'reads the logs of containers in the place of Alloy, which the module proxy serves only a part of',
    seconds: 400,
    variables: lokiVersion,
  },
  jaeger: {
    family: 'jaeger',
    package: 'github.com/jaegertracing/jaeger/cmd/jaeger',
    module: 'github.com/jaegertracing/jaeger',
    purpose:
      'keeps traces: Jaeger 2.13.0, the last whose module has the number of the first line beside it; without its web page, which is not in the module',
    seconds: 240,
    variables: () => ({ 'github.com/jaegertracing/jaeger/internal/version.latestVersion': 'v2.13.0' }),
  },
  rclone: {
    family: 'rclone',
    package: 'github.com/rclone/rclone',
    module: 'github.com/rclone/rclone',
    purpose: 'copies backups to another provider',
    seconds: 529,
    variables: (version) => ({ 'github.com/rclone/rclone/fs.Version': version }),
  },
  'crs-suite': {
    family: 'go-ftw',
    package: '.',
    module: 'github.com/coreruleset/go-ftw/v2',
    purpose: "runs the WAF rules' own tests",
    seconds: 30,
  },
  albedo: {
    family: 'go-ftw',
    package: 'github.com/coreruleset/albedo',
    module: 'github.com/coreruleset/albedo',
    purpose: 'the server that those tests want behind the WAF',
    seconds: 5,
  },
  'terraform-provider-hcloud': {
    family: 'terraform-provider-hcloud',
    package: 'github.com/hetznercloud/terraform-provider-hcloud',
    module: 'github.com/hetznercloud/terraform-provider-hcloud',
    purpose: 'what OpenTofu asks Hetzner by',
    seconds: 25,
    variables: (version) => ({
      'github.com/hetznercloud/terraform-provider-hcloud/hcloud.Version': version.replace('v', ''),
    }),
  },
  'terraform-provider-cloudflare': {
    family: 'terraform-provider-cloudflare',
    package: '.',
    purpose: "stands in for Cloudflare's provider, which the module proxy doesn't serve",
    seconds: 20,
  },
  tofu: {
    family: 'opentofu',
    package: 'github.com/opentofu/opentofu/cmd/tofu',
    module: 'github.com/opentofu/opentofu',
    purpose: 'plans and applies terraform/',
    seconds: 320,
    variables: () => ({ 'github.com/opentofu/opentofu/version.dev': 'no' }),
  },
} as const satisfies Readonly<Record<string, Program>>;

export type ProgramName = keyof typeof programs;

export const programNames = Object.keys(programs) as readonly ProgramName[];

/** The program's row with the optional columns that only some rows have. */
export function programOf(name: ProgramName): Program {
  return programs[name];
}
