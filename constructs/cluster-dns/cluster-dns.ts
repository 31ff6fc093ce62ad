import { Construct } from 'constructs';
import { Alert } from '../core/alert.ts';
import { ConfigFiles } from '../core/config-files.ts';
import { anyone, clusterDns, publicEndpoint } from '../core/endpoint.ts';
import { InputError } from '../core/error.ts';
import { ForeignWorkload } from '../core/foreign-workload.ts';
import { asksOutside } from '../core/outside-names.ts';
import type { Completes } from '../core/phase.ts';
import type { PodOwner } from '../core/pod-owner.ts';
import type { Workload } from '../core/workload.ts';
import { checkClusterDns } from './checks.ts';
import { corefiles, mayAskOutside } from './corefile.ts';
import { dnsAlerts } from './monitoring.ts';
import type { ClusterDnsProps } from './props.ts';
import { server } from './server.ts';

/**
 * Who tells names in the cluster: CoreDNS, one on every node, which answers the pods of its node whatever other node is lost.
 * It tells whom it may names of the world, and asks a directory for those of its realm.
 */
export class ClusterDns extends Construct implements Completes {
  /** Its pods, where they are ours. */
  readonly workload: Workload | undefined;
  private readonly props: ClusterDnsProps;

  /** @throws InputError with everything that is wrong */
  constructor(scope: Construct, id: string, props: ClusterDnsProps) {
    super(scope, id);
    checkClusterDns(props);
    this.props = props;
    const { whose = 'ours', zones = [] } = props;
    if (whose === 'ours') {
      this.workload = server(this, props);
      const { name, namespace } = this.workload;
      const settings = { name, namespace, zones: zones.map(({ zone }) => zone) };
      for (const alert of dnsAlerts(settings)) new Alert(this, alert.name, alert);
    }
    this.wire(this.workload ?? this.foreign());
  }

  /** A pod that the world's names are for has to be one that CoreDNS can tell. @throws InputError naming those it can't */
  complete(owners: readonly PodOwner[]): void {
    const { fetcher, outsideNames } = this.props;
    if (outsideNames === 'all') return;
    const foreign = owners.filter((owner) => owner instanceof ForeignWorkload);
    const wrong = foreign.filter((owner) => asksOutside(owner.wires) !== mayAskOutside(owner, fetcher));
    if (wrong.length === 0) return;
    throw new InputError(
      wrong.map((owner) => ({
        where: `workload ${owner.namespace}/${owner.name}`,
        what: asksOutside(owner.wires)
          ? 'it has a wire to a name outside, and its pods no label by which CoreDNS could tell'
          : 'its pods have the label of those that may ask for names outside, and no wire leads there',
        allowed: 'the label diptych/names: outside on pods with such a wire, and on no others',
        remedy: `change the labels that ${owner.madeBy} gives the pods, and podLabels with them`,
      })),
    );
  }

  /** The one that K3s brings reads what we add to its Corefile, which K3s never writes. */
  private foreign(): ForeignWorkload {
    const data = corefiles(this.props);
    if (Object.keys(data).length > 0) {
      // CoreDNS looks itself whether they changed; no pod of ours mounts them.
      new ConfigFiles(this, 'coredns-custom', { name: 'coredns-custom', data, reloaded: true });
    }
    const { name, selector: podLabels } = clusterDns;
    const ports = [
      { name: 'dns', port: 53, protocol: 'UDP' as const },
      { name: 'dns-tcp', port: 53 },
      { name: 'metrics', port: 9153 },
    ];
    const pods = new ForeignWorkload(this, 'server', { name, madeBy: 'K3s', podLabels, ports });
    pods.needs(this.props.kubernetesApi, 'watches what it gives names to');
    return pods;
  }

  private wire(pods: PodOwner): void {
    for (const protocol of ['UDP', 'TCP'] as const) {
      // Not by the pods that may ask: a new one would be refused until the nodes know its address.
      pods.admits(anyone, 53, 'answers whoever is let out to ask', protocol);
      // K3s' enforcer lets the pods of a policy ask each other what anyone may ask them, whatever their egress.
      pods.admits(pods, 53, 'cannot be kept from itself', protocol);
      pods.needs(publicEndpoint("the nodes' name servers", '185.12.64.1', 53, protocol), 'passes names outside on');
    }
    for (const { zone, endpoint } of this.props.zones ?? []) pods.observes(endpoint, `asks for names of ${zone}`);
  }
}
