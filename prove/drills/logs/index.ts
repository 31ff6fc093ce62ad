import type { IPodSpec } from 'kubernetes-models/v1/PodSpec';
import { buildPlatform } from '../../../apps/platform.ts';
import { environmentInput } from '../../../config/index.ts';
import type { Manifest } from '../../../constructs/core/manifest.ts';
import { podTemplateOf } from '../../../synth/pods.ts';
import { withCleanUp } from '../../machine/clean-up.ts';
import { ProvingError } from '../../machine/error.ts';
import { logsOf } from './parts.ts';
import { habitsStandIn } from '../../stand-ins/object-storage/habits.ts';
import type { Area, Outcome } from '../area.ts';
import type { Ground } from '../ground.ts';
import { Agent } from './agent.ts';
import { LogBucket } from './bucket.ts';
import { manifestsOf } from './components.ts';
import { Loki } from './loki.ts';
import { Receiver } from './receiver.ts';

export const area: Area<'machine'> = {
  purpose: 'sends lines through a real Loki and its agent to a bucket, kills both, and waits until old lines are gone',
  promises: {
    logs:
      'files as containerd writes them of every container of the platform are read by the agent and found in Loki by their ' +
      'workload; of 10,000 numbered lines all are there, with two rotations of their file and three kills of the agent; Loki is ' +
      'killed, stopped, and loses its volume; every object is read back; a line that is too old is gone from the bucket; lines ' +
      'that somebody has to know of are told. Configuration, command and files are those of the pod, but for ports, and for ' +
      'the waits of the compactor and the days that lines are kept, which would take a drill hours',
  },
  needs: 'machine',
  minutes: 8,
  programs: ['loki', 'promtail', 'versitygw'],
  asks: 'observability',
  about: [
    'constructs/log-stack',
    'prove/images/recipes/logs.ts',
    'prove/stand-ins/object-storage',
    'prove/tools/loki',
    'prove/tools/promtail',
  ],
  run: logs,
};

async function logs(ground: Ground): Promise<Outcome> {
  const { root, folder, environment } = ground;
  const { observability, objectStores } = environmentInput(environment);
  const store = observability?.logs?.store;
  const place = store === undefined ? undefined : objectStores[store];
  if (observability === undefined || store === undefined || place === undefined)
    throw new ProvingError(`${environment} keeps no logs`);
  const bucket = await LogBucket.start({ root, folder, environment, store, ...place });
  const receiver = await Receiver.start();
  let pair: { readonly loki: Loki; readonly agent: Agent } | undefined;
  const end = [() => pair?.agent.stop(), () => pair?.loki.kill(), () => receiver.stop(), () => bucket.stop()];
  return withCleanUp(end, async () => {
    // A day is the least for which Loki keeps lines.
    const platform = buildPlatform(environment, {
      changes: {
        observability: { ...observability, logs: { store, keepDays: 1 } },
        objectStores: { ...objectStores, [store]: { ...place, endpoint: bucket.endpoint } },
      },
    });
    const manifests = manifestsOf(platform);
    const loki = await Loki.prepare({
      ...{ folder, bucket, alertmanager: receiver.url },
      pod: podOf(manifests, 'loki'),
      settings: dataOf(manifests, 'loki-settings'),
      rules: dataOf(manifests, 'loki-rules'),
      keyScript: dataOf(manifests, 'loki-keys')['write-credentials.sh'] ?? '',
    });
    const agent = await Agent.prepare(folder, loki.url, 'node1');
    pair = { loki, agent };
    const round = await logsOf({ ground, platform, loki, agent, bucket, receiver });
    return { logs: { ...round, standIns: [habitsStandIn, ...standIns] } };
  });
}

const standIns = [
  'Alloy: Promtail of the same makers, with the same stages from the same table',
  "Alertmanager: a server that takes what Loki's rules send",
  'containerd: files of lines as it writes them, of pods with names as their controllers make them',
];

function podOf(manifests: readonly Manifest[], name: string): IPodSpec {
  const found = manifests.find(({ kind, metadata }) => kind === 'StatefulSet' && metadata.name === name);
  const spec = found === undefined ? undefined : podTemplateOf(found)?.spec;
  if (spec === undefined) throw new ProvingError(`the platform has no StatefulSet ${name}`);
  return spec;
}

function dataOf(manifests: readonly Manifest[], name: string): Readonly<Record<string, string>> {
  const found = manifests.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === name);
  if (found === undefined) throw new ProvingError(`the platform has no ConfigMap ${name}`);
  return (found as unknown as { readonly data: Readonly<Record<string, string>> }).data;
}
