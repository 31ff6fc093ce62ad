import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { catalogueAnswer } from './lists.ts';
import { actOnLoadBalancer, makeLoadBalancer } from './load-balancers.ts';
import { actOnNetwork, makeNetwork, removeNetwork } from './networks.ts';
import { actOnPrimaryIp, makePrimaryIp, removePrimaryIp } from './primary-ips.ts';
import { actOnServer, makeServer, makeSshKey, removeServer } from './servers.ts';
import {
  actOnFirewall,
  actOnFloatingIp,
  actOnVolume,
  makeFirewall,
  makeFloatingIp,
  makePlacementGroup,
  makeVolume,
  removeFirewall,
  removePlacementGroup,
  removeVolume,
} from './storage.ts';
import { ApiError, World } from './world.ts';
import type { Action, Body, Thing } from './world.ts';
import { answerRecords, makeZone, removeZone } from './zones.ts';

/** What stands in for what. */
export const standIn =
  "a small server of the proving ground for Hetzner's API: its objects, actions and refusals, nothing behind them";

interface Kind {
  readonly one: string;
  readonly make: (world: World, body: Body) => Body;
  readonly act?: (world: World, thing: Thing, command: string, body: Body) => Action | undefined;
  /** What is answered, where that is more than nothing; then it also forgets the thing itself. */
  readonly remove?: (world: World, thing: Thing) => Body | undefined;
}

const kinds: Readonly<Record<string, Kind>> = {
  networks: { one: 'network', make: makeNetwork, act: actOnNetwork, remove: removeNetwork },
  servers: { one: 'server', make: makeServer, act: actOnServer, remove: removeServer },
  volumes: { one: 'volume', make: makeVolume, act: actOnVolume, remove: removeVolume },
  firewalls: { one: 'firewall', make: makeFirewall, act: actOnFirewall, remove: removeFirewall },
  floating_ips: { one: 'floating_ip', make: makeFloatingIp, act: actOnFloatingIp },
  primary_ips: { one: 'primary_ip', make: makePrimaryIp, act: actOnPrimaryIp, remove: removePrimaryIp },
  placement_groups: { one: 'placement_group', make: makePlacementGroup, remove: removePlacementGroup },
  load_balancers: { one: 'load_balancer', make: makeLoadBalancer, act: actOnLoadBalancer },
  ssh_keys: { one: 'ssh_key', make: makeSshKey },
  zones: { one: 'zone', make: makeZone, remove: removeZone },
};

export interface HetznerOptions {
  /** How long an action takes. @default 50 */
  readonly actionMilliseconds?: number;
}

/** A call that came, and what became of it. */
export interface Call {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly code: string | undefined;
}

/**
 * Hetzner's API on the loopback interface, in memory: things are made by actions that take a moment, names and addresses are
 * had once, what is protected or in use stays, and types are sold out or withdrawn as a drill asks.
 */
export class Hetzner {
  readonly token = 'x'.repeat(64);
  readonly readOnlyToken = 'r'.repeat(64);
  readonly world: World;
  readonly calls: Call[] = [];
  /** Requests that are answered that there were too many. */
  limited = 0;
  private readonly server: http.Server;

  private constructor(actionMilliseconds: number) {
    this.world = new World(actionMilliseconds);
    this.server = http.createServer((request, response) => {
      let text = '';
      request.setEncoding('utf8').on('data', (piece: string) => (text += piece));
      request.on('end', () => this.respond(request, text, response));
    });
  }

  static async start({ actionMilliseconds = 50 }: HetznerOptions = {}): Promise<Hetzner> {
    const hetzner = new Hetzner(actionMilliseconds);
    await new Promise<void>((resolve) => hetzner.server.listen(0, '127.0.0.1', resolve));
    return hetzner;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/v1`;
  }

  stop(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => void this.server.close(() => resolve()));
  }

  /** Takes a type out of what is sold, as Hetzner does with old ones. Servers that there are keep it. */
  withdraw(type: string): void {
    const { catalogue } = this.world;
    catalogue.server_types = catalogue.server_types.filter(({ name }) => name !== type);
  }

  /** Says that a type leaves all locations at that moment; until then it can be ordered. */
  announce(type: string, unavailable_after: Date): void {
    const deprecation = { announced: '2026-01-01T00:00:00Z', unavailable_after: unavailable_after.toISOString() };
    for (const each of this.world.catalogue.server_types.filter(({ name }) => name === type)) {
      each.locations = each.locations.map((place) => ({ ...place, deprecation }));
    }
  }

  /** Lets a type be sold out in a location. */
  sellOut(type: string, location: string, isOut = true): void {
    if (isOut) this.world.soldOut.add(`${type} ${location}`);
    else this.world.soldOut.delete(`${type} ${location}`);
    for (const each of this.world.catalogue.server_types.filter(({ name }) => name === type)) {
      each.locations = each.locations.map((place) =>
        place.name === location ? { ...place, available: !isOut } : place,
      );
    }
  }

  private respond(request: http.IncomingMessage, text: string, response: http.ServerResponse): void {
    const { method = 'GET', url = '/' } = request;
    const { status, answer } = this.answer(method, url, text, request.headers.authorization ?? '');
    const error = answer?.error as { readonly code: string } | undefined;
    this.calls.push({ method, path: url, status, code: error?.code });
    const limits = { 'RateLimit-Limit': '3600', 'RateLimit-Remaining': '3000', 'RateLimit-Reset': '1' };
    response.writeHead(status, { 'Content-Type': 'application/json', ...limits });
    response.end(answer === undefined ? undefined : JSON.stringify(answer));
  }

  private answer(method: string, url: string, text: string, authorization: string): { status: number; answer?: Body } {
    try {
      this.world.tick();
      this.checkAllowed(method, authorization);
      const body = text === '' ? {} : (JSON.parse(text) as Body);
      const answer = this.route(method, new URL(url, this.endpoint), body);
      const status = method === 'POST' ? 201 : 200;
      return answer === undefined ? { status: 204 } : { status, answer };
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const { status, code, message, details = {} } = error;
      return { status, answer: { error: { code, message, details } } };
    }
  }

  private checkAllowed(method: string, authorization: string): void {
    const token = authorization.replace('Bearer ', '');
    if (token !== this.token && token !== this.readOnlyToken) {
      throw new ApiError(401, 'unauthorized', 'unable to authenticate');
    }
    if (token === this.readOnlyToken && method !== 'GET') {
      throw new ApiError(403, 'token_readonly', 'the token is only allowed to read');
    }
    if (this.limited > 0) {
      this.limited -= 1;
      throw new ApiError(429, 'rate_limit_exceeded', 'limit of 3600 requests an hour reached');
    }
  }

  private route(method: string, url: URL, body: Body): Body | undefined {
    const [name = '', id, ...rest] = url.pathname.replace('/v1/', '').split('/').map(decodeURIComponent);
    const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
    if (kind === undefined) return catalogueAnswer(this.world, name, id, url.searchParams);
    if (id === undefined) {
      if (method === 'GET') return catalogueAnswer(this.world, name, undefined, url.searchParams);
      return kind.make(this.world, body);
    }
    const thing = this.world.find(name, id);
    if (name === 'zones' && rest[0] === 'rrsets') return answerRecords(this.world, thing, method, rest.slice(1), body);
    if (rest[0] === 'actions') return this.act(kind, name, thing, rest[1] ?? '', body);
    switch (method) {
      case 'PUT':
        Object.assign(thing, Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null)));
        return { [kind.one]: thing };
      case 'DELETE': {
        this.world.checkUnprotected(kind.one, thing);
        const answer = kind.remove?.(this.world, thing);
        if (answer === undefined) this.world.forget(name, thing);
        return answer;
      }
      default:
        return { [kind.one]: thing };
    }
  }

  private act(kind: Kind, name: string, thing: Thing, command: string, body: Body): Body {
    const protect = (): Action =>
      this.world.begin(command, [[kind.one, thing]], () => void (thing.protection.delete = body.delete === true));
    const action =
      kind.act?.(this.world, thing, command, body) ?? (command === 'change_protection' ? protect() : undefined);
    if (action === undefined) throw new ApiError(404, 'not_found', `this stand-in has no action ${command} of ${name}`);
    return name === 'firewalls' ? { actions: [action] } : { action };
  }
}
