import cookie from '@fastify/cookie';
import { BadRequestException, HttpException, Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { APP_GUARD, NestFactory, Reflector } from '@nestjs/core';
import { GraphQLModule } from '@nestjs/graphql';
import { MercuriusDriver } from '@nestjs/mercurius';
import type { MercuriusDriverConfig } from '@nestjs/mercurius';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ExecutionResult } from 'graphql';
import { Redis } from 'ioredis';
import { Attempts } from './auth/attempts.js';
import { AuthController } from './auth/auth.controller.js';
import { IdentityGuard, OriginGuard } from './auth/guards.js';
import { Sessions } from './auth/sessions.js';
import { SignIn } from './auth/sign-in.js';
import { Tickets } from './auth/tickets.js';
import { CacheAside } from './cache/cache-aside.js';
import { Directory } from './directory/directory.js';
import { HealthController } from './health/health.controller.js';
import { Readiness } from './health/readiness.js';
import { NestLog } from './platform/log.js';
import type { Logger } from './platform/log.js';
import { Metrics } from './platform/metrics.js';
import { followRequests } from './platform/requests.js';
import { ProductStore } from './products/product-store.js';
import { Products } from './products/products.js';
import { ProductsController } from './products/products.controller.js';
import { ProductsResolver } from './products/products.resolver.js';
import type { Settings } from './settings.js';

/** What the application works with; tests bring others. */
export interface Parts {
  readonly settings: Settings;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly redis: Redis;
  readonly products: ProductStore;
  readonly directory: Directory;
  readonly tickets: Tickets;
}

@Module({})
class ApplicationModule {}

/** Everything that is made here, and by whom: who wants to know what a class gets, looks here. */
function moduleOf({ settings, log, metrics, redis, products, directory, tickets }: Parts): DynamicModule {
  const sessions = new Sessions(redis, settings.SESSION_KEY_FILE);
  const attempts = new Attempts(redis, settings.SIGN_IN_ATTEMPTS, settings.SIGN_IN_WINDOW_SECONDS);
  const { KERBEROS_REALM: realm, ROLE_GROUPS: roleGroups } = settings;
  const signIn = new SignIn(directory, attempts, tickets, log, metrics, realm, roleGroups);
  const cache = new CacheAside(redis, log, metrics, settings.CACHE_SECONDS);
  const readiness = new Readiness(
    [
      { name: 'database', isNeeded: true, fresh: 1000, ping: () => products.ping() },
      // Sessions are in it: without it nobody is known.
      { name: 'cache', isNeeded: true, fresh: 1000, ping: async () => void (await redis.ping()) },
      // Who signed in works on while it is away, and taking all pods out would end that too.
      { name: 'directory', isNeeded: false, fresh: 15_000, ping: () => directory.ping() },
    ],
    log,
  );
  const value = (provide: unknown, useValue: unknown) => ({ provide, useValue }) as const;
  return {
    module: ApplicationModule,
    imports: [
      GraphQLModule.forRoot<MercuriusDriverConfig>({
        driver: MercuriusDriver,
        autoSchemaFile: true,
        graphiql: false,
        // Nothing of this schema is deeper; what is asks for work, not for answers.
        queryDepth: 4,
        hooks: { preParsing: refuseLongQuestions },
        context: (request: FastifyRequest, reply: FastifyReply) => ({ request, reply }),
        errorFormatter: (execution) => formatted(execution, log),
      }),
    ],
    controllers: [AuthController, HealthController, ProductsController],
    providers: [
      ProductsResolver,
      Products,
      value(ProductStore, products),
      value(CacheAside, cache),
      value(Sessions, sessions),
      value(SignIn, signIn),
      value(Tickets, tickets),
      value(Readiness, readiness),
      value(APP_GUARD, new OriginGuard(new URL(settings.PUBLIC_URL).origin)),
      {
        provide: APP_GUARD,
        useFactory: (reflector: Reflector) => new IdentityGuard(reflector, sessions, signIn, tickets),
        inject: [Reflector],
      },
    ],
  } as DynamicModule;
}

/**
 * Nothing of this schema is longer. A question that is, even of who isn't known, would keep this process from all others: each of
 * its fields is compared with all of its name (graphql-js 4662), and resolved by itself. No count of tokens: mercurius takes trees too.
 */
async function refuseLongQuestions(_schema: unknown, question: string): Promise<void> {
  if (question.length > 4000) throw new BadRequestException('a question of more than 4,000 characters');
}

/** Messages that were meant for whoever asks; of all others the log knows more. */
function formatted({ data, errors = [] }: ExecutionResult, log: Logger) {
  const told = errors.map((error) => {
    const { originalError: original, message, path, locations } = error;
    const code = original === undefined ? 400 : statusOf(original);
    const isMeant = code !== 500;
    if (!isMeant) log.error({ event: 'graphql', reason: message }, 'failed');
    return { message: isMeant ? message : 'internal error', locations, path, extensions: { code } };
  });
  return { statusCode: 200, response: { data: data ?? null, errors: told } };
}

/** Of what Nest refuses, and of what GraphQL does: that has a status of its own, or is called by what is wrong with the question. */
function statusOf(error: Error & { readonly code?: string; readonly statusCode?: number }): number {
  if (error instanceof HttpException) return error.getStatus();
  const { code = '', statusCode = 500 } = error;
  return statusCode < 500 ? statusCode : code.startsWith('MER_ERR_GQL') ? 400 : 500;
}

/** The server, which doesn't listen yet. */
export async function createApplication(parts: Parts): Promise<NestFastifyApplication> {
  const { settings, log, metrics } = parts;
  const adapter = new FastifyAdapter({
    keepAliveTimeout: settings.KEEP_ALIVE_TIMEOUT_MS,
    bodyLimit: 128 * 1024,
    // A ticket of who is in many groups has up to 48,000 bytes, in base64; Node.js would answer 431, and offer no form.
    http: { maxHeaderSize: 80 * 1024 },
    // A request on an open connection is answered while the server ends, and the connection closed then (below).
    return503OnClosing: false,
    forceCloseConnections: 'idle',
  });
  const application = await NestFactory.create<NestFastifyApplication>(moduleOf(parts), adapter, {
    logger: new NestLog(log),
    bodyParser: true,
    abortOnError: false,
  });
  await application.register(cookie);
  followRequests(adapter.getInstance(), log, metrics);
  const readiness = application.get(Readiness);
  adapter.getInstance().addHook('onSend', (_request, reply, payload, done) => {
    // A connection that is kept open would hold up the end until the proxy lets go of it.
    if (readiness.isLeaving) reply.header('Connection', 'close');
    done(null, payload);
  });
  await application.init();
  await adapter.getInstance().ready();
  return application;
}
