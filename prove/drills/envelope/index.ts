import fs from 'node:fs';
import path from 'node:path';
import { wantedFiles } from '../../../scripts/bundle/contents.ts';
import { bundleBucket } from '../../../scripts/bundle/store.ts';
import { withCleanUp } from '../../machine/clean-up.ts';
import { habitsStandIn } from '../../stand-ins/object-storage/habits.ts';
import { LocalStorage } from '../../stand-ins/object-storage/local.ts';
import { Checks } from '../hardware/checks.ts';
import type { Area, Outcome } from '../area.ts';
import type { Ground } from '../ground.ts';
import { EmptySystem } from './empty-system.ts';
import { Operator } from './operator.ts';

export const area: Area<'machine'> = {
  purpose: 'opens the disaster bundle in an empty system, with nothing but the printed envelope and the bucket',
  promises: {
    envelope:
      'npm run bundle writes the envelope and the bundle; in a system that has nothing but curl, age and tar the files and ' +
      'commands of the page, as they are printed, bring every secret back; another envelope, a bundle that was cut off, and ' +
      'that of another environment are refused',
  },
  needs: 'machine',
  minutes: 2,
  programs: ['versitygw'],
  about: ['scripts/bundle', 'scripts/object-storage', 'scripts/buckets', 'prove/stand-ins/object-storage'],
  run: envelope,
};

async function envelope({ root, folder, report }: Ground): Promise<Outcome> {
  const checks = new Checks();
  let seconds = 0;
  const storage = await LocalStorage.start(
    path.join(folder, 'store'),
    bundleBucket(root, 'production', undefined).region,
  );
  await withCleanUp([() => storage.stop()], async () => {
    const operator = Operator.begin({ root, folder: path.join(folder, 'operator'), storage });
    report('making an envelope and two bundles');
    checks.same('npm run buckets -- offsite', await operator.buckets('offsite'), 'done');
    checks.same('npm run bundle -- envelope', await operator.envelope('production'), 'done');
    checks.same('npm run bundle -- make', await operator.bundle(['make', 'production']), 'done');
    checks.same('npm run bundle -- make, again', await operator.bundle(['make', 'production']), 'done');
    const kept = storage.keys(operator.bucket).filter((key) => /production\/\d{4}-.*\.tar\.age$/.test(key));
    checks.same('bundles under the time at which they were made', String(kept.length), '2');
    checks.same('npm run bundle -- check', await operator.bundle(['check', 'production']), 'done');
    const page = operator.page('production');
    checks.same('secrets that were printed', operator.leaked(), 'none');

    report('losing everything but the page and the bucket');
    const before = operator.secrets('production');
    operator.lose();
    const system = await EmptySystem.make(path.join(folder, 'empty'));
    const start = performance.now();
    checks.same('what the page says, in an empty system', await system.follow(page), 'done');
    seconds = Math.round((performance.now() - start) / 100) / 10;
    const after = system.secrets('production');
    const wanted = wantedFiles('production').map((each) => each.path);
    const differing = wanted.filter((name) => after.get(name) === undefined || after.get(name) !== before.get(name));
    checks.same('secrets that are not what they were', differing.join() || 'none', 'none');
    const fromCluster = [...after.keys()].filter((name) => name.startsWith('cluster/')).length;
    checks.same('files of the cluster', String(fromCluster), String(operator.inCluster));

    report('what is refused');
    const refused = async (what: string, text: string, because: string): Promise<void> => {
      await system.empty();
      checks.says(what, await system.follow(text), because);
      checks.same(`${what}: secrets that are there then`, String(system.secrets('production').size), '0');
    };
    operator.returns();
    checks.same('an envelope of another environment', await operator.envelope('three-node'), 'done');
    const other = operator.page('three-node');
    await refused(
      'the identity of another envelope',
      page.replace(identityIn(page), identityIn(other)),
      'no identity matched',
    );
    await refused(
      'a letter of it mistaken',
      page.replace(identityIn(page), mistaken(identityIn(page))),
      'malformed secret key',
    );
    await refused('other keys', page.replace(/user = "[^:]+:/, 'user = "nobody:'), '403');
    const undo = cutOff(
      path.join(folder, 'store/objects', operator.bucket, 'disaster-bundle/production/newest.tar.age'),
    );
    await refused('a bundle that was cut off', page, 'age: error');
    const foreign = ['check', 'production', '--identity', operator.identityFile('production')];
    checks.says(
      'npm run bundle -- check of it',
      await operator.bundle(foreign),
      'it is not the one that is written down',
    );
    undo();
    await system.empty();
    checks.same('what the page says, once it is whole again', await system.follow(page), 'done');
    checks.same('npm run bundle -- open', await operator.open('production'), 'done');
  });
  return {
    envelope: { figures: { opened: seconds }, units: { opened: 's' }, checks: checks.all, standIns: [habitsStandIn] },
  };
}

function identityIn(page: string): string {
  return /AGE-SECRET-KEY-1[0-9A-Z]+/.exec(page)?.[0] ?? '';
}

function mistaken(identity: string): string {
  const last = identity.at(-1) === 'Q' ? 'P' : 'Q';
  return `${identity.slice(0, -1)}${last}`;
}

/** Cuts a file to half of its bytes. @returns what puts it back */
function cutOff(file: string): () => void {
  const whole = fs.readFileSync(file);
  fs.truncateSync(file, Math.floor(whole.length / 2));
  return () => fs.writeFileSync(file, whole);
}
