import type { Size } from 'cdk8s';
import { InputError } from '../core/error.ts';
import { ForeignWorkload } from '../core/foreign-workload.ts';
import type { Scrape } from '../core/scrape.ts';
import { Workload } from '../core/workload.ts';
import { jobName } from './jobs.ts';
import type { Job } from './jobs.ts';

/** What is read, and what it comes to. */
export interface SeriesBudget {
  /** Pods and addresses that are read, with the least number of pods, which is the ordinary one. */
  readonly targets: number;
  /** Series that all of them together may tell, each at its limit, with the most pods there may be. */
  readonly most: number;
  /** That the memory of Prometheus holds. */
  readonly holds: number;
  /** That are expected. */
  readonly usual: number;
  /** Of the disk, that a day of those takes. */
  readonly mebibytesADay: number;
}

/** What a job may come to. */
interface JobSeries {
  readonly name: string;
  readonly targets: number;
  readonly targetsAtMost: number;
  readonly most: number;
}

/** 4 KiB a series in memory, as its makers count, and as much again for queries and what is being written. */
const kibibytesOfSeries = 8;

/** Measured on 2026-12-01 with two nodes and the whole platform: 10,637 series of 40 targets. */
const usualOfTarget = 266;

/** Of a number on disk, as its makers count. @see https://prometheus.io/docs/prometheus/3.15/storage/#operational-aspects */
const bytesOfSample = 2;

interface Read {
  /** Of addresses: of Kubernetes itself, and of public paths. */
  readonly jobs: readonly Job[];
  readonly scrapes: readonly Scrape[];
  /** How many there are. */
  readonly nodes: number;
  readonly memory: Size;
  readonly scrapeSeconds: number;
}

/** @throws InputError where all that is read could fill the memory of Prometheus */
export function seriesBudget({ jobs, scrapes, nodes, memory, scrapeSeconds }: Read): SeriesBudget {
  const all = [...jobs.map(ofAddresses), ...scrapes.map((scrape) => ofPods(scrape, nodes))];
  const targets = sum(all.map((each) => each.targets));
  const most = sum(all.map((each) => each.most));
  const holds = Math.floor((memory.toMebibytes() * 1024) / kibibytesOfSeries);
  if (most > holds) {
    const largest = [...all].sort((a, b) => b.most - a.most || (a.name < b.name ? -1 : 1)).slice(0, 3);
    throw new InputError({
      where: 'ObservabilityStack',
      what: `all that is read may come to ${most} series: ${largest.map(described).join(', ')}, and others`,
      allowed: `${holds}, which ${memory.toMebibytes()} MiB of memory hold at ${kibibytesOfSeries} KiB each`,
      remedy: 'lower mostSeries of a scrape, or raise memoryMebibytes of prometheus in sizes',
    });
  }
  const usual = targets * usualOfTarget;
  const mebibytesADay = Math.ceil((usual * (86_400 / scrapeSeconds) * bytesOfSample) / 2 ** 20);
  return { targets, most, holds, usual, mebibytesADay };
}

function ofAddresses({ job_name: name, static_configs: places, sample_limit: limit }: Job): JobSeries {
  const targets = sum(
    (places as readonly { readonly targets: readonly string[] }[]).map((each) => each.targets.length),
  );
  return { name, targets, targetsAtMost: targets, most: targets * (limit as number) };
}

/** Others' pods are as many as they say, or one. */
function ofPods({ endpoint, mostSeries }: Scrape, nodes: number): JobSeries {
  const pods = endpoint.targets.map(({ peer }) => {
    if (peer instanceof Workload) return peer.demand(nodes);
    const replicas = peer instanceof ForeignWorkload ? (peer.requests?.replicas ?? 1) : 1;
    return { least: replicas, most: replicas };
  });
  const targetsAtMost = sum(pods.map(({ most }) => most));
  return {
    name: jobName(endpoint.name),
    targets: sum(pods.map(({ least }) => least)),
    targetsAtMost,
    most: targetsAtMost * mostSeries,
  };
}

const described = ({ name, targetsAtMost, most }: JobSeries): string => `${most} of ${targetsAtMost} x ${name}`;

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
