import fs from 'node:fs';
import path from 'node:path';
import { sealedSecrets } from '../../../apps/controllers.ts';
import { isClusterScoped } from '../../../constructs/core/kube-object.ts';
import type { Manifest } from '../../../constructs/core/manifest.ts';
import type { Platform } from '../../../constructs/core/platform.ts';
import { fetchingHere } from '../../../scripts/import/module-files.ts';
import { renderSource } from '../../../scripts/import/render.ts';
import { sourcesOf } from '../../../synth/upstream/facts.ts';
import type { ControlPlane } from '../../cluster/control-plane.ts';
import { getJson, kubectl } from '../../cluster/kubectl.ts';
import { ProvingError } from '../../machine/error.ts';
import { freePorts } from '../../machine/processes.ts';
import { binary } from '../../tools/cache.ts';

const application = sealedSecrets.name;

interface KeyList {
  readonly items: readonly { readonly data: Readonly<Record<string, string>> }[];
}

/** What the chart renders with the committed values, as Argo CD would render it. */
export function renderedChart(platform: Platform): Manifest[] {
  const read = sourcesOf(platform).find(({ chart }) => chart.application === application);
  if (read === undefined) throw new ProvingError(`the application ${application} has no chart`);
  const namespace = read.chart.destination.name;
  const renderers = { helm: binary('helm'), kubectl: binary('kubectl'), fetching: fetchingHere() };
  return renderSource(read, renderers).map((manifest) =>
    isClusterScoped(manifest.kind) ? manifest : { ...manifest, metadata: { namespace, ...manifest.metadata } },
  );
}

/**
 * The real controller as a process: with the account, the rights and the certificate that its pod would find below
 * /run/secrets, in a mount namespace of its own.
 */
export class SealedSecretsController {
  private readonly plane: ControlPlane;
  private readonly namespace: string;

  constructor(plane: ControlPlane, namespace: string) {
    this.plane = plane;
    this.namespace = namespace;
  }

  /**
   * Starts it.
   * @param newKeyAfter makes a new sealing key if the newest is older
   * @returns a file with the certificate that it hands out
   */
  async start(newKeyAfter?: Date): Promise<string> {
    const { plane, namespace } = this;
    const account = path.join(plane.folder, 'account');
    fs.mkdirSync(account, { recursive: true, mode: 0o700 });
    const token = await kubectl(plane, ['create', 'token', 'sealed-secrets-controller', '--namespace', namespace]);
    fs.writeFileSync(path.join(account, 'token'), token.trim(), { mode: 0o600 });
    fs.copyFileSync(plane.authority, path.join(account, 'ca.crt'));
    fs.writeFileSync(path.join(account, 'namespace'), namespace);

    const [port = 0, metricsPort = 0] = await freePorts(2);
    const flags = [
      '--key-prefix=sealed-secrets-key',
      '--update-status',
      `--listen-addr=127.0.0.1:${port}`,
      `--listen-metrics-addr=127.0.0.1:${metricsPort}`,
      ...(newKeyAfter ? [`--key-cutoff-time=${newKeyAfter.toUTCString().replace('GMT', '+0000')}`] : []),
    ];
    const mounts = [
      'mount -t tmpfs none /run',
      'mkdir -p /run/secrets/kubernetes.io/serviceaccount',
      `mount --bind '${account}' /run/secrets/kubernetes.io/serviceaccount`,
      'exec "$@"',
    ].join(' && ');
    const program = ['sh', '-c', mounts, 'sh', binary('sealed-secrets-controller'), ...flags];
    plane.processes.start('sealed-secrets-controller', 'unshare', ['--mount', '--propagation', 'private', ...program], {
      KUBERNETES_SERVICE_HOST: '127.0.0.1',
      KUBERNETES_SERVICE_PORT: String(plane.port),
      POD_NAMESPACE: namespace,
    });
    const certificate = await plane.processes.waitFor('certificate of sealed-secrets', 60, () => fetchText(port));
    const file = path.join(plane.folder, `certificate-${port}.pem`);
    fs.writeFileSync(file, certificate);
    return file;
  }

  stop(): Promise<void> {
    return this.plane.processes.stopOne('sealed-secrets-controller');
  }

  /** Writes every sealing key to a file, as a backup would. */
  async backUpKeys(): Promise<string> {
    const label = 'sealedsecrets.bitnami.com/sealed-secrets-key';
    const { items } = await getJson<KeyList>(this.plane, [
      ...['secrets', `--namespace=${this.namespace}`, `--selector=${label}`],
    ]);
    const keys = items.map(({ data }) => Buffer.from(data['tls.key'] ?? '', 'base64').toString());
    const file = path.join(this.plane.folder, 'sealing-keys.pem');
    fs.writeFileSync(file, keys.join('\n'), { mode: 0o600 });
    return file;
  }
}

async function fetchText(port: number): Promise<string | undefined> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/v1/cert.pem`);
    return answer.ok ? await answer.text() : undefined;
  } catch {
    // Not there yet.
    return undefined;
  }
}
