import type { Size } from 'cdk8s';
import type { Construct } from 'constructs';
import type { Cpu } from '../../core/cpu.ts';
import type { HttpEndpoint } from '../../core/endpoint.ts';
import type { Image } from '../../core/environment.ts';
import type { Workload } from '../../core/workload.ts';
import type { ClientLimits } from '../props.ts';
import type { EdgeRoute } from '../routes.ts';
import { Firewall } from './firewall.ts';

export interface WafSettings {
  /** What its objects are called, such as `waf`. */
  readonly name: string;
  /** nginx with ModSecurity and the OWASP Core Rule Set. */
  readonly image: Image;
  /** Network of the pods: whose word for the client's address is taken. Nobody but Traefik is let in. */
  readonly pods: string;
  readonly replicas: number;
  readonly cpuRequest: Cpu;
  readonly memory: Size;
  /** Where the two numbers come from. */
  readonly because: string;
  /** From 1, which asks least, to 4. */
  readonly paranoiaLevel: number;
  /** Seconds that Traefik keeps an idle connection: nginx keeps it longer. */
  readonly idleSeconds: number;
  /** Of clients, by name: those that Traefik can't keep are kept here. */
  readonly limits: Readonly<Record<string, ClientLimits>>;
  /** All routes. Asked when every application was built, so for `data` of its files, which may be a function. */
  readonly routes: () => readonly EdgeRoute[];
}

export interface Waf {
  readonly workload: Workload;
  /** What Traefik leads every request to, with the host that it was asked for. */
  readonly endpoint: HttpEndpoint;
}

/** The firewall that stands between Traefik and the applications. */
export function waf(construct: Construct, settings: WafSettings): Waf {
  return new Firewall(construct, 'waf', settings);
}
