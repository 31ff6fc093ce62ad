import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { committedObjects, inOrder } from '../../../prove/delivery/committed.ts';
import { podOf, spoiledObjects } from '../../../prove/drills/admission/spoiled.ts';
import { freePorts, Processes } from '../../../prove/machine/processes.ts';
import { failedChecks, recordResult } from '../../../prove/results/index.ts';
import type { Measured } from '../../../prove/results/index.ts';
import { restrictedViolations } from '../../../synth/pod-security.ts';
import { podTemplateOf } from '../../../synth/pods.ts';
import { root } from '../../support/committed.ts';

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-prove-'));
});
afterEach(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

describe('a result', () => {
  const measured: Measured = {
    promise: 'pss',
    drill: 'nothing',
    rounds: [
      { figures: { tried: 1 }, units: { tried: 'times' }, checks: [{ what: 'a', expected: 'yes', got: 'yes' }] },
    ],
    versions: { kubernetes: 'v1.36.4' },
    standIns: [],
  };
  const written = () => JSON.parse(fs.readFileSync(path.join(folder, 'prove/results/pss.json'), 'utf8')) as unknown;

  test('is written with its day in UTC and whether it passed', () => {
    expect(recordResult(folder, measured, new Date('2026-11-23T23:59:59-05:00'))).toBe('prove/results/pss.json');
    expect(measured.rounds.flatMap(failedChecks)).toEqual([]);
    expect(written()).toMatchObject({ date: '2026-11-24', passed: true });
  });

  test('of a failed drill is written too, and names what failed', () => {
    const failed = { what: 'b', expected: 'yes', got: 'no' };
    const bad = { ...measured, rounds: [{ figures: {}, units: {}, checks: [failed] }] };
    recordResult(folder, bad);
    expect(bad.rounds.flatMap(failedChecks)).toEqual([failed]);
    expect(written()).toMatchObject({ passed: false });
  });

  test('has the units of all its rounds, counts the checks that held and lists the others', () => {
    const [round] = measured.rounds;
    const failed = { what: 'b', expected: 'yes', got: 'no' };
    recordResult(folder, {
      ...measured,
      rounds: [round!, { figures: {}, units: { more: 's' }, checks: [...round!.checks, failed] }],
    });
    expect(written()).toMatchObject({
      units: { tried: 'times', more: 's' },
      rounds: [{ checks: { held: 1, failed: [] } }, { checks: { held: 1, failed: [failed] } }],
    });
  });

  test('keeps the table of answers of its last round', () => {
    const table = (answer: string) => ({ columns: ['pod', 'answer'], rows: [['privileged', answer]] });
    const rounds = ['admitted', 'refused'].map((answer) => ({ ...measured.rounds[0]!, table: table(answer) }));
    recordResult(folder, { ...measured, rounds });
    expect(written()).toMatchObject({ table: table('refused') });
  });

  test('without a version of what was run is none', () => {
    expect(() => recordResult(folder, { ...measured, versions: {} })).toThrow('the version of at least one program');
  });
});

describe('spoiled objects', () => {
  const [deployment] = committedObjects(root, 'dist/production').filter(({ kind }) => kind === 'Deployment');
  const pod = podOf(deployment!);
  const spoiled = spoiledObjects(pod, deployment!);

  test('are at least 8, each another one than the committed object', () => {
    expect(spoiled.length).toBeGreaterThanOrEqual(8);
    const texts = spoiled.map(({ manifest }) => JSON.stringify(manifest));
    expect(new Set([JSON.stringify(pod), JSON.stringify(deployment), ...texts]).size).toBe(spoiled.length + 2);
  });

  test('leave the committed object as it is', () => {
    expect(restrictedViolations(podTemplateOf(deployment!)!.spec!)).toEqual([]);
  });
});

test('namespaces are applied first, and what is in one last', () => {
  const object = (kind: string) => ({ apiVersion: 'v1', kind, metadata: { name: 'x' } });
  expect(inOrder(['Service', 'PriorityClass', 'Namespace'].map(object)).map(({ kind }) => kind)).toEqual([
    'Namespace',
    'PriorityClass',
    'Service',
  ]);
});

(process.platform === 'linux' ? describe : describe.skip)('programs of a drill', () => {
  test('end with it', async () => {
    const processes = new Processes(folder);
    processes.start('sleeper', 'sh', ['-c', 'echo $$; exec sleep 60']);
    const log = path.join(folder, 'sleeper.log');
    const pid = await processes.waitFor('the pid', 5, () => Number(fs.readFileSync(log, 'utf8')) || undefined);
    await processes.stop();
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });

  test('that end too early are named with their log', async () => {
    const processes = new Processes(folder);
    processes.start('short', 'sh', ['-c', 'exit 3']);
    await expect(processes.waitFor('more', 5, () => undefined)).rejects.toThrow(
      /^short ended while waiting for more; its log: /,
    );
  });

  test('are not waited for without end', async () => {
    await expect(new Processes(folder).waitFor('nothing', 0.2, () => false)).rejects.toThrow(
      'waited 0.2 s for nothing, in vain',
    );
  });

  test('get ports of their own', async () => {
    const [port = 0, other] = await freePorts(2);
    expect(port).not.toBe(other);
    const server = net.createServer().listen(port, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    await new Promise((resolve) => server.close(resolve));
  });
});
