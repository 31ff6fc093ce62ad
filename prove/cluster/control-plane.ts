import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { dump } from 'js-yaml';
import { freePorts, Processes } from '../machine/processes.ts';
import { binary } from '../tools/cache.ts';
import type { ProgramName } from '../tools/programs.ts';
import { tryKubectl } from './kubectl.ts';
import type { LoopbackApi } from './kubectl.ts';
import {
  admissionConfiguration,
  apiServerFlags,
  auditPolicy,
  controllerManagerFlags,
  schedulerFlags,
} from '../../synth/install/kubernetes.ts';
import type { Flags } from '../../synth/install/kubernetes.ts';

/** Programs that a control plane runs. */
export const controlPlanePrograms: readonly ProgramName[] = [
  ...(['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubectl'] as const),
];

export interface ControlPlaneOptions {
  /**
   * Whether the controllers and the scheduler run beside the API.
   * @default true
   */
  readonly controllers?: boolean;
  /**
   * Seconds that the API may take to be ready.
   * @default 60
   */
  readonly readyWithin?: number;
}

/** A real Kubernetes API with its controllers and scheduler on the loopback interface, and no nodes. */
export class ControlPlane implements LoopbackApi {
  readonly processes: Processes;
  /** Where state and credentials are; gone after `stop`, but for the logs. */
  readonly folder: string;
  /** Port of the API on the loopback interface. */
  port = 0;
  /** What programs that call the API are given. */
  readonly kubeconfig: string;
  private readonly interrupted = (): void => this.removeState();

  private constructor(folder: string) {
    this.folder = folder;
    this.kubeconfig = path.join(folder, 'kubeconfig');
    this.processes = new Processes(path.join(folder, 'logs'));
    // After the listener by which the processes are killed.
    process.once('exit', this.interrupted);
  }

  /** @throws ProvingError when a program doesn't come up */
  static async start(
    folder: string,
    { controllers = true, readyWithin = 60 }: ControlPlaneOptions = {},
  ): Promise<ControlPlane> {
    fs.rmSync(folder, { recursive: true, force: true });
    const plane = new ControlPlane(folder);
    try {
      await plane.up(readyWithin);
      if (controllers) await plane.startControllers();
      return plane;
    } catch (error) {
      await plane.stop();
      throw error;
    }
  }

  /** The certificate by which clients know the API. */
  get authority(): string {
    return path.join(this.folder, 'certificates', 'apiserver.crt');
  }

  waitFor<T>(
    what: string,
    seconds: number,
    ask: () => Promise<T | undefined | false> | T | undefined | false,
  ): Promise<T> {
    return this.processes.waitFor(what, seconds, ask);
  }

  async stop(): Promise<void> {
    await this.processes.stop();
    process.removeListener('exit', this.interrupted);
    this.removeState();
  }

  private removeState(): void {
    for (const name of fs.readdirSync(this.folder)) {
      if (name !== 'logs') fs.rmSync(path.join(this.folder, name), { recursive: true, force: true, maxRetries: 3 });
    }
  }

  private async startControllers(): Promise<void> {
    this.processes.start('kube-controller-manager', binary('kube-controller-manager'), [
      `--kubeconfig=${this.kubeconfig}`,
      `--service-account-private-key-file=${this.accountKey}`,
      ...flags(controllerManagerFlags),
      '--leader-elect=false',
      '--secure-port=0',
    ]);
    this.processes.start('kube-scheduler', binary('kube-scheduler'), [
      `--kubeconfig=${this.kubeconfig}`,
      ...flags(schedulerFlags),
      '--leader-elect=false',
      '--secure-port=0',
    ]);
    await this.processes.waitFor(
      'service account of the namespace default',
      60,
      async () => (await tryKubectl(this, ['get', 'serviceaccount', 'default'])).status === 0,
    );
  }

  private get accountKey(): string {
    return path.join(this.folder, 'service-account.key');
  }

  private async up(readyWithin: number): Promise<void> {
    const [etcdPort = 0, peerPort = 0, apiPort = 0] = await freePorts(3);
    this.port = apiPort;
    const token = crypto.randomBytes(32).toString('hex');
    const file = (name: string): string => path.join(this.folder, name);
    const write = (name: string, text: string): string => {
      fs.writeFileSync(file(name), text, { mode: 0o600 });
      return file(name);
    };
    const keys = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const pem = { type: 'sec1', format: 'pem' } as const;
    const { accountKey } = this;
    write('service-account.key', keys.privateKey.export(pem).toString());

    this.processes.start('etcd', binary('etcd'), [
      `--data-dir=${file('etcd')}`,
      `--listen-client-urls=http://127.0.0.1:${etcdPort}`,
      `--advertise-client-urls=http://127.0.0.1:${etcdPort}`,
      `--listen-peer-urls=http://127.0.0.1:${peerPort}`,
      `--initial-advertise-peer-urls=http://127.0.0.1:${peerPort}`,
      `--initial-cluster=default=http://127.0.0.1:${peerPort}`,
      '--unsafe-no-fsync',
    ]);
    this.processes.start('kube-apiserver', binary('kube-apiserver'), [
      `--etcd-servers=http://127.0.0.1:${etcdPort}`,
      '--bind-address=127.0.0.1',
      '--advertise-address=127.0.0.1',
      '--endpoint-reconciler-type=none',
      `--secure-port=${apiPort}`,
      `--cert-dir=${file('certificates')}`,
      `--token-auth-file=${write('tokens.csv', `${token},prover,prover,system:masters\n`)}`,
      '--authorization-mode=Node,RBAC',
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${accountKey}`,
      `--service-account-signing-key-file=${accountKey}`,
      '--service-cluster-ip-range=10.43.0.0/16',
      ...flags(apiServerFlags),
      `--admission-control-config-file=${write('admission.yaml', dump(admissionConfiguration))}`,
      `--audit-policy-file=${write('audit.yaml', dump(auditPolicy))}`,
      `--audit-log-path=${file('logs/audit.log')}`,
    ]);
    // The server makes its certificate at its first start; whoever else answers on the port doesn't have it.
    const { authority } = this;
    await this.processes.waitFor('certificate of kube-apiserver', 30, () => fs.existsSync(authority));
    const cluster = { server: `https://127.0.0.1:${apiPort}`, 'certificate-authority': authority };
    write(
      'kubeconfig',
      dump({
        apiVersion: 'v1',
        kind: 'Config',
        clusters: [{ name: 'proving', cluster }],
        users: [{ name: 'prover', user: { token } }],
        contexts: [{ name: 'proving', context: { cluster: 'proving', user: 'prover' } }],
        'current-context': 'proving',
      }),
    );
    await this.processes.waitFor('readiness of kube-apiserver', readyWithin, async () => {
      return (await tryKubectl(this, ['get', '--raw', '/readyz'])).status === 0;
    });
  }
}

function flags(values: Flags): string[] {
  return Object.entries(values).map(([name, value]) => `--${name}=${value}`);
}
