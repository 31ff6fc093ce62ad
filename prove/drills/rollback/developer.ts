import type { Cluster } from '../../cluster/handle.ts';
import { tryKubectl } from '../../cluster/kubectl.ts';
import type { ApiAnswer, ArgoApi } from '../../components/argocd/api.ts';
import { argocdNamespace } from '../../components/argocd/applications.ts';
import type { ApplicationObject } from '../../components/argocd/applications.ts';
import { ProvingError } from '../../machine/error.ts';
import { groups } from '../access/table.ts';

/** The switch of automatic synchronisation, which git has not and the root leaves alone. */
export async function forgetSwitch(cluster: Cluster, application: string): Promise<void> {
  const patch = JSON.stringify([{ op: 'remove', path: '/spec/syncPolicy/automated/enabled' }]);
  await tryKubectl(cluster, [
    ...['patch', 'applications.argoproj.io', application, `--namespace=${argocdNamespace}`],
    ...['--type=json', `--patch=${patch}`],
  ]);
}

/** A developer before the web interface, which sends what is sent here. */
export class Developer {
  private readonly api: ArgoApi;
  private readonly token: string;

  constructor(api: ArgoApi) {
    this.api = api;
    this.token = api.token(groups.developer);
  }

  async read(application: string): Promise<ApplicationObject> {
    const { status, body } = await this.api.call(this.token, 'GET', `applications/${application}`);
    if (status !== 200) throw new ProvingError(`a developer reads ${application}: ${status} ${JSON.stringify(body)}`);
    return body as ApplicationObject;
  }

  /** Switches automatic synchronisation: reads the application and writes all of it back. */
  async switchAutoSync(application: string, enabled: boolean): Promise<ApiAnswer> {
    const { metadata, spec } = await this.read(application);
    const automated = { ...spec.syncPolicy?.automated, enabled };
    const changed = { metadata, spec: { ...spec, syncPolicy: { ...spec.syncPolicy, automated } } };
    return this.api.call(this.token, 'PUT', `applications/${application}?validate=false`, changed);
  }

  /** Asks for a comparison with git. */
  refresh(application: string, kind: 'normal' | 'hard'): Promise<ApiAnswer> {
    return this.api.call(this.token, 'GET', `applications/${application}?refresh=${kind}`);
  }

  /** Synchronises to what the application reads. */
  sync(application: string): Promise<ApiAnswer> {
    return this.api.call(this.token, 'POST', `applications/${application}/sync`, { prune: true });
  }

  /** Says that what has to be confirmed may be deleted. */
  async confirmDeletion(application: string): Promise<ApiAnswer> {
    const { metadata, spec } = await this.read(application);
    const annotations = { ...metadata.annotations, 'argocd.argoproj.io/deletion-approved': new Date().toISOString() };
    const changed = { metadata: { ...metadata, annotations }, spec };
    return this.api.call(this.token, 'PUT', `applications/${application}?validate=false`, changed);
  }

  /** Rolls back to an entry of the application's history. */
  rollBack(application: string, id: number): Promise<ApiAnswer> {
    return this.api.call(this.token, 'POST', `applications/${application}/rollback`, { id });
  }
}
