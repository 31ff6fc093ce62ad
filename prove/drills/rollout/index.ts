import { kubectl } from '../../cluster/kubectl.ts';
import { membersOf } from '../../components/postgres/members.ts';
import type { Members } from '../../components/postgres/members.ts';
import { refresh } from '../../components/argocd/applications.ts';
import { Releases } from '../../delivery/releases.ts';
import { publishImage } from '../../images/publish.ts';
import { databaseImages } from '../../images/recipes/postgres.ts';
import { Writer } from '../../instruments/writer.ts';
import { withCleanUp } from '../../machine/clean-up.ts';
import { ProvingError } from '../../machine/error.ts';
import type { Area, Outcome } from '../area.ts';
import type { PlatformGround } from '../ground.ts';
import { restarted, rolledOut } from './disturbance.ts';
import type { Disturbance } from './disturbance.ts';

/** What a release changes beside the image: PostgreSQL reads it at its start only, and nobody else feels it. */
const parameter = { name: 'track_activity_query_size', value: '2048' } as const;

export const area: Area<'platform'> = {
  purpose: 'updates all pods of PostgreSQL by releases, and restarts it, under a writing client',
  promises: {
    'pg-rollout':
      'a release of another image and parameter and one of what was before, each begun while the member leads that a ' +
      'rolling update takes first, and between them a restart of both members for the parameter, under a client that ' +
      'commits twenty times a second',
  },
  needs: 'platform',
  minutes: 6,
  programs: [],
  about: ['constructs/patroni-cluster', 'constructs/stateful', 'prove/components/postgres'],
  run: rollout,
};

async function rollout(ground: PlatformGround): Promise<Outcome> {
  const { cluster, clone, applications, signal, report } = ground;
  const members = membersOf(ground);
  const tag = await anotherImage(ground, members);
  const releases = await Releases.of(cluster, clone);
  await members.whole(signal, 300);
  await Writer.prepare(members);
  const writer = await Writer.start(members, { number: 4 });
  const undo = [
    () => report('everything as before'),
    () => writer.remove(),
    async () => {
      await releases.undo();
      await refresh(cluster);
      await releases.applied(applications);
      await members.whole(undefined, 300);
      // A parameter that is gone waits for a restart too.
      for (const name of members.names) {
        if (await members.waitsForRestart(name, parameter.name)) await members.restart(name);
      }
    },
  ];
  return withCleanUp(undo, async () => {
    await releases.pin();
    return await updates(ground, members, writer, releases, tag);
  });
}

async function updates(
  ground: PlatformGround,
  members: Members,
  writer: Writer,
  releases: Releases,
  tag: string,
): Promise<Outcome> {
  const { clone, signal } = ground;
  const before = await clone.git(['rev-parse', 'HEAD']);
  const last = members.names.at(-1) ?? '';
  // It is taken first: with this one, writes stop twice.
  await members.leadOn(await members.nodeOf(last), signal);
  const image = await rolledOut(ground, members, writer, 'image', () =>
    releases.release('Another image and parameter of PostgreSQL', (clone) => {
      clone.setImage('spilo', tag);
      const line = `parameters: { ${parameter.name}: ${parameter.value} },`;
      clone.edit('apps/data.ts', "size: environment.size('postgres'),", (found) => `${found}\n    ${line}`);
    }),
  );
  const images = await imagesOf(members);
  const restart = await restarted(ground, members, writer, parameter);
  const values = await Promise.all(members.names.map((name) => members.setting(name, parameter.name)));
  await members.leadOn(await members.nodeOf(last), signal);
  const back = await rolledOut(ground, members, writer, 'back', async () => {
    await clone.git(['restore', `--source=${before}`, '--staged', '--worktree', '--', 'apps', 'config/images.json']);
    await releases.release('PostgreSQL as it was', () => undefined);
  });
  const lost = await writer.lost();
  const all: readonly Disturbance[] = [image, restart, back];
  const figures = {
    outage: Math.max(...all.map(({ outage }) => outage)),
    ...Object.fromEntries(all.map(({ name, outage }) => [name, outage])),
    stops: Math.max(image.stops, back.stops),
    whole: Math.max(image.seconds, back.seconds),
    lost: lost.length,
  };
  return {
    'pg-rollout': {
      figures,
      units: { outage: 's', image: 's', restart: 's', back: 's', stops: 'times', whole: 's', lost: 'transactions' },
      checks: [
        { what: 'rows lost', expected: 'none', got: lost.slice(0, 5).join(', ') || 'none' },
        { what: 'the image of the members after the update', expected: tag, got: images.join(', ') },
        {
          what: `${parameter.name} after the restart`,
          expected: parameter.value,
          got: [...new Set(values)].join(', '),
        },
      ],
    },
  };
}

/** Publishes the same image once more under another tag. */
async function anotherImage({ cluster, environment }: PlatformGround, members: Members): Promise<string> {
  const { repository, tag } = members.container('postgres').image;
  const reference = `${repository}:${tag}`;
  const image = databaseImages(environment, cluster).find((each) => each.reference === reference);
  if (image === undefined) throw new ProvingError(`nobody here makes ${reference}`);
  await publishImage(cluster, { ...image, reference: `${reference}-again` });
  return `${tag}-again`;
}

/** Tags of the images that the members run, each once. */
async function imagesOf({ cluster, namespace, names }: Members): Promise<readonly string[]> {
  const images = await Promise.all(
    names.map((name) => {
      const format = '--output=jsonpath={.spec.containers[0].image}';
      return kubectl(cluster, ['get', 'pod', name, `--namespace=${namespace}`, format]);
    }),
  );
  return [...new Set(images.map((image) => image.trim().split(':').at(-1) ?? ''))];
}
