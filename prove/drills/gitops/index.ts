import fs from 'node:fs';
import path from 'node:path';
import { gitDelayFile } from '../../stand-ins/internet/names.ts';
import { worldFolder } from '../../stand-ins/internet/start.ts';
import type { Area } from '../area.ts';
import { delivered, onCluster } from '../ground.ts';
import type { ClusterGround } from '../ground.ts';
import { checkInstallation } from './auto.ts';
import { addDatabase } from './database.ts';
import { allObjects } from './objects.ts';
import { checkWaves } from './waves.ts';

/** Longer than Argo CD's own pause of 2 s between waves: a child that is refreshed later than that. */
const gitDelayMilliseconds = 3000;

/** Two first installations a round: the tree as it is, and one with a slow database while GitHub is slow too. */
export const area: Area<'empty'> = {
  purpose: 'lets Argo CD install the tree in an empty cluster, twice',
  promises: {
    'gitops-auto': 'Argo CD is installed in an empty cluster as the README says, and applies the working tree',
    'gitops-waves':
      'the tree with a database that takes 15 s and has waves of its own is installed in an empty cluster, ' +
      `while GitHub takes ${gitDelayMilliseconds / 1000} s for each answer`,
  },
  needs: 'empty',
  minutes: 8,
  programs: [],
  about: ['constructs/app-of-apps', 'constructs/core/application.ts', 'apps', 'prove/components/argocd'],
  run: async (ground) => ({
    'gitops-auto': await onCluster(ground, installTree),
    'gitops-waves': await onCluster(ground, installSlowly),
  }),
};

async function installTree(ground: ClusterGround) {
  const before = await allObjects(ground.cluster);
  return checkInstallation(await delivered(ground), before);
}

async function installSlowly(ground: ClusterGround) {
  fs.writeFileSync(path.join(worldFolder(ground.cluster), gitDelayFile), String(gitDelayMilliseconds));
  return checkWaves(await delivered(ground, { prepare: addDatabase }));
}
