import { spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { ownAlerts } from '../../../constructs/observability-stack/own-alerts.ts';
import { built } from '../../support/built.ts';
import { configurationIn, stackWith } from '../../support/observability.ts';
import { until } from '../../support/until.ts';

const prometheus = built('prometheus');
const lines = (count: number, value: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => `numbers_total{user="${value(index)}"} 1\n`).join('');

/** What each pod tells, by the name of its job. */
const told: Readonly<Record<string, string>> = {
  quiet: lines(100, String),
  'near-the-limit': lines(1300, String),
  'a-label-without-end': lines(1501, String),
  'a-path-as-a-label': lines(1, () => `/${'x'.repeat(500)}`),
};

/** A limit that takes one job away leaves the others, and is told. */
(prometheus === undefined ? describe.skip : describe)('limits of scrapes, to a real Prometheus', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'limits-'));
  const server = http.createServer(({ url = '' }, response) => {
    response.setHeader('content-type', 'text/plain; version=0.0.4');
    response.end(told[url.slice(1)]);
  });
  let child: ReturnType<typeof spawn>;
  let port = 0;
  const query = async (text: string): Promise<Readonly<Record<string, string>>> => {
    const address = `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(text)}`;
    const answer = (await (await fetch(address)).json()) as {
      readonly data: { readonly result: readonly { metric: { job?: string }; value: [number, string] }[] };
    };
    return Object.fromEntries(answer.data.result.map(({ metric, value }) => [metric.job ?? '', value[1]]));
  };

  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const free = http.createServer();
    await new Promise<void>((resolve) => free.listen(0, '127.0.0.1', resolve));
    port = (free.address() as AddressInfo).port;
    await new Promise((resolve) => free.close(resolve));
    const { manifests } = stackWith({}, (target) => [{ endpoint: { name: 'numbers', path: '/', targets: [target] } }]);
    const { global, scrape_configs: jobs } = configurationIn(manifests);
    const job = { ...jobs.find((each) => each.job_name === 'numbers')! };
    delete job.kubernetes_sd_configs;
    delete job.relabel_configs;
    const at = [{ targets: [`127.0.0.1:${(server.address() as AddressInfo).port}`] }];
    const scrapes = Object.keys(told).map((name) => ({
      ...job,
      job_name: name,
      metrics_path: `/${name}`,
      static_configs: at,
    }));
    const file = path.join(folder, 'prometheus.json');
    const settings = {
      global: { ...global, scrape_interval: '10s', evaluation_interval: '10s' },
      scrape_configs: scrapes,
    };
    fs.writeFileSync(file, JSON.stringify(settings));
    const args = [
      `--config.file=${file}`,
      `--storage.tsdb.path=${folder}/data`,
      `--web.listen-address=127.0.0.1:${port}`,
    ];
    child = spawn(prometheus!, args, { stdio: 'ignore' });
    const up = (): Promise<object> => query('up').catch(() => ({}));
    await until(
      async () => Object.keys(await up()).length === Object.keys(told).length,
      () => 'Prometheus has not read all of them',
      500,
    );
  });
  afterAll(async () => {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
    server.close();
    fs.rmSync(folder, { recursive: true });
  });

  test('take away whoever has a label without end, and nobody else', async () => {
    expect(await query('up')).toEqual({
      quiet: '1',
      'near-the-limit': '1',
      'a-label-without-end': '0',
      'a-path-as-a-label': '0',
    });
    expect(await query('count by (job) (numbers_total)')).toEqual({ quiet: '100', 'near-the-limit': '1300' });
  });

  test('are told of before, by who is near, and not by who is far from it', async () => {
    const near = ownAlerts({ heartbeat: false, publicPaths: false, statusPage: false }).find(
      ({ name }) => name === 'ScrapeNearLimit',
    );
    const jobs = Object.keys(await query(near!.expression));
    expect([jobs.includes('near-the-limit'), jobs.includes('quiet')]).toEqual([true, false]);
  });
});
