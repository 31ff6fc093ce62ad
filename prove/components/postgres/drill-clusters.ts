import type { ApplicationChart } from '../../../constructs/core/application-chart.ts';
import type { TrustedAuthority } from '../../../constructs/core/endpoint.ts';
import type { Environment } from '../../../constructs/core/environment.ts';
import type { PatroniCluster } from '../../../constructs/patroni-cluster/index.ts';
import { getJson } from '../../cluster/kubectl.ts';
import { ProvingError } from '../../machine/error.ts';
import { loseObjects } from '../../stand-ins/object-storage/index.ts';
import { DrillApplication } from '../drill-application.ts';
import type { SecretData } from '../drill-application.ts';
import { Members } from './members.ts';

/** Clusters of an application that only a drill has, beside those of the platform and in their namespace. */
export class DrillClusters {
  private readonly own: Members;
  private readonly name: string;
  private readonly application: DrillApplication;

  /**
   * @param own of the platform, whose bucket they use
   * @param name of the clusters, whose generations they are
   */
  constructor(own: Members, name: string) {
    this.own = own;
    this.name = name;
    this.application = new DrillApplication(own, name, (secretName) => this.storageKeys(secretName));
  }

  get authority(): TrustedAuthority {
    return this.application.authority;
  }

  /** Brings them to what constructs say; objects that are not said any more stay. @returns the one that is built */
  async apply(build: (scope: ApplicationChart, environment: Environment) => PatroniCluster): Promise<Members> {
    return new Members(this.own.cluster, await this.application.apply(build));
  }

  /** The platform's own keys of object storage: a drill has no person to ask for others. */
  private async storageKeys(secretName: string): Promise<SecretData> {
    const { archive } = this.own.patroni;
    if (archive === false) throw new ProvingError("the platform's cluster has no archive");
    const { accessKeyId } = secretName.endsWith('-reader') ? archive.bucket.reader() : archive.bucket;
    const { data } = await getJson<{ readonly data: SecretData }>(this.own.cluster, [
      ...['secret', accessKeyId.secret.name, `--namespace=${this.own.namespace}`],
    ]);
    return data;
  }

  /** Another value of a secret, as a rotation brings it. */
  rotate(name: string, key: string): Promise<void> {
    return this.application.rotate(name, key);
  }

  /** Removes them with all that they made, backups too. */
  async remove(): Promise<void> {
    await this.application.remove();
    loseObjects(this.own.cluster, this.own.archive.store, `${this.name}/`);
  }
}
