import {
  createParamDecorator,
  ForbiddenException,
  Injectable,
  SetMetadata,
  UnauthorizedException,
} from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { GqlExecutionContext } from '@nestjs/graphql';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Identity } from './identity.js';
import { sessionCookie, Sessions } from './sessions.js';
import { SignIn } from './sign-in.js';
import { Tickets } from './tickets.js';

const roleKey = 'role';
const openKey = 'open';

/** Who has no such role is refused. Without it, everybody who signed in is let in. */
export const Role = (role: string) => SetMetadata(roleKey, role);
/** Nobody is asked who he is. */
export const Open = () => SetMetadata(openKey, true);

/** Of this request, for as long as it lasts: each field of GraphQL's asks, and a ticket is good for once. */
const identities = new WeakMap<FastifyRequest, Promise<Identity | undefined>>();

export const CurrentIdentity = createParamDecorator((_: unknown, context: ExecutionContext) =>
  identities.get(exchangeOf(context).request),
);

interface Exchange {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

function exchangeOf(context: ExecutionContext): Exchange {
  if (context.getType<string>() === 'graphql') return GqlExecutionContext.create(context).getContext<Exchange>();
  const http = context.switchToHttp();
  return { request: http.getRequest<FastifyRequest>(), reply: http.getResponse<FastifyReply>() };
}

@Injectable()
export class IdentityGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly sessions: Sessions,
    private readonly signIn: SignIn,
    private readonly tickets: Tickets,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const places = [context.getHandler(), context.getClass()];
    if (this.reflector.getAllAndOverride<boolean | undefined>(openKey, places)) return true;
    const exchange = exchangeOf(context);
    const asked = identities.get(exchange.request) ?? this.identify(exchange);
    identities.set(exchange.request, asked);
    const identity = await asked;
    if (!identity) {
      if (this.tickets.areAccepted && ticketOf(exchange.request) === undefined) {
        exchange.reply.header('WWW-Authenticate', 'Negotiate');
      }
      throw new UnauthorizedException('sign in first');
    }
    const role = this.reflector.getAllAndOverride<string | undefined>(roleKey, places);
    if (role && !identity.roles.includes(role)) throw new ForbiddenException(`only for ${role}s`);
    return true;
  }

  private async identify({ request, reply }: Exchange): Promise<Identity | undefined> {
    const cookie = request.cookies[sessionCookie];
    const known = cookie === undefined ? undefined : await this.sessions.find(cookie);
    if (known) return known;
    const token = ticketOf(request);
    if (token === undefined) return undefined;
    const outcome = await this.signIn.byTicket(token);
    if (outcome.kind !== 'signed in') return undefined;
    if (outcome.answer) reply.header('WWW-Authenticate', `Negotiate ${outcome.answer}`);
    return outcome.identity;
  }
}

/** What follows `Negotiate` in the header of this request. */
export const ticketOf = ({ headers }: FastifyRequest): string | undefined =>
  /^Negotiate +([A-Za-z0-9+/=]+) *$/i.exec(headers.authorization ?? '')?.[1];

/**
 * A browser sends the cookie along with a form of another site of the company too. What changes something has to come from
 * a page of this host, or from a program, which sends no Origin.
 */
@Injectable()
export class OriginGuard implements CanActivate {
  constructor(private readonly origin: string) {}

  canActivate(context: ExecutionContext): boolean {
    const { method, headers } = exchangeOf(context).request;
    const { origin } = headers;
    if (['GET', 'HEAD', 'OPTIONS'].includes(method) || origin === undefined || origin === this.origin) return true;
    throw new ForbiddenException('asked from a page of another host');
  }
}
