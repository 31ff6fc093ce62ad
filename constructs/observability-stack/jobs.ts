import fs from 'node:fs';
import path from 'node:path';
import { load } from 'js-yaml';
import { isPodPeer } from '../core/endpoint.ts';
import type { PodPeer } from '../core/endpoint.ts';
import { InputError } from '../core/error.ts';
import type { Finding } from '../core/error.ts';
import { apiTokenPath } from '../core/pod-volume.ts';
import type { Scrape } from '../core/scrape.ts';
import type { ObservabilityStackProps } from './props.ts';

/** A job of Prometheus, as it reads it. */
export type Job = Readonly<Record<string, unknown>> & { readonly job_name: string };

const files = load(fs.readFileSync(path.join(import.meta.dirname, 'files', 'prometheus', 'jobs.yaml'), 'utf8')) as {
  readonly components: Readonly<Record<string, unknown>>;
  readonly kubernetes: readonly Job[];
};

/** Of a scrape's name: `patroni-of-postgres` for `Patroni of postgres`. */
export function jobName(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}

/** Where pods of components are looked for: all jobs ask the same, so Prometheus watches once for all of them. */
export function discovery(scrapes: readonly Scrape[]): object {
  const namespaces = scrapes.flatMap(({ endpoint }) =>
    endpoint.targets.flatMap(({ peer }) => (isPodPeer(peer) ? [peer.namespace] : [])),
  );
  return { role: 'pod', namespaces: { names: [...new Set(namespaces)].sort() } };
}

/**
 * By the labels that the wires have too, and the policies with them. Not by the slices of Services: one without ports leads to
 * pods all the same, and has no target (Prometheus 3.15, discovery/kubernetes/endpointslice.go).
 * @param others that there are beside them, whose names are taken
 */
export function componentJobs(scrapes: readonly Scrape[], others: readonly Job[]): readonly Job[] {
  checkScrapes(scrapes, others);
  const where = [discovery(scrapes)];
  return [...scrapes]
    .map((scrape) => {
      const [target] = scrape.endpoint.targets;
      const peer = target?.peer as PodPeer;
      const own = scrape.about === 'itself';
      return {
        job_name: jobName(scrape.endpoint.name),
        metrics_path: scrape.endpoint.path,
        ...(own ? {} : { honor_labels: true }),
        sample_limit: scrape.mostSeries,
        ...files.components,
        kubernetes_sd_configs: where,
        relabel_configs: [
          ...selection(peer),
          { source_labels: [pod('ip')], regex: '(.+)', target_label: '__address__', replacement: `$1:${target?.port}` },
          ...(own ? podLabels : [podLabels.at(-1)]),
        ],
      };
    })
    .sort((a, b) => (a.job_name < b.job_name ? -1 : 1));
}

/** Of the API server and of every node. */
export function kubernetesJobs(nodes: ObservabilityStackProps['nodes']): readonly Job[] {
  return files.kubernetes.map((job) => {
    const ofApi = job.job_name === 'apiserver';
    const of = nodes.filter(({ role }) => !ofApi || role === 'server');
    return {
      ...job,
      authorization: { credentials_file: `${apiTokenPath}/token` },
      tls_config: { ca_file: `${apiTokenPath}/ca.crt` },
      static_configs: of.map(({ name, address }) => ({
        targets: [`${address}:${ofApi ? 6443 : 10250}`],
        labels: { node: name, instance: name },
      })),
    };
  });
}

const pod = (what: string): string => `__meta_kubernetes_pod_${what}`;

const podLabels = [
  { source_labels: ['__meta_kubernetes_namespace'], target_label: 'namespace' },
  { source_labels: [pod('name')], target_label: 'pod' },
  { source_labels: [pod('node_name')], target_label: 'node' },
  // Else the address, which another pod may have tomorrow.
  { source_labels: [pod('name')], target_label: 'instance' },
];

/** One target for each pod: its ports become the one that is asked, and what is the same is one. */
function selection({ namespace, selector }: PodPeer): object[] {
  const labels = Object.entries(selector).sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    {
      source_labels: [
        '__meta_kubernetes_namespace',
        ...labels.map(([key]) => pod(`label_${key.replace(/[^a-zA-Z0-9]/g, '_')}`)),
      ],
      regex: [namespace, ...labels.map(([, value]) => value.replaceAll('.', '\\.'))].join(';'),
      action: 'keep',
    },
    { source_labels: [pod('phase')], regex: '(Succeeded|Failed)', action: 'drop' },
  ];
}

function checkScrapes(scrapes: readonly Scrape[], others: readonly Job[]): void {
  const names = [...others.map((job) => job.job_name), ...scrapes.map((each) => jobName(each.endpoint.name))];
  const findings = scrapes.flatMap(({ endpoint: { name, targets } }): Finding[] => {
    const where = `scrape of ${name}`;
    const remedy = 'change it where the scrape is made';
    const isTwice = names.filter((other) => other === jobName(name)).length > 1;
    return [
      ...(isTwice
        ? [
            {
              where,
              what: `there are two jobs ${jobName(name)}: nobody could tell whose numbers are whose`,
              allowed: 'each name once',
              remedy,
            },
          ]
        : []),
      ...(targets.length === 1 && targets.every(({ peer }) => isPodPeer(peer))
        ? []
        : [{ where, what: `it has ${targets.length} targets`, allowed: 'one, which is pods', remedy }]),
    ];
  });
  if (findings.length > 0) throw new InputError(findings);
}
