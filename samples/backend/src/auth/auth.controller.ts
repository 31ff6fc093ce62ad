import { Body, Controller, Get, HttpCode, HttpException, Post, Req, Res, UnauthorizedException } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import * as v from 'valibot';
import { Valid } from '../platform/valid.js';
import { CurrentIdentity, Open, ticketOf } from './guards.js';
import type { Identity } from './identity.js';
import { sessionCookie, Sessions } from './sessions.js';
import { SignIn } from './sign-in.js';
import type { Outcome } from './sign-in.js';
import { Tickets } from './tickets.js';

const login = v.object({
  username: v.pipe(v.string(), v.maxLength(256)),
  password: v.pipe(v.string(), v.maxLength(256)),
});

const cookieOptions = { path: '/', httpOnly: true, secure: true, sameSite: 'lax' } as const;

/** One sentence for a wrong password, for nobody of that name, for a locked and for an expired account. */
const refusal = 'user name or password is wrong, or the account may not sign in';

@Controller('auth')
export class AuthController {
  constructor(
    private readonly signIn: SignIn,
    private readonly sessions: Sessions,
    private readonly tickets: Tickets,
  ) {}

  @Open()
  @Post('login')
  @HttpCode(200)
  async login(
    @Body(new Valid(login)) { username, password }: v.InferOutput<typeof login>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Identity> {
    return this.enter(await this.signIn.byPassword(username, password), reply);
  }

  /** For browsers with a ticket. What comes without one, or with NTLM, is told where the form is. */
  @Open()
  @Get('negotiate')
  async negotiate(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<Identity> {
    reply.header('Cache-Control', 'no-store');
    const token = ticketOf(request);
    if (token !== undefined) return this.enter(await this.signIn.byTicket(token), reply);
    // Asked once: a browser whose ticket was refused would ask its user for a password, and send NTLM.
    if (this.tickets.areAccepted) reply.header('WWW-Authenticate', 'Negotiate');
    throw new UnauthorizedException({ message: 'no ticket', signIn: '/auth/login' });
  }

  @Post('logout')
  @HttpCode(204)
  async logout(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<void> {
    const cookie = request.cookies[sessionCookie];
    if (cookie !== undefined) await this.sessions.end(cookie);
    reply.clearCookie(sessionCookie, cookieOptions);
  }

  @Get('me')
  me(@CurrentIdentity() identity: Identity): Identity {
    return identity;
  }

  private async enter(outcome: Outcome, reply: FastifyReply): Promise<Identity> {
    if (outcome.kind === 'limited') {
      reply.header('Retry-After', String(outcome.seconds));
      throw new HttpException('too many attempts for this account', 429);
    }
    if (outcome.kind === 'refused') throw new UnauthorizedException({ message: refusal, signIn: '/auth/login' });
    if (outcome.answer) reply.header('WWW-Authenticate', `Negotiate ${outcome.answer}`);
    reply.header('Cache-Control', 'no-store');
    reply.setCookie(sessionCookie, await this.sessions.begin(outcome.identity), cookieOptions);
    return outcome.identity;
  }
}
