import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { loadEnvironment } from '../../../config/index.ts';
import { ruleSet } from '../../../scripts/waf/rule-set.ts';
import { getJson } from '../../cluster/kubectl.ts';
import { fabricProcesses, inFabric, startInFabric } from '../../cluster/nodes.ts';
import type { WayIn } from '../../components/edge/way-in.ts';
import { edgeImages } from '../../images/recipes/edge.ts';
import { unpackImage } from '../../images/unpack.ts';
import { withCleanUp } from '../../machine/clean-up.ts';
import { ProvingError } from '../../machine/error.ts';
import { waitFor } from '../../machine/wait-for.ts';
import type { Part } from '../../results/index.ts';
import type { PlatformGround } from '../ground.ts';
import { knownDifferences } from './known-differences.ts';

/** What go-ftw prints at its end. */
interface SuiteResult {
  readonly run: number;
  readonly success: readonly string[];
  readonly failed: readonly string[];
}

const ports = { firewall: '127.0.0.1:8100', application: '127.0.0.1:8101' } as const;

/** Runs the tests that the rule set brings, with the files of the firewall's image and its committed configuration. */
export async function suite(platform: PlatformGround, way: WayIn): Promise<Part> {
  const { cluster, environment, report } = platform;
  const { repository } = loadEnvironment(environment).image('waf');
  const image = edgeImages(environment).find(({ reference }) => reference.startsWith(`${repository}:`));
  if (image === undefined) throw new ProvingError(`nobody here makes ${repository}`);
  const root = path.join(cluster.folder, 'world', 'waf-suite');
  fs.rmSync(root, { recursive: true, force: true });
  await unpackImage(cluster.images, image, root);
  await layOut(way, root);
  return withCleanUp([() => stop(cluster, root), () => fs.rmSync(root, { recursive: true, force: true })], async () => {
    await start(cluster, root);
    const log = path.join(root, 'suite', 'error.log');
    const command = [cluster.program('crs-suite'), ruleSet().tests, log, ports.firewall];
    const { run, success, failed } = JSON.parse(await inFabric(cluster, command, { timeout: 900 })) as SuiteResult;
    const unexplained = failed.filter((name) => knownDifferences[name] === undefined);
    const better = Object.keys(knownDifferences).filter((name) => !failed.includes(name));
    report(
      `the rule set's own tests: ${success.length} of ${run} passed; unexplained: ${unexplained.join(' ') || 'none'}`,
    );
    return {
      figures: {
        passed: success.length,
        'failed in the suite': unexplained.length,
        explained: failed.length - unexplained.length,
      },
      checks: [
        {
          what: "the rule set's tests that fail without an explanation",
          expected: 'none',
          got: unexplained.join(' ') || 'none',
        },
        { what: 'differences that are explained, and are none', expected: 'none', got: better.join(' ') || 'none' },
      ],
    };
  });
}

/** Adds the configuration: the committed one, and what makes a route of it that the tests expect. */
async function layOut({ cluster, namespace }: WayIn, root: string): Promise<void> {
  const { items } = await getJson<{ readonly items: readonly { readonly data?: Readonly<Record<string, string>> }[] }>(
    cluster,
    [...['configmaps', `--namespace=${namespace}`]],
  );
  const rules = items.map(({ data }) => data?.['modsecurity.conf']).find((text) => text !== undefined);
  if (rules === undefined) throw new ProvingError('the firewall has no modsecurity.conf');
  for (const folder of ['etc/waf', 'suite']) fs.mkdirSync(path.join(root, folder), { recursive: true });
  fs.writeFileSync(path.join(root, 'etc/waf/modsecurity.conf'), rules);
  for (const file of ['suite.conf', 'suite-nginx.conf'])
    fs.copyFileSync(path.join(import.meta.dirname, 'files', file), path.join(root, 'suite', file));
}

async function start(cluster: WayIn['cluster'], root: string): Promise<void> {
  const [host = '', port = ''] = ports.application.split(':');
  const log = path.join(cluster.folder, 'logs', 'waf-suite.log');
  startInFabric(cluster, [cluster.program('albedo'), '--bind', host, '--port', port], `${log}.application`);
  startInFabric(cluster, ['chroot', root, 'nginx', '-c', '/suite/suite-nginx.conf'], log);
  for (const [name, address] of Object.entries(ports)) {
    await waitFor(`the ${name} of the suite`, { atMost: 30, see: log }, async () => {
      const probe = [cluster.program('probe'), 'tcp', address, '1s'];
      return (await inFabric(cluster, probe).catch(() => '')).trim() === 'open';
    });
  }
}

async function stop(cluster: WayIn['cluster'], root: string): Promise<void> {
  const file = path.join(root, 'suite', 'nginx.pid');
  const application = cluster.program('albedo');
  const running = () =>
    fabricProcesses(cluster).filter(
      ({ pid, command }) =>
        command.includes(application) || (fs.existsSync(file) && fs.readFileSync(file, 'utf8').trim() === String(pid)),
    );
  for (const { pid } of running()) process.kill(pid, 'SIGTERM');
  await waitFor('the end of the suite', { atMost: 20 }, () => running().length === 0);
}
